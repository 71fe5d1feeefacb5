"""Joint packages."""

from chassis.database import Tx
from contracts.points.packages import Package
from points_service.packages.repository import packages
from points_service.programme import Programme
from points_service.rulebook.domain import Section, Text, joined, within, yuan


async def section(tx: Tx, programme: Programme) -> Section:
    """From the packages on sale."""
    found = [render(each) for each in await packages.all(tx, Package) if each.in_force(tx.now)]
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
