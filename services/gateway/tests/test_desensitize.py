"""Policy, masks, and the walk through answers."""

from datetime import date
from uuid import UUID

import msgspec
import pytest

from contracts.classification import Kind
from contracts.roles import Role
from gateway_service.desensitize.answers import Reading, holds_tokens
from gateway_service.desensitize.masks import mask
from gateway_service.desensitize.policy import Level, decide
from gateway_service.proxy.sealing import Free
from gateway_service.vault.seal import Vault

TODAY = date(2017, 6, 1)
AT = "member.name"
MEMBER, OTHER = UUID(int=1), UUID(int=2)
VALUES = {
    Kind.PHONE: "13800138000",
    Kind.NAME: "欧阳锋",
    Kind.EMAIL: "feng@example.cn",
    Kind.CARD_NO: "6200112233445566",
    Kind.BIRTHDAY: "1990-06-02",
    Kind.ADDRESS: "白驼山庄 1 号",
    Kind.ID_NUMBER: "11010519491231002X",
}


@pytest.mark.parametrize(
    ("kind", "value", "outline"),
    [
        (Kind.PHONE, "+8613812345678", "138****5678"),
        (Kind.NAME, "张三丰", "张**"),
        (Kind.NAME, "张三", "张*"),
        (Kind.NAME, "欧阳锋", "欧阳*"),
        (Kind.NAME, "欧阳", "欧*"),
        (Kind.NAME, "张", "***"),
        (Kind.EMAIL, "alice@example.com", "a***@example.com"),
        (Kind.CARD_NO, "6200112233445566", "****5566"),
        (Kind.CARD_NO, "1234", "***"),
        (Kind.ADDRESS, "长安街 1 号", "***"),
        (Kind.BIRTHDAY, "1990-06-01", "20-29"),
        (Kind.BIRTHDAY, "1987-06-01", "30-39"),
        (Kind.BIRTHDAY, "1987-06-02", "20-29"),
        (Kind.WECHAT_OPENID, "oABC", "***"),
        (Kind.TEXT, "anything", "***"),
    ],
)
def test_masks(kind: Kind, value: str, outline: str) -> None:
    assert mask(kind, value, TODAY) == outline


def test_nothing_identifying_for_those_who_work_with_figures() -> None:
    for role in (Role.ANALYST, Role.DATA_OPERATOR, Role.PLANNER, Role.APPROVER):
        assert {decide(role, kind, stated=True) for kind in Kind} == {Level.DENIED}


def test_plain_needs_a_stated_purpose() -> None:
    plain = {
        role for role in Role for kind in Kind if decide(role, kind, stated=True) is Level.PLAIN
    }
    assert plain == {Role.MEMBER, Role.SERVICE_AGENT, Role.COMPLIANCE}
    for role in Role:
        for kind in Kind:
            assert decide(role, kind, stated=False) is not Level.PLAIN


def shown(
    vault: Vault, role: Role, *, stated: bool = False, member: UUID = MEMBER
) -> dict[str, str | None]:
    body = {kind: vault.seal(kind, value, MEMBER, place=AT) for kind, value in VALUES.items()}
    reading = Reading(vault, role, stated, TODAY, Free(AT))
    answer = reading.answer(msgspec.json.encode(body), member)
    return msgspec.json.decode(answer, type=dict[str, str | None])


def test_each_role_sees_what_the_table_says(vault: Vault) -> None:
    assert shown(vault, Role.ANALYST) == dict.fromkeys(VALUES)
    masked = shown(vault, Role.SERVICE_AGENT)
    assert masked[Kind.PHONE] == "138****8000" and masked[Kind.NAME] == "欧阳*"
    plain = shown(vault, Role.SERVICE_AGENT, stated=True)
    assert plain[Kind.PHONE] == "+8613800138000" and plain[Kind.ADDRESS] == VALUES[Kind.ADDRESS]
    assert plain[Kind.ID_NUMBER] == "***"
    till = shown(vault, Role.POS, stated=True)
    assert till[Kind.PHONE] == "138****8000" and till[Kind.EMAIL] is None
    assert shown(vault, Role.GUIDE)[Kind.EMAIL] == "***"


def test_a_value_of_another_member_stays_closed(vault: Vault) -> None:
    body = msgspec.json.encode({"phone": vault.seal(Kind.PHONE, "13800138000", OTHER, place=AT)})
    reading = Reading(vault, Role.COMPLIANCE, True, TODAY, Free(AT))
    assert msgspec.json.decode(reading.answer(body, MEMBER)) == {"phone": "***"}
    assert reading.refused == 1 and not reading.shown


def test_absorbed_ids_and_members_in_lists_are_in_scope(vault: Vault) -> None:
    body = {
        "data": [
            {"member_id": str(MEMBER), "name": vault.seal(Kind.NAME, "张三", MEMBER, place=AT)},
            {
                "member_id": str(OTHER),
                "absorbed": [str(MEMBER)],
                "names": [
                    vault.seal(Kind.NAME, "李四", OTHER, place=AT),
                    vault.seal(Kind.NAME, "王五", MEMBER, place=AT),
                ],
                "device": vault.seal(Kind.DEVICE_ID, "d-1", None, place=AT),
            },
            {"member_id": str(OTHER), "name": vault.seal(Kind.NAME, "赵六", MEMBER, place=AT)},
        ]
    }
    reading = Reading(vault, Role.COMPLIANCE, True, TODAY, Free(AT))
    first, second, third = msgspec.json.decode(reading.answer(msgspec.json.encode(body), None))[
        "data"
    ]
    assert first["name"] == "张三"
    assert second["names"] == ["李四", "王五"] and second["device"] == "d-1"
    assert third["name"] == "***"
    assert reading.shown == {"name", "device_id"}
    assert reading.shown_of == {MEMBER.bytes, OTHER.bytes}


def test_answers_without_tokens_need_no_walk(vault: Vault) -> None:
    assert not holds_tokens(b'{ "spaces" : [1,  2], "text": "hy1 is no token" }')
    for token in (
        vault.seal(Kind.NAME, "张三", MEMBER, place=AT),
        vault.question(Kind.CARD_NO, "1"),
    ):
        assert holds_tokens(msgspec.json.encode({"x": [token]}))


def test_what_only_looks_like_a_token_becomes_stars(vault: Vault) -> None:
    body = b'{"a":"hy1.nonsense","b":"hyx1.phone.abc","c":"hy1.x.phone.a.b"}'
    answer = msgspec.json.decode(
        Reading(vault, Role.COMPLIANCE, True, TODAY, Free(AT)).answer(body, None)
    )
    assert answer == {"a": "***", "b": "***", "c": "***"}
