"""How old, in bands of ten years; the year of birth is all that is known here."""

from datetime import date

from profile_service.tags.domain import Facts, Rule, Verdict, has, lacks

BANDS = ((18, "<18"), (25, "18-24"), (35, "25-34"), (45, "35-44"), (55, "45-54"), (65, "55-64"))
OLDEST = "65+"


def decide(facts: Facts) -> Verdict:
    if facts.birth_year is None:
        return lacks()
    age = facts.today.year - facts.birth_year
    for below, band in BANDS:
        if age < below:
            return has(band, confidence=0.95, until=date(facts.birth_year + below, 1, 1))
    return has(OLDEST, confidence=0.95)


RULE = Rule(
    "age_band", "demographic", "registration", "Age reached in this calendar year",
    decide, (*(band for _, band in BANDS), OLDEST),
)  # fmt: skip
