"""The walk through answers."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest

from contracts import openapi
from contracts.base import Model
from contracts.classification import Classified, DataClass, Kind, fields_of, internal, personal
from contracts.identity import Identifiers, Member, Merge
from contracts.profile import MemberProfile, MemberTags
from contracts.reading import Purpose
from contracts.roles import Role
from gateway_service.desensitize.answers import (
    About,
    Reading,
    Withheld,
    abouts,
    holds_tokens,
    scrubbed,
)
from gateway_service.desensitize.cedar import SHIPPED, compiled
from gateway_service.desensitize.domain import Asker, Relation, Row, Situation
from gateway_service.desensitize.lenses import Lenses
from gateway_service.desensitize.plans import MEMBER_IDS, Spot, plan_of, spots
from gateway_service.vault.seal import IDENTIFIERS, Vault

TODAY = date(2017, 6, 1)
MEMBER, OTHER = UUID(int=1), UUID(int=2)
LENSES = Lenses(compiled(SHIPPED.read_text()))
PLAIN = Asker(Role.COMPLIANCE, Purpose.AUDIT)


def seen(
    vault: Vault, who: Asker, model: Any, body: dict[str, Any], path: UUID | None = MEMBER, *,
    situations: Callable[[About], Situation] = lambda _: Situation(),
) -> tuple[Any, Reading]:  # fmt: skip
    def row(about: About) -> Row:
        return LENSES.table.view(who, situations(about))

    reading = Reading(vault, row, lambda member: f"p-{member.int}", TODAY)
    lens = LENSES.of(model, who)
    value = msgspec.json.decode(msgspec.json.encode(body))
    return reading.answer(lens.plan, value, (path.bytes,) if path else ()), reading


def member(vault: Vault, member_id: UUID = MEMBER, bound_to: UUID | None = None) -> dict[str, Any]:
    def sealed(kind: Kind, value: str) -> str:
        return vault.seal(kind, value, bound_to or member_id, place=f"member.{kind}")

    return {
        "member_id": str(member_id), "absorbed": [], "gender": "female", "city": "杭州",
        "name": sealed(Kind.NAME, "欧阳锋"), "birthday": sealed(Kind.BIRTHDAY, "1990-06-02"),
        "address": sealed(Kind.ADDRESS, "白驼山庄 1 号"), "registered_at": "2017-01-01T00:00:00Z",
    }  # fmt: skip


def test_each_role_sees_what_the_policy_says(vault: Vault) -> None:
    fields = ("name", "birthday", "address", "gender", "city")

    def shown(who: Asker, **given: Any) -> tuple[Any, ...]:
        value, _ = seen(vault, who, Member, member(vault), situations=lambda _: Situation(**given))
        return tuple(value[field] for field in fields)

    assert shown(Asker(Role.SERVICE_AGENT)) == ("欧阳*", "20-29", "***", "female", "杭州")
    plain = ("欧阳锋", "1990-06-02", "白驼山庄 1 号", "female", "杭州")
    assert shown(Asker(Role.SERVICE_AGENT, Purpose.CORRECTION)) == plain
    assert shown(Asker(Role.POS)) == ("欧阳*", None, None, "unknown", None)
    here: dict[str, Any] = {"relation": Relation.OWN_STORE, "consent": True}
    assert shown(Asker(Role.GUIDE), **here) == ("欧阳*", "20-29", None, "female", "杭州")
    assert shown(Asker(Role.ANALYST)) == (None, None, None, "unknown", None)
    assert shown(Asker(Role.MEMBER, Purpose.OWN), relation=Relation.SELF) == plain
    assert shown(Asker(Role.MEMBER, Purpose.OWN)) == (None, None, None, "unknown", None)


def test_a_token_opens_only_where_it_belongs(vault: Vault) -> None:
    body = member(vault, MEMBER, bound_to=OTHER)
    value, reading = seen(vault, PLAIN, Member, body)
    assert value["name"] == "***" and reading.refused == 3 and not reading.shown
    swapped = member(vault)
    swapped["name"] = swapped["address"]  # an address where the contract says name
    value, reading = seen(vault, PLAIN, Member, swapped)
    assert value["name"] == "***" and reading.refused == 1
    value, reading = seen(vault, PLAIN, Member, {**body, "absorbed": [str(OTHER)]})
    assert value["name"] == "欧阳锋" and set(reading.shown) == {(MEMBER.bytes, True)}
    value, _ = seen(vault, PLAIN, Member, member(vault, MEMBER, bound_to=OTHER), path=OTHER)
    assert value["name"] == "欧阳锋"  # asked for by the merged id


class Household(Model):
    """Two members in one answer."""

    member_id: Annotated[UUID, internal]
    name: Annotated[str, personal(Kind.NAME, at="member.name")]
    others: Annotated[list[Member], internal]


def test_an_object_is_about_its_own_member(vault: Vault) -> None:
    """Who may see one of them in the clear does not thereby see the other."""

    def mine(about: About) -> Situation:
        return Situation(Relation.SELF if MEMBER.bytes in about else Relation.OTHER)

    body = {
        "member_id": str(MEMBER),
        "name": vault.seal(Kind.NAME, "张三", MEMBER, place="member.name"),
        "others": [member(vault, OTHER), member(vault, OTHER, bound_to=MEMBER)],
    }
    value, reading = seen(vault, Asker(Role.MEMBER, Purpose.OWN), Household, body, situations=mine)
    assert value["name"] == "张三"
    assert [each["name"] for each in value["others"]] == [None, None]
    assert set(reading.shown) == {(MEMBER.bytes, True)}
    value, reading = seen(vault, PLAIN, Household, body)
    assert [each["name"] for each in value["others"]] == ["欧阳锋", "***"]
    plan = LENSES.of(Household, PLAIN).plan
    found = set(abouts(plan, body, (MEMBER.bytes,)))
    assert found == {(MEMBER.bytes,), (OTHER.bytes,)}


def test_the_kind_may_stand_beside_the_value(vault: Vault) -> None:
    def identifier(kind: Kind, value: str) -> dict[str, Any]:
        token = vault.seal(kind, value, None, place=IDENTIFIERS)
        return {"kind": kind, "value": token, "linked_at": "2017-01-01T00:00:00Z", "source": "x"}

    found = [identifier(Kind.PHONE, "13800138000"), identifier(Kind.EMAIL, "feng@example.cn")]
    body = {"member_id": str(MEMBER), "absorbed": [], "data": found}
    value, _ = seen(vault, Asker(Role.GUIDE), Identifiers, body)
    assert [each["value"] for each in value["data"]] == ["***", "***"]  # there is one
    value, _ = seen(vault, Asker(Role.POS), Identifiers, body)
    assert [each["value"] for each in value["data"]] == ["138****8000", None]
    value, reading = seen(vault, PLAIN, Identifiers, body)
    assert [each["value"] for each in value["data"]] == ["+8613800138000", "feng@example.cn"]
    assert reading.shown == {(MEMBER.bytes, True): {"phone", "email"}}


def test_what_came_in_the_clear_is_masked_all_the_same(vault: Vault) -> None:
    body = {**member(vault), "name": "张三丰"}
    value, _ = seen(vault, Asker(Role.POS), Member, body)
    assert value["name"] == "张**"


def test_free_documents_are_looked_through(vault: Vault) -> None:
    place = next(s.at for s in spots(plan_of(MemberProfile)) if s.free)
    traits = {
        "style": "organic",
        "deep": [{"mail": vault.seal(Kind.EMAIL, "feng@example.cn", MEMBER, place=place)}],
        "name": vault.seal(Kind.NAME, "张三", OTHER, place=place),
        "odd": "hy1.nonsense",
    }
    body = {"member_id": str(MEMBER), "traits": traits}
    value, reading = seen(vault, Asker(Role.SERVICE_AGENT), MemberProfile, body)
    assert value["traits"] == {
        "style": "organic", "deep": [{"mail": "f***@example.cn"}], "name": "***", "odd": "***",
    }  # fmt: skip
    assert reading.refused == 2


def test_quasi_fields_need_the_members_consent_on_the_shop_floor(vault: Vault) -> None:
    tags = {"member_id": str(MEMBER), "data": [{"tag": "organic"}]}
    value, _ = seen(vault, Asker(Role.GUIDE), MemberTags, tags)
    assert value["data"] == []
    agreed = Situation(consent=True)
    value, _ = seen(vault, Asker(Role.GUIDE), MemberTags, tags, situations=lambda _: agreed)
    assert value["data"] == [{"tag": "organic"}]
    with pytest.raises(Withheld):  # a number cannot be left out
        seen(vault, Asker(Role.GUIDE), MemberProfile, {"purchases": {"orders": 1}})


def test_whoever_may_see_no_id_gets_pseudonyms(vault: Vault) -> None:
    merge = {"survivor_id": str(MEMBER), "absorbed_id": str(OTHER), "members": [str(UUID(int=3))]}
    value, _ = seen(vault, Asker(Role.ANALYST), Merge, merge, path=None)
    assert value == {"survivor_id": "p-1", "absorbed_id": "p-2", "members": ["p-3"]}
    value, _ = seen(vault, Asker(Role.OPERATOR), Merge, merge, path=None)
    assert value == merge


def test_only_what_matters_is_looked_up_and_walked() -> None:
    assert LENSES.of(Member, Asker(Role.POS)).facts == frozenset()
    assert LENSES.of(Member, Asker(Role.GUIDE)).facts == {"relation", "consent", "guarded"}
    assert LENSES.of(Member, Asker(Role.SERVICE_AGENT)).facts == {"guarded"}
    assert LENSES.of(Merge, Asker(Role.OPERATOR)).plan is None
    assert LENSES.of(MemberProfile, Asker(Role.MEMBER)).facts == frozenset()


def test_a_token_out_of_place_is_starred() -> None:
    body = b'{"detail":"who is hy1.1.phone.AAAA.BBBB.CC?","x":"hyx1.phone.abc"}'
    assert holds_tokens(body) and scrubbed(body) == b'{"detail":"who is ***?","x":"***"}'
    assert not holds_tokens(b'{"hyacinth":"hy1"}')


NO_MEMBER = frozenset(
    f"{name}_id"
    for name in (
        "account", "application", "approval", "campaign", "coupon", "delivery", "exchange", "hold",
        "incident", "journal", "membership", "merge", "pool", "purchase", "quote", "redemption",
        "refund", "referral", "request", "review", "rotation", "spend", "suppression", "template",
        "top_up", "transfer", "use", "webhook", "segment", "other_segment",
        "activity", "job", "survey", "experiment", "reservation", "journey",
        "comment", "other_campaign",
    )
) | {"id", "ref", "segment", "segments", "not_in"}  # fmt: skip


def test_every_id_is_known_to_be_a_members_or_not() -> None:
    """A new field with an id: add it to plans.MEMBER_IDS, or here."""
    unknown = {
        name
        for operation in openapi.operations()
        for model in openapi.models_of(operation.response)
        for name, hint, _ in fields_of(model)
        if "UUID" in str(hint) and name not in MEMBER_IDS | NO_MEMBER
    }
    assert unknown == set()


def test_a_marker_says_what_a_field_is() -> None:
    sealed = Classified(DataClass.SENSITIVE, Kind.TEXT, at="member.diet")
    assert plan_of(str | None, "diet", sealed) == Spot(
        "sensitive", at="member.diet", sealed=True, blank=None
    )
