"""What points are worth and how they are spent."""

from points_service.rulebook.domain import Section, Text
from points_service.rulebook.facts import Facts


def section(facts: Facts) -> Section:
    """From the programme's settings."""
    programme = facts.programme
    worth, multiple = programme.points_per_yuan, programme.redemption_multiple
    share = programme.points_share_percent
    return Section(
        "points",
        Text("积分的价值与使用", "What points are worth"),
        [
            Text(f"{worth} 积分抵 1 元。", f"{worth} points are worth 1 yuan."),
            Text(
                f"使用积分须为 {multiple} 的整数倍。",
                f"Points are spent in multiples of {multiple}.",
            ),
            Text(
                f"结算时积分最多抵扣应付金额的 {share}%。",
                f"At checkout points pay at most {share} % of what is left to pay.",
            ),
            Text(
                "先到期的积分先使用，任何渠道获得的积分可在任何渠道使用。",
                "Points that expire first are spent first; wherever they were earned, they can be"
                " spent anywhere.",
            ),
            Text(
                "退货时按比例收回该订单所得积分，并按比例退回该订单所用积分；退回的积分保留原有效期。",
                "A return takes back what the order earned and gives back the points it was paid"
                " with, both in proportion; points given back keep their own date.",
            ),
        ],
    )
