"""The policy: the table says what Cedar says, and who sees what."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import cedarpy
import pytest

from chassis.clock import SystemClock
from contracts.classification import Kind
from contracts.reading import Purpose
from contracts.roles import Role
from gateway_service.desensitize import cedar, policies
from gateway_service.desensitize.cedar import (
    ACTIONS,
    CONTEXT,
    SHIPPED,
    BadPolicy,
    compiled,
)
from gateway_service.desensitize.domain import (
    BEHAVIOUR,
    DEMOGRAPHIC,
    FIELDS,
    MEMBER_ID,
    ROLES,
    SENSITIVE,
    Asker,
    Key,
    Level,
    Relation,
    Row,
    Situation,
    asker,
    every_key,
    situations,
)
from gateway_service.desensitize.policies import Policies
from testkit import eventually

TEXT = SHIPPED.read_text()
TABLE = compiled(TEXT)
PERSONAL = tuple(str(kind) for kind in Kind)


def mentioned(text: str, role: str) -> set[str]:
    """The attributes of the circumstances in policies that may concern a role. What none of them
    mentions cannot make a difference to Cedar."""
    found = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"].values()
    concerning = [
        json.dumps(body)
        for body in found
        if body["principal"].get("entity", {}).get("id", role) == role
    ]
    return {name for name in CONTEXT if any(f'"{name}"' in body for body in concerning)}


def test_the_table_is_what_cedar_says_on_the_whole_space() -> None:
    """Cedar judges with all policies at once; the table was put together policy by policy."""
    whole = cedarpy.PolicySet.from_str(TEXT)
    telling = {role: mentioned(TEXT, role) for role in ROLES}
    judged = set()
    for key in every_key():
        role, *values = key
        plain = [
            value if name in telling[role] else space[0]
            for value, (name, space) in zip(values, CONTEXT.items(), strict=True)
        ]
        same: Key = (role, *plain)  # type: ignore[assignment]
        row = TABLE.row(same)
        assert TABLE.row(key) == row, key
        if same not in judged:
            judged.add(same)
            _judge(whole, same, row)
    assert len(judged) > 300


def _judge(whole: cedarpy.PolicySet, key: Key, row: Row) -> None:
    asked = [(field, level) for field in FIELDS for level in ACTIONS if _telling(row[field], level)]
    answers = cedar.authorised([cedar.request(level, key, field) for field, level in asked], whole)
    for (field, level), answer in zip(asked, answers, strict=True):
        assert answer.allowed is (level == row[field]), (key, field, level)


def _telling(level: Level, action: Level) -> bool:
    """Whether Cedar has to be asked: what stands above the level is forbidden, the level is not."""
    return level is Level.DENIED or ACTIONS.index(action) <= ACTIONS.index(level)


def levels(role: Role, fields: tuple[str, ...], **given: Any) -> set[Level]:
    who = Asker(role, given.pop("purpose", Purpose.NONE), given.pop("step_up", False))
    return {TABLE.view(who, Situation(**given))[field] for field in fields}


def test_nothing_identifying_for_those_who_work_with_figures() -> None:
    for role in (Role.ANALYST, Role.DATA_OPERATOR, Role.PLANNER, Role.APPROVER):
        for purpose, step_up in product(Purpose, (False, True)):
            for situation in situations(role):
                row = TABLE.view(Asker(role, purpose, step_up), situation)
                hidden = (*PERSONAL, SENSITIVE, DEMOGRAPHIC, BEHAVIOUR)
                assert {row[field] for field in hidden} == {Level.DENIED}
                assert row[MEMBER_ID] is not Level.PLAIN


def test_plain_needs_a_purpose_that_fits() -> None:
    agent, personal = Role.SERVICE_AGENT, (Kind.PHONE, Kind.NAME, Kind.ADDRESS)
    assert levels(agent, personal) == {Level.MASKED}
    assert levels(agent, personal, purpose=Purpose.DELIVERY) == {Level.PLAIN}
    assert levels(agent, (Kind.ADDRESS,), purpose=Purpose.SERVICE) == {Level.MASKED}
    assert levels(agent, personal, purpose=Purpose.AUDIT) == {Level.MASKED}
    assert levels(Role.COMPLIANCE, personal, purpose=Purpose.AUDIT) == {Level.PLAIN}
    assert levels(Role.COMPLIANCE, personal, purpose=Purpose.DELIVERY) == {Level.MASKED}
    for role, field in product(Role, (*PERSONAL, SENSITIVE)):
        for situation in situations(role):
            assert TABLE.view(Asker(role), situation)[field] is not Level.PLAIN


def test_staff_need_a_ticket_and_members_none() -> None:
    assert asker(Role.SERVICE_AGENT, "service", None, step_up=False).purpose == Purpose.NONE
    assert asker(Role.SERVICE_AGENT, "service", "T-1", step_up=False).purpose == "service"
    assert asker(Role.MEMBER, "own", None, step_up=False).purpose == "own"
    own: dict[str, Any] = {"relation": Relation.SELF}
    assert levels(Role.MEMBER, PERSONAL, purpose=Purpose.OWN, **own) == {Level.PLAIN}
    assert levels(Role.MEMBER, (Kind.PHONE,), **own) == {Level.MASKED}
    assert levels(Role.MEMBER, PERSONAL, purpose=Purpose.OWN) == {Level.DENIED}


def test_sensitive_values_need_a_second_factor() -> None:
    number, rights = (str(Kind.ID_NUMBER),), Purpose.RIGHTS
    assert levels(Role.COMPLIANCE, number, purpose=rights) == {Level.MASKED}
    assert levels(Role.COMPLIANCE, number, purpose=rights, step_up=True) == {Level.PLAIN}
    diet: dict[str, Any] = {"purpose": Purpose.SERVICE, "step_up": True}
    assert levels(Role.SERVICE_AGENT, (SENSITIVE,), **diet) == {Level.PRESENCE}
    agreed = levels(Role.SERVICE_AGENT, (SENSITIVE,), consent_sensitive=True, **diet)
    assert agreed == {Level.PLAIN}
    assert levels(Role.SERVICE_AGENT, (SENSITIVE,), consent=True, **diet) == {Level.PRESENCE}


def test_the_shop_floor_sees_more_of_its_own_members() -> None:
    here, phone = Relation.OWN_STORE, (str(Kind.PHONE),)
    assert levels(Role.GUIDE, phone, relation=here) == {Level.MASKED}
    assert levels(Role.GUIDE, phone) == {Level.PRESENCE}
    assert levels(Role.GUIDE, (Kind.BIRTHDAY,), relation=here) == {Level.DENIED}
    assert levels(Role.GUIDE, (Kind.BIRTHDAY,), relation=here, consent=True) == {Level.MASKED}
    assert levels(Role.POS, phone) == {Level.MASKED}
    assert levels(Role.PARTNER, phone) == {Level.DENIED}
    assert levels(Role.PARTNER, phone, consent=True) == {Level.MASKED}


def test_children_need_an_approver() -> None:
    for role, purpose, step_up in product(Role, Purpose, (False, True)):
        for situation in situations(role):
            if situation.guarded and situation.relation is not Relation.SELF:
                row = TABLE.view(Asker(role, purpose, step_up), situation)
                of_the_member = (*PERSONAL, SENSITIVE, DEMOGRAPHIC, BEHAVIOUR)
                assert Level.PLAIN not in {row[field] for field in of_the_member}


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("permit (principal, action, resource", "unexpected"),
        ('permit (principal == Role::"servant", action, resource);', "Role"),
        ('permit (principal, action, resource == Field::"phon");', "phon"),
        ('permit (principal, action, resource) when { context.purpose == Purpose::"x" };', "x"),
        ("permit (principal, action, resource) when { context.mood };", "mood"),
        ('permit (principal, action, resource) when { context == context };', "as a whole"),
        ("permit (principal, action == Action::\"shown\", resource);", "shown"),
    ],
)  # fmt: skip
def test_a_policy_that_is_wrong_is_refused(policy: str, reason: str) -> None:
    with pytest.raises(BadPolicy, match=reason):
        compiled(policy)


def test_an_empty_policy_shows_nothing() -> None:
    table = compiled("")
    assert {level for key in every_key() for level in table.row(key).values()} == {Level.DENIED}


async def test_a_changed_file_counts_without_a_restart_and_a_wrong_one_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policies, "LOOK_SECONDS", 0.0)
    file, told = tmp_path / "policy.cedar", []

    async def tell(changed: Policies) -> None:
        told.append(changed.refused)

    def phone() -> Level:
        return held.current().view(Asker(Role.POS), Situation())[Kind.PHONE]

    file.write_text(TEXT)
    held = Policies(file, SystemClock())
    held.told = tell
    assert phone() is Level.MASKED
    file.write_text("")
    await eventually(lambda: phone() is Level.DENIED, says="the new policy does not count")
    file.write_text("permit (")
    await eventually(lambda: phone() is Level.DENIED and held.refused, says="it is not refused")
    file.unlink()
    await eventually(lambda: phone() and held.refused == "FileNotFoundError", says="not seen")
    file.write_text(TEXT)
    await eventually(lambda: phone() is Level.MASKED, says="the good policy does not count")
    assert held.refused is None and told[0] is None and told[-1] is None and told[1]
    with pytest.raises(BadPolicy):
        file.write_text("permit (")
        Policies(file, SystemClock())
