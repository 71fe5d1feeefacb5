"""A service that answers with more than its contract says shows it to nobody."""

from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from services.gateway.tests.answers import Builder, seeds
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner

from contracts import openapi
from contracts.base import Money
from contracts.roles import Role
from gateway_service.desensitize.known import DROPPED, Value, contract_of, known_of
from gateway_service.vault.seal import Vault

PHONE = "13800138000"
SERVED = [o for o in openapi.operations() if o.service != "gateway" and o.response is not None]


def loose(value: Any, known: Any) -> tuple[Any, int]:
    """The value with a field more in every object, and how many these are."""
    if isinstance(value, list):
        items = [loose(item, known.item) for item in value] if known else []
        return [item for item, _ in items] if known else value, sum(n for _, n in items)
    if not isinstance(value, dict) or known is None:
        return value, 0
    named = isinstance(known, dict)
    found = {
        name: loose(item, known[name] if named else known.item) for name, item in value.items()
    }
    more = {"phone_of_old": PHONE, "contact": [{"tel": PHONE}]} if named else {}
    fields = {name: item for name, (item, _) in found.items()}
    return fields | more, len(more) + sum(n for _, n in found.values())


@pytest.mark.parametrize("operation", SERVED, ids=lambda o: o.name)
def test_no_answer_has_room_for_a_field_more(operation: Any, vault: Vault) -> None:
    made = Builder(vault, UUID(int=1), seeds(1)).answer(operation.response)
    more, dropped = loose(made, known_of(operation.response))
    contract, counted = contract_of(operation.response), DROPPED.labels(operation.name)
    before = counted._value.get()
    right = msgspec.json.encode(made)
    assert contract.kept(operation, right) is right and counted._value.get() == before
    kept = contract.kept(operation, msgspec.json.encode(more))
    assert msgspec.json.decode(kept) == msgspec.json.decode(right)
    assert dropped and counted._value.get() == before + dropped


async def test_what_the_contract_does_not_know_stays_inside(
    gateway: Gateway, inner: Inner, capsys: pytest.CaptureFixture[str]
) -> None:
    member = uuid4()
    path, headers = f"/v1/members/{member}", await gateway.as_(Role.ADMIN)
    answer = {
        "member_id": str(member), "absorbed": [], "gender": "female", "phone": PHONE,
        "registered_at": "2017-01-01T00:00:00Z", "household": {"mother": {"phone": PHONE}},
    }  # fmt: skip
    stats = {"registered": 1, "members": 1, "identifiers": 1, "merges": 0, "newest": PHONE}
    problem = {"title": "x", "code": "unknown_member", "type": "x", "status": 404, "was": PHONE}
    inner.replies[f"GET {path}"] = 200, answer
    inner.replies["GET /v1/members/stats"] = 200, stats
    inner.replies[f"GET {path}/tags"] = 404, problem
    inner.replies[f"GET {path}/points"] = 200, f"not json: {PHONE}".encode()
    inner.replies[f"GET {path}/tier"] = 500, f"Traceback: {PHONE}".encode()
    inner.replies[f"GET {path}/growth"] = 200, [{"phone": PHONE}]
    statuses = {}
    capsys.readouterr()
    for end in ("", "/tags", "/points", "/tier", "/growth", "stats"):
        at = f"/v1/members/{end}" if end == "stats" else f"{path}{end}"
        got = await gateway.http.get(at, headers=headers)
        assert PHONE not in got.text + str(got.headers), end
        statuses[end] = got.status_code
        if end == "":
            assert got.json()["gender"] == "female"
    assert statuses == {
        "": 200, "/tags": 404, "/points": 502, "/tier": 500, "/growth": 200, "stats": 200,
    }  # fmt: skip
    logs = capsys.readouterr().out
    lines = [msgspec.json.decode(line) for line in logs.splitlines()]
    told = [(each["event"], each.get("count")) for each in lines if each["level"] == "error"]
    assert told == [
        ("unknown_fields", 2), ("unknown_fields", 1), ("body_unknown", None),
        ("body_unknown", None), ("unknown_fields", 1), ("unknown_fields", 1),
    ]  # fmt: skip
    assert PHONE not in logs


@pytest.mark.parametrize("operation", SERVED, ids=lambda o: o.name)
def test_no_number_or_date_has_room_for_a_phone(operation: Any, vault: Vault) -> None:
    """Wherever the contract has something else than text, a text is shown to nobody."""
    made = Builder(vault, UUID(int=1), seeds(1)).answer(operation.response)
    wrong, changed = _spoilt(made, known_of(operation.response))
    before = DROPPED.labels(operation.name)._value.get()
    kept = contract_of(operation.response).kept(operation, msgspec.json.encode(wrong))
    assert PHONE.encode() not in kept and (not changed or b"null" in kept)
    assert DROPPED.labels(operation.name)._value.get() == before + changed


def _spoilt(value: Any, known: Any) -> tuple[Any, int]:
    """The value with a phone for everything that is no text, and how often."""
    if isinstance(known, Value) and value is not None and str not in known.types:
        return PHONE, 1
    if isinstance(value, list) and known:
        items = [_spoilt(item, known.item) for item in value]
        return [item for item, _ in items], sum(n for _, n in items)
    if isinstance(value, dict) and known is not None:
        named = isinstance(known, dict)
        found = {k: _spoilt(v, known[k] if named else known.item) for k, v in value.items()}
        return {k: v for k, (v, _) in found.items()}, sum(n for _, n in found.values())
    return value, 0


def test_a_value_or_an_object_is_no_contract() -> None:
    for hint in (Money | str, list[Money] | Money):
        with pytest.raises(TypeError):
            known_of(hint)
