"""The table role × kind. What is not in it is denied."""

from enum import StrEnum

from contracts.classification import Kind
from contracts.roles import Role


class Level(StrEnum):
    """How much of a value is shown.

    PLAIN still needs a stated purpose (and a ticket from staff); without them it is MASKED.
    PRESENCE says only that there is a value, DENIED not even that.
    """

    PLAIN = "plain"
    MASKED = "masked"
    PRESENCE = "presence"
    DENIED = "denied"


_CONTACT = {Kind.PHONE, Kind.EMAIL, Kind.NAME}
_WHERE_AND_WHEN = {Kind.ADDRESS, Kind.BIRTHDAY}
_ACCOUNTS = {
    Kind.WECHAT_OPENID,
    Kind.WECHAT_UNIONID,
    Kind.MINIPROGRAM_OPENID,
    Kind.ECOMMERCE_ACCOUNT,
    Kind.DEVICE_ID,
    Kind.DOUYIN_ID,
    Kind.EXTERNAL,
}


def _row(*cells: tuple[Level, set[Kind]]) -> dict[Kind, Level]:
    return {kind: level for level, kinds in cells for kind in kinds}


POLICY: dict[Role, dict[Kind, Level]] = {
    Role.MEMBER: _row((Level.PLAIN, set(Kind))),
    Role.COMPLIANCE: _row((Level.PLAIN, set(Kind))),
    Role.SERVICE_AGENT: _row(
        (Level.PLAIN, _CONTACT | _WHERE_AND_WHEN | {Kind.CARD_NO}),
        (Level.MASKED, _ACCOUNTS | {Kind.ID_NUMBER}),
    ),
    Role.POS: _row((Level.MASKED, {Kind.PHONE, Kind.NAME, Kind.CARD_NO})),
    Role.GUIDE: _row(
        (Level.MASKED, {Kind.PHONE, Kind.NAME, Kind.CARD_NO, Kind.BIRTHDAY}),
        (Level.PRESENCE, _ACCOUNTS | {Kind.EMAIL}),
    ),
    Role.PARTNER: _row((Level.MASKED, {Kind.PHONE, Kind.NAME, Kind.CARD_NO})),
    Role.OPERATOR: _row(
        (Level.MASKED, _CONTACT | _WHERE_AND_WHEN | _ACCOUNTS | {Kind.CARD_NO}),
        (Level.PRESENCE, {Kind.ID_NUMBER, Kind.TEXT}),
    ),
    Role.ADMIN: _row(
        (Level.MASKED, _CONTACT | _WHERE_AND_WHEN | _ACCOUNTS | {Kind.CARD_NO}),
        (Level.PRESENCE, {Kind.ID_NUMBER, Kind.TEXT}),
    ),
}


def decide(role: Role, kind: Kind, *, stated: bool) -> Level:
    """What `role` sees of a value of `kind`; `stated` = purpose (and ticket) were given."""
    level = POLICY.get(role, {}).get(kind, Level.DENIED)
    return Level.MASKED if level is Level.PLAIN and not stated else level
