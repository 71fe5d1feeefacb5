"""Kinds of earning rule. A new one: a file like its neighbours and a line here."""

from points_service.earning.rules import spend_growth, tier_multiplier

POINTS = (tier_multiplier.parts,)
GROWTH = (spend_growth.growth,)
