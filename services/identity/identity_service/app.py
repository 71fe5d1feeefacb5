"""Composition root of identity: who is who."""

from fastapi import FastAPI

from chassis.app import Service, build
from identity_service.birthdays.jobs import birthdays_told
from identity_service.identifiers.jobs import changes_forgotten
from identity_service.identifiers.owners import Owners
from identity_service.identifiers.router import router as identifiers
from identity_service.likeness.jobs import newcomers, nightly_hunt
from identity_service.likeness.router import router as likeness
from identity_service.members.router import router as members
from identity_service.merges.router import router as merges
from identity_service.resolution.subscribers import subscription as activities
from identity_service.rights.subscribers import RIGHTS
from identity_service.settings import Settings
from identity_service.splits.router import router as splits


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service, from the environment unless told otherwise."""
    settings, owners = settings or Settings(), Owners()
    app = build(
        Service(
            name="identity",
            settings=settings,
            routers=[members, identifiers, merges, splits, likeness],
            subscriptions=[activities(owners), RIGHTS.subscription],
            sealed=["member.name", "member.birthday", "member.address", "identifier.value"],
            jobs=[birthdays_told, newcomers, nightly_hunt(settings), changes_forgotten],
        )
    )
    app.state.owners = owners
    return app
