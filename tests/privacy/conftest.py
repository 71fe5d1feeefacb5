"""The public surface and the shop, as in the journeys."""

from tests.journeys.conftest import api, shop

__all__ = ["api", "shop"]
