"""The top fifth of buyers by money, as measured on the first of the month."""

from profile_service.tags.domain import Facts, Rule, Verdict, has, lacks


def decide(facts: Facts) -> Verdict:
    if facts.high_value_fen is None or not facts.spending.orders:
        return lacks()
    return has() if facts.spending.net_fen >= facts.high_value_fen else lacks()


RULE = Rule("high_value", "spending", "purchases", "Among the top fifth of buyers by money", decide)
