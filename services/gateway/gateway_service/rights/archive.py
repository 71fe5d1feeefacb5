"""The archive a member gets: everything every service holds, opened, as JSON and as a page."""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any
from uuid import UUID

import msgspec

from contracts.sealed import Sealed, is_token
from gateway_service.vault.seal import NotOurs, Vault

UNREADABLE = "***"
Services = dict[str, dict[str, list[dict[str, Any]]]]

_WORDS = {
    "gateway": ("同意与请求", "Consents and requests"),
    "identity": ("身份", "Who you are"),
    "profile": ("画像与行为", "Profile and behaviour"),
    "points": ("积分与权益", "Points and benefits"),
    "campaign": ("营销", "Campaigns"),
    "member": ("会员资料", "Member"),
    "identifier": ("标识", "Identifiers"),
    "merge": ("合并记录", "Merges"),
    "trait": ("属性", "Traits"),
    "activity": ("行为", "What you did"),
    "activity_day": ("行为汇总", "What you did, by day"),
    "purchase": ("购买", "Purchases"),
    "orders": ("订单", "Orders"),
    "refund": ("退款", "Refunds"),
    "spending": ("消费汇总", "Spending"),
    "member_tags": ("标签", "Tags"),
    "consent": ("当前同意", "Consents as they stand"),
    "consent_event": ("同意记录", "Consents, one by one"),
    "rights_request": ("权利请求", "Requests"),
    "delivery": ("消息", "Messages"),
    "contact_decision": ("触达决策", "Decisions about messages"),
    "lot": ("积分批次", "Points by lot"),
    "entry": ("账本分录", "Ledger entries"),
    "coupon": ("优惠券", "Coupons"),
}
_STYLE = (
    "body{font:15px/1.5 sans-serif;margin:2em auto;max-width:70em;padding:0 1em}"
    "table{border-collapse:collapse;margin:.5em 0 1.5em}"
    "th,td{border:1px solid #ccc;padding:.2em .6em;text-align:left;vertical-align:top}"
    "h3 small{color:#666;font-weight:normal}"
)


@dataclass(frozen=True, slots=True)
class About:
    """Whose archive it is, for which request, made when."""

    request_id: UUID
    members: tuple[UUID, ...]
    made_at: datetime


def gathered(parts: Iterable[tuple[str, dict[str, Any]]]) -> Services:
    """The parts of all services in one."""
    found: Services = {}
    for service, sections in parts:
        tables = found.setdefault(service, {})
        for table, rows in sections.items():
            tables.setdefault(table, []).extend(rows)
    return found


def opened(services: Services, vault: Vault, members: Iterable[UUID]) -> Services:
    """The same with sealed values in the clear; stars for what cannot be opened.

    The members' keys are at hand (`vault.ready_for`). A value was sealed for its table and column.
    """
    mine = {member.bytes for member in members}

    def value(found: Any, place: str) -> Any:
        if isinstance(found, dict):
            return {name: value(inner, place) for name, inner in found.items()}
        if isinstance(found, list):
            return [value(inner, place) for inner in found]
        if not is_token(found):
            return found
        try:
            return vault.open(Sealed.parse(found), mine, place=place)
        except (NotOurs, ValueError):
            return UNREADABLE

    return {
        service: {
            table: [
                {column: value(found, f"{table}.{column}") for column, found in row.items()}
                for row in rows
            ]
            for table, rows in tables.items()
        }
        for service, tables in services.items()
    }


def packed(about: About, services: Services, *, page: bool) -> bytes:
    """A zip of data.json, and of index.html for people."""
    document = {
        "request_id": about.request_id, "member_id": about.members[0], "members": about.members,
        "made_at": about.made_at, "services": services,
    }  # fmt: skip
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        data = msgspec.json.format(msgspec.json.encode(document))
        _add(archive, "data.json", data, about.made_at)
        if page:
            _add(archive, "index.html", _page(about, services).encode(), about.made_at)
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes, at: datetime) -> None:
    info = zipfile.ZipInfo(name, (at.year, at.month, at.day, at.hour, at.minute, at.second))
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, data)


def _page(about: About, services: Services) -> str:
    title = "您的个人信息 · Your data"
    parts = [
        f'<!doctype html><html lang="zh"><meta charset="utf-8"><title>{title}</title>',
        f"<style>{_STYLE}</style><h1>{title}</h1>",
        f"<p>会员编号 member {about.members[0]} · {about.made_at:%Y-%m-%d %H:%M} UTC</p>",
    ]
    for service, tables in services.items():
        parts.append(f"<h2>{_named(service)}</h2>")
        if not tables:
            parts.append("<p>无 · nothing</p>")
        for table, rows in tables.items():
            parts.append(f"<h3>{_named(table)} <small>{len(rows)}</small></h3>{_table(rows)}")
    return "".join([*parts, "</html>"])


def _named(name: str) -> str:
    return " · ".join(map(escape, _WORDS.get(name, (name,))))


def _table(rows: list[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    lines = (
        "<tr>" + "".join(f"<td>{_cell(row.get(column))}</td>" for column in columns) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{''.join(lines)}</table>"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return escape(text)
