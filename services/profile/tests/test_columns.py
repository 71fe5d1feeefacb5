"""Many messages at once come to the same as one after the other."""

from collections import Counter
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.profile.tests.world import NOON, World, activity, batch, member, told

from contracts.classification import Kind
from contracts.events import Activity, SealedIdentifier
from profile_service.collect.columns import Holders, days, each_once, months, rows, traits
from profile_service.collect.domain import holder
from profile_service.collect.seen import Filter, Seen

RECEIVED = NOON.astimezone(UTC)


def test_an_activity_is_counted_for_its_strongest_identifier() -> None:
    device, phone = (SealedIdentifier(kind, f"{kind}:1") for kind in (Kind.DEVICE_ID, Kind.PHONE))
    assert holder([]) is None
    assert holder([device, phone]) == holder([phone, device]) == "phone:1"
    said = [
        activity("a"), activity("b", phone=1, member_id=member(7)), activity("c", phone=1),
        Activity("d", "track", NOON, [device, phone]),
    ]  # fmt: skip
    (heard,) = told(batch(*said))
    says, found = Holders().of(heard.told)
    assert [found[each] for each in says] == [None, member(7), "phone:1", "phone:1"]


def test_times_no_honest_clock_tells_become_the_time_of_receipt() -> None:
    extremes = (datetime.min, datetime.max, datetime(1970, 1, 1), datetime(2018, 1, 1))
    said = [activity(f"{n}", at=wrong.replace(tzinfo=UTC)) for n, wrong in enumerate(extremes)]
    long_ago = activity("honest", at=RECEIVED - timedelta(days=300))
    found = each_once(told(batch(*said, long_ago, received_at=RECEIVED)))
    at = {each.message_id: moment for each, moment in zip(found.told, found.at, strict=True)}
    assert len(set(at.values())) == 2 and at["honest"] < at["0"]
    assert months(found.at) == [
        datetime(2016, 5, 1, tzinfo=UTC), datetime(2017, 3, 1, tzinfo=UTC)
    ]  # fmt: skip


activities = st.builds(
    lambda n, hours, phone, event, channel, size: activity(
        f"m-{n}", at=NOON - timedelta(hours=hours), phone=phone, event=event, channel=channel,
        type="track" if event else "identify", traits={} if event else {"size": size},
    ),
    st.integers(0, 30), st.integers(0, 60), st.none() | st.integers(0, 2),
    st.sampled_from(("Viewed", "Shared", None)), st.sampled_from(("app", None)), st.integers(0, 9),
)  # fmt: skip


@given(st.lists(st.lists(activities, min_size=1, max_size=6), min_size=1, max_size=4))
def test_folding_in_columns_is_folding_one_by_one(said: list[list[Activity]]) -> None:
    first: dict[str, Activity] = {}
    for each in (one for some in said for one in some):
        first.setdefault(each.message_id, each)
    counted: Counter[Any] = Counter()
    last: dict[Any, datetime] = {}
    for each in first.values():
        if each.identifiers:
            kind = each.event or each.type, each.channel or ""
            key = (index_of(each), each.occurred_at.date(), *kind)
            counted[key] += 1
            last[key] = max(last.get(key, each.occurred_at), each.occurred_at)
    found = each_once(told(*(batch(*some) for some in said)))
    subjects = np.array([index_of(each) for each in map(activity_of(first), found.told)], np.int64)
    count = days(rows(found, subjects), lambda at: at.astimezone(NOON.tzinfo).date())
    assert counted == {
        (subject, *count.named[kind]): n
        for subject, kind, n in zip(count.subjects, count.kinds, count.numbers, strict=True)
    }
    assert [round(at.timestamp() * 1e6) for _, at in sorted(last.items())] == [
        at for _, at in sorted(
            ((subject, *count.named[kind]), at)
            for subject, kind, at in zip(count.subjects, count.kinds, count.last, strict=True)
        )
    ]  # fmt: skip
    kept = traits(found, subjects)
    for (subject, _), trait in kept.items():
        same = [e for e in first.values() if index_of(e) == subject and e.traits]
        assert trait.occurred_at == max(each.occurred_at for each in same)


def index_of(each: Activity) -> int:
    """The subject's number: the phone's and one, 0 for nobody."""
    return int(each.identifiers[0].index.partition(":")[2]) + 1 if each.identifiers else 0


def activity_of(first: dict[str, Activity]) -> Any:
    return lambda heard: first[heard.message_id]


@given(st.sets(st.integers(-(2**63), 2**63 - 1)), st.sets(st.integers(-(2**63), 2**63 - 1)))
def test_a_filter_forgets_nothing(added: set[int], others: set[int]) -> None:
    known = Filter(np.array(sorted(added), np.int64))
    assert set(known.maybe(np.array(sorted(added | others), np.int64)).tolist()) >= added
    assert known.size == len(added)


def test_a_filter_is_seldom_asked_in_vain() -> None:
    random = np.random.default_rng(1)
    keys = random.integers(-(2**63), 2**63 - 1, 4_100_000)
    wrong = len(Filter(keys[:4_000_000]).maybe(keys[4_000_000:]))
    assert wrong < 400  # of 100,000


async def test_parts_fill_and_are_known_to_whoever_comes_later(world: World) -> None:
    monday = date(2017, 3, 13)

    async def fresh(seen: Seen, *keys: int, fails: bool = False) -> list[int]:
        sent = np.array(sorted(keys), np.int64)
        with pytest.raises(ZeroDivisionError) if fails else nullcontext():
            async with world.db.transaction() as tx:
                new = await seen.fresh(tx, sent, monday, monday)
                assert not fails or 1 // 0
        return list(sent[new].tolist()) if not fails else []

    one, two = Seen(part_keys=3), Seen(part_keys=3)
    assert await fresh(one, 1, 2, 3) == [1, 2, 3]
    assert await fresh(one, 3, 4) == [4]
    assert await fresh(two, 2, 4, 5) == [5]
    assert await fresh(one, 4, 5, 6) == [6]  # of what another process added, too
    await fresh(one, 7, fails=True)
    assert await fresh(one, 6, 7) == [7]
    assert await world.value("SELECT array_agg(size ORDER BY part) FROM seen_part") == [3, 3, 1]
    later = date(2017, 3, 27)
    async with world.db.transaction() as tx:
        assert (await one.fresh(tx, np.array([1], np.int64), later, later)).all()
