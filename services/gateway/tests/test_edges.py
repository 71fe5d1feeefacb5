"""What a store has kept, taken in by the centre."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.test_collect import batches, track

from contracts.roles import Role
from gateway_service.edges.domain import (
    EDGES_FILE,
    Edge,
    EdgeLink,
    Envelope,
    Links,
    Sealer,
    Unopenable,
    read_links,
)
from gateway_service.edges.use_cases import take_in

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def pair(store: str = "s-1") -> tuple[Edge, Sealer]:
    """The centre's half and the store's."""
    key = X25519PrivateKey.generate()
    kept = base64.b64encode(key.private_bytes_raw()).decode()
    return Edge(store, "p", kept), Sealer(store, key.public_key().public_bytes_raw())


def envelope(gateway: Gateway | None = None, **changes: Any) -> Envelope:
    key = gateway.write_key[0] if gateway else "key"
    basic = base64.b64encode(f"{key}:".encode()).decode()
    body = msgspec.json.encode({"batch": [track(1), track(2)]})
    known = {"authorization": f"Basic {basic}", "kind": None, "received_at": NOON, "body": body}
    return Envelope(**known | changes)


def test_only_the_centre_opens_what_a_store_sealed_and_only_as_that_stores() -> None:
    (edge, sealer), (other, _) = pair(), pair()
    told = envelope()
    sealed = sealer.sealed(told)
    assert edge.opened(sealed) == told
    assert sealed != sealer.sealed(told) and b"Viewed" not in sealed and told.body not in sealed
    elsewhere = msgspec.structs.replace(edge, store="s-2")
    for reader, text in (
        (other, sealed), (elsewhere, sealed), (edge, sealed[:-1]), (edge, b""), (edge, sealed[1:]),
        (edge, bytes([sealed[0] ^ 1]) + sealed[1:]),
    ):  # fmt: skip
        with pytest.raises(Unopenable) as refused:
            reader.opened(text)
        assert "Viewed" not in str(refused.value)


def test_stores_are_read_from_the_folder_of_keys(tmp_path: Path) -> None:
    assert read_links(tmp_path) == Links()
    links = Links("127.0.0.1:1", [EdgeLink(pair()[0], "leaf")])
    (tmp_path / EDGES_FILE).write_bytes(msgspec.json.encode(links))
    assert read_links(tmp_path) == links


async def test_a_request_counts_once_and_at_the_time_the_store_took_it(
    gateway: Gateway, nats_url: str
) -> None:
    edge, sealer = pair()
    collector = gateway.app.app.state.collector
    ahead = collector.db.clock.now() + timedelta(days=1)
    late = envelope(gateway, received_at=ahead, kind="track", body=msgspec.json.encode(track(3)))
    for number, told in ((1, envelope(gateway)), (1, envelope(gateway)), (2, late)):
        await take_in(collector, edge, number, sealer.sealed(told))
    first, last = await batches(nats_url)
    assert [each.message_id for each in first.activities] == ["m-1", "m-2"]
    assert {each.occurred_at for each in first.activities} == {NOON}
    assert NOON < last.activities[0].occurred_at < ahead


async def test_what_never_can_be_taken_is_put_aside_once(gateway: Gateway, nats_url: str) -> None:
    edge, sealer = pair()
    collector = gateway.app.app.state.collector
    strange = sealer.sealed(envelope(gateway, authorization="Basic eDo="))
    broken = sealer.sealed(envelope(gateway, body=b"{"))
    for number, sealed in ((1, b"no seal of ours"), (2, strange), (3, broken), (2, strange)):
        await take_in(collector, edge, number, sealed)
    headers = await gateway.as_(Role.OPERATOR)
    items = (await gateway.http.get("/v1/quarantine", headers=headers)).json()["data"]
    assert {each["reason"] for each in items} == {
        "not sealed by this store for this centre", "write_key_invalid", "malformed_json",
    }  # fmt: skip
    assert len(items) == 3 and {each["source"] for each in items} == {"edge:s-1"}
    assert await batches(nats_url) == []
