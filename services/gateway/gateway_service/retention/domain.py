"""The register, made from the contracts."""

from collections.abc import Iterable
from functools import cache

from contracts import openapi
from contracts.classification import IDENTIFIER_KINDS, Kind, fields_of
from contracts.gateway.common import Wording
from contracts.gateway.retention import HeldTable, ProcessingActivity, ProcessingRegister
from contracts.holdings import ACTIVITIES, HOLDINGS, Holding, Words


@cache
def kinds_at() -> dict[str, frozenset[Kind]]:
    """The kinds of value that the contracts put at each place, `<table>.<column>`."""
    shapes = [shape for each in openapi.operations() for shape in (each.request, each.response)]
    found: dict[str, set[Kind]] = {}
    for model in {model for shape in shapes for model in openapi.models_of(shape)}:
        for _, _, marker in fields_of(model):
            if marker is not None and marker.at is not None:
                kinds = {marker.kind} if marker.kind else set(IDENTIFIER_KINDS)
                found.setdefault(marker.at, set()).update(kinds if marker.sealed else ())
    return {place: frozenset(kinds) for place, kinds in found.items()}


def kinds_of(holding: Holding) -> list[Kind]:
    """The kinds of sealed value in a table."""
    return sorted({kind for place in holding.places for kind in kinds_at().get(place, ())})


def wording(words: Words) -> Wording:
    """As an answer has it."""
    return Wording(zh=words.zh, en=words.en)


def register() -> ProcessingRegister:
    """Every activity with its tables."""
    return ProcessingRegister(
        data=[
            ProcessingActivity(
                activity=name,
                name=wording(activity.name),
                legal_basis=wording(activity.basis),
                consent_purposes=list(activity.purposes),
                recipients=wording(activity.recipients),
                kinds=sorted({kind for each in held for kind in kinds_of(each)}),
                retention=_retention(held),
                tables=[
                    HeldTable(
                        table=each.name,
                        data_class=each.data_class,
                        kinds=kinds_of(each),
                        days=each.days,
                    )
                    for each in held
                ],
            )
            for name, activity in ACTIVITIES.items()
            if (held := [each for each in HOLDINGS if each.activity == name])
        ]
    )


def _retention(held: Iterable[Holding]) -> Wording:
    limits = sorted({each.days for each in held if each.days is not None})
    days = "、".join(map(str, limits))
    zh = f"会员资格存续期间；部分记录 {days} 天后删除" if limits else "会员资格存续期间"
    en = "as long as the membership"
    if limits:
        en += f"; some records go after {', '.join(map(str, limits))} days"
    return Wording(zh=zh, en=en)
