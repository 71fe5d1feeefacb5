"""Keys in the background."""

from chassis.jobs import BackgroundJob
from gateway_service.vault.use_cases import Rotations


def key_rotation(rotations: Rotations) -> BackgroundJob:
    """Goes on with rotations beside everything else."""
    return BackgroundJob("key_rotation", rotations.run)
