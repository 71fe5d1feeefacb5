"""Joint packages."""

from contracts.points.packages import Package
from points_service.rulebook.domain import Section, Text, joined, within, yuan
from points_service.rulebook.facts import Facts


def section(facts: Facts) -> Section:
    """From the packages on sale."""
    found = [render(each) for each in facts.packages if each.in_force(facts.now)]
    return Section("packages", Text("联合套餐", "Joint packages"), found)


def render(package: Package) -> Text:
    """A package in words."""
    price = [
        *([Text(f"{package.points} 积分", f"{package.points} points")] if package.points else []),
        *([Text(f"{yuan(package.fen)} 元", f"{yuan(package.fen)} yuan")] if package.fen else []),
    ]
    parts = joined((Text(e.names.zh, e.names.en) for e in package.components), "、", ", ")
    days = package.voucher_days
    return (
        Text(f"{package.names.zh}：", f"{package.names.en}: ")
        + joined(price, "加 ", " and ")
        + Text("，含", " for ")
        + parts
        + Text(
            f"；凭证 {days} 天内有效，未使用的项目按比例退还。",
            f"; vouchers are good for {days} days, components not used are refunded in proportion.",
        )
        + within(package.valid_from, package.valid_until)
    )
