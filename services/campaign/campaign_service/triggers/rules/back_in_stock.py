"""Back in stock: goods are there again that a member viewed or bought."""

from collections.abc import Iterable, Mapping

from campaign_service.triggers.domain import Fired, Midnight, Rule, at
from contracts.behaviour import BACK_IN_STOCK, BackInStock
from contracts.campaign.triggers import BackInStockTrigger


def match(trigger: BackInStockTrigger, event: BackInStock, _: Midnight) -> Iterable[Fired]:
    """One of these goods, or of these categories or departments."""
    named = trigger.skus or trigger.categories
    meant = event.sku in trigger.skus or {event.category, event.department} & {*trigger.categories}
    if named and not meant:
        return
    values = {"goods": [{"title": event.name}]} if event.name else {}
    for each in event.members:
        if trigger.interest == "any" or getattr(each, trigger.interest):
            yield at(each.member_id, event.back_at, values)


def watches(trigger: BackInStockTrigger) -> Mapping[str, int]:
    """Profile looks up who is interested only if somebody waits."""
    return {BACK_IN_STOCK: trigger.within_minutes}


RULE = Rule("back_in_stock", BackInStock, match, watches)
