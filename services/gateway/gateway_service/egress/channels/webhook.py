"""Webhook: the message is told to those who registered for `member.message`, with the member's
pseudonym; posting, signing, tries and the guard of addresses are those of all webhooks.

A receiver knows a message that comes twice by its `webhook-id`. Text and fields have no name in
them.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from chassis.database import Tx
from contracts.classification import Kind
from contracts.gateway.webhooks import MOST_BODY_BYTES
from gateway_service.egress.providers import Outgoing
from gateway_service.webhooks.domain import Happening
from gateway_service.webhooks.use_cases import Webhooks, tell

PROVIDER = "webhooks"
EVENT = "member.message"
_OF_NO_STORE = ""  # operators hear of it, and no partner
_ROOM, _CHARACTERS = MOST_BODY_BYTES - 512, 600  # of up to four bytes


class Hooked:
    """See `Provider`. Counts as sent when the messages of the webhooks are written."""

    address: Kind | None = None
    nameless = True

    def __init__(self, hooks: Webhooks) -> None:
        self._hooks = hooks

    async def send(self, tx: Tx, messages: Sequence[Outgoing]) -> bool:
        """One happening for each."""
        await tell(tx, self._hooks, [_told(each, tx.now) for each in messages])
        return True


def _told(each: Outgoing, now: datetime) -> Happening:
    """A webhook's message has 4 KiB at most: of one that is too long the text is cut."""
    said = each.content
    data = {
        "delivery_id": str(each.delivery_id), "purpose": each.purpose, "text": said.text,
        "title": said.title, "template": said.template, "fields": said.fields, "link": said.link,
    }  # fmt: skip
    if len(msgspec.json.encode(data)) > _ROOM:
        short = str(said.title or "")[:100]
        data |= {"text": said.text[:_CHARACTERS], "title": short, "fields": {}, "link": None}
    return Happening(EVENT, now, data, _OF_NO_STORE, each.to.member_id, each.delivery_id)
