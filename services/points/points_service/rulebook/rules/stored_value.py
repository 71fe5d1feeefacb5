"""Stored value."""

from contracts.points.stored_value import BonusRule
from points_service.rulebook.domain import Section, Text, within, yuan
from points_service.rulebook.facts import Facts


def section(facts: Facts) -> Section:
    """From the bonus rules in force and the programme's settings."""
    days = facts.programme.stored_value_window.days
    found = [render(each) for each in facts.bonus_rules if each.in_force(facts.now)]
    return Section(
        "stored_value",
        Text("储值账户", "Stored value"),
        [
            *found,
            Text(
                "储值本金与赠金分开记账；消费时先用较早的充值，并按本金与赠金的比例使用。",
                "Principal and bonus are kept apart; the oldest top-up is spent first, of each"
                " principal and bonus in proportion.",
            ),
            Text(
                f"充值后 {days} 天内可退还未消费的本金，对应赠金同时收回。",
                f"Principal that is not spent is paid back within {days} days of its top-up; the"
                " bonus that came with it goes too.",
            ),
        ],
    )


def render(rule: BonusRule) -> Text:
    """A bonus rule in words."""
    paid, bonus = yuan(rule.amount_fen), yuan(rule.bonus_fen)
    return Text(
        f"{rule.names.zh}：单次充值满 {paid} 元赠 {bonus} 元。",
        f"{rule.names.en}: {bonus} yuan on top of a top-up of at least {paid} yuan.",
    ) + within(rule.valid_from, rule.valid_until)
