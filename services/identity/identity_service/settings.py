"""Every setting of identity: for now only the shared ones."""

from pydantic import Field

from chassis import settings


class Settings(settings.Settings):
    """`HUIYUAN_*`."""

    service: str = Field("identity", description="name of the service, set by its app")
