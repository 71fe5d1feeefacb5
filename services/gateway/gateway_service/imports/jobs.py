"""Imports go on in the background, over restarts."""

from chassis.jobs import BackgroundJob
from gateway_service.imports.work import Importer


def imports_done(importer: Importer) -> BackgroundJob:
    """One after the other."""
    return BackgroundJob("imports", importer.run)
