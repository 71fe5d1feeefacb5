"""Kinds of nodes: one file each, one line here (and a model in contracts' `Node`)."""

from collections.abc import Mapping

from campaign_service.journeys.domain import Facts, Kind, Words
from campaign_service.journeys.rules import (
    branch,
    end,
    message,
    offer,
    split,
    tag,
    wait,
    wait_for,
    webhook,
)

KINDS: Mapping[str, Kind] = {
    "wait": wait.KIND,
    "wait_for": wait_for.KIND,
    "branch": branch.KIND,
    "split": split.KIND,
    "message": message.KIND,
    "offer": offer.KIND,
    "tag": tag.KIND,
    "webhook": webhook.KIND,
    "end": end.KIND,
}
_COMMON = {
    "exit": Words("发生{event}，离开旅程（{exit}）", "{event} happened, left the journey ({exit})"),
    "moved": Words(
        "旅程升级到第{version}版，转到{to}", "moved to version {version} of the journey, at {to}"
    ),
}
WORDS: Mapping[str, Words] = {
    **_COMMON, **{why: words for kind in KINDS.values() for why, words in kind.words.items()}
}  # fmt: skip


def in_words(why: str, facts: Facts) -> Words:
    """A step of a path as sentences."""
    words = WORDS[why]
    return Words(words.zh.format(**facts), words.en.format(**facts))
