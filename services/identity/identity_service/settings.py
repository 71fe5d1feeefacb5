"""Every setting of identity."""

from pydantic import Field

from chassis import settings


class Settings(settings.Settings):
    """`HUIYUAN_*`."""

    service: str = Field("identity", description="name of the service, set by its app")
    likeness_days: int = Field(
        30,
        ge=1,
        description="days after which, at midnight, all members are compared with all for double"
        " ones, and weights learnt anew; sooner if a quarter are new since. Newcomers are compared"
        " at once, and every night with everybody",
    )
    likeness_merge_bits: float = Field(
        20.0,
        ge=7.0,
        description="bits of evidence (20: a million to one) from which two members are merged"
        " without a review, if what is known of both was told by staff, a till or themselves",
    )
