"""Schemas that were declared at another gateway."""

from chassis.jobs import BackgroundJob
from gateway_service.schemas.use_cases import Schemas


def schemas_known(schemas: Schemas) -> BackgroundJob:
    """Look again and again."""
    return BackgroundJob("event_schemas", schemas.refresh)
