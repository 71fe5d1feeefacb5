"""Whether it is the month of the birthday: birthday greetings and coupons go by it."""

from datetime import date

from profile_service.tags.domain import Facts, Rule, Verdict, has, lacks


def decide(facts: Facts) -> Verdict:
    if facts.birth_month is None:
        return lacks()
    year, month = facts.today.year, facts.today.month
    if month == facts.birth_month:
        return has(until=date(year + month // 12, month % 12 + 1, 1))
    return lacks(until=date(year + (month > facts.birth_month), facts.birth_month, 1))


RULE = Rule("birthday_month", "demographic", "registration", "The birthday is this month", decide)
