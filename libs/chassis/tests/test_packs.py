"""Events on their way in packs: nothing lost, nothing out of order, each by its own id."""

from typing import Any
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from chassis.packs import HEADER, MOST_BYTES, events_in, packed, unpacked

ROWS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from([1, 300, MOST_BYTES // 3, MOST_BYTES * 2])),
    max_size=12,
)


def row(number: int, subject: str, size: int, trace: str = "") -> dict[str, Any]:
    payload = msgspec.json.encode({"n": number, "more": "x" * size})
    headers = {"traceparent": trace} if trace else {}
    return {
        "message_id": UUID(int=number + 1), "subject": subject, "payload": payload,
        "headers": headers,
    }  # fmt: skip


@given(ROWS)
def test_what_goes_in_comes_out_in_order(told: list[tuple[str, int]]) -> None:
    rows = [row(number, *each) for number, each in enumerate(told)]
    messages = list(packed(rows))
    found: list[tuple[str, str, bytes]] = []
    for subject, name, payload, headers in messages:
        events = unpacked(payload) if HEADER in headers else [(name, payload)]
        assert events_in(headers) == len(events)
        assert len(events) == 1 or sum(len(event) for _, event in events) <= MOST_BYTES
        found += [(subject, each, event) for each, event in events]
    assert found == [(each["subject"], str(each["message_id"]), each["payload"]) for each in rows]
    assert len({name for _, name, *_ in messages}) == len(messages)


def test_neighbours_of_one_subject_and_trace_travel_together() -> None:
    rows = [row(0, "a", 1), row(1, "a", 1), row(2, "b", 1), row(3, "a", 1), row(4, "a", 1, "t")]
    assert [events_in(headers) for *_, headers in packed(rows)] == [2, 1, 1, 1]


def test_a_pack_with_one_event_more_has_another_name() -> None:
    """Or the stream would drop it as known, after a crash between sending and remembering."""
    rows = [row(number, "a", 1) for number in range(3)]
    [(_, two, *_)], [(_, three, *_)] = packed(rows[:2]), packed(rows)
    assert two != three
