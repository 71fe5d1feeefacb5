"""Looks at much and buys little of it."""

from profile_service.tags.domain import Facts, Rule, Verdict, has, lacks, sure

LEAST_VIEWS = 20
VIEWS_AN_ORDER = 10


def decide(facts: Facts) -> Verdict:
    views = facts.events.get("Product Viewed", 0)
    if views < LEAST_VIEWS or views < VIEWS_AN_ORDER * facts.spending.orders:
        return lacks()
    return has(confidence=sure(views))


RULE = Rule(
    "window_shopper", "interest", "activities", "Ten products looked at for every order, or more",
    decide,
)  # fmt: skip
