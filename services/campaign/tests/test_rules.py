"""The checks, alone and in their pipeline."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_service.audiences.domain import Picking
from campaign_service.decisions.domain import (
    Bench,
    Candidate,
    Caps,
    Decision,
    Policy,
    QuietHours,
    Ruling,
    Terms,
    Verdict,
)
from campaign_service.decisions.rules import (
    RULES,
    control_group,
    in_words,
    of_the_moment,
    sending,
)
from campaign_service.experiments.assigning import position
from campaign_service.reach.domain import BITS, CHANNELS
from contracts.campaign.decisions import Outcome
from contracts.campaign.deliveries import DeliveryStatus

ZONE = ZoneInfo("Asia/Shanghai")
QUIET = QuietHours(time(21), time(9), ZONE)
POLICY = Policy(QUIET, {"sms": 5}, Caps(a_day=1, a_week=7))
MIDNIGHT = datetime(2017, 4, 1, tzinfo=ZONE).astimezone(UTC)
NOON = MIDNIGHT + timedelta(hours=12)


ALL = (1 << len(CHANNELS)) - 1


def terms(*, share: float = 0.0, budget_fen: int = 100_000, **more: Any) -> Terms:
    return Terms(
        **{
            "salt": "spring", "picking": Picking(), "control_share": share,
            "budget_fen": budget_fen, "channels": ("sms",), "caps": POLICY.caps, **more,
        }
    )  # fmt: skip


def candidate(number: int = 1, **more: Any) -> Candidate:
    wanted = {"moment": "ordered", "agreed": ALL, "reach": ALL, **more}
    return Candidate(UUID(int=number), "zh", MIDNIGHT - timedelta(days=40), **wanted)


def decided(
    *people: Candidate, under: Terms | None = None, now: datetime = MIDNIGHT, spent: int = 0
) -> list[Decision]:
    conditions = under or terms()
    bench = Bench(conditions, POLICY, RULES, now, spent)
    return list(bench.all(people, partial(control_group.held_out, conditions)))


def ruled(one: Candidate, under: Terms | None = None, *, now: datetime = MIDNIGHT) -> Ruling:
    (decision,) = decided(one, under=under, now=now)
    return decision.ruling


def stopped_by(ruling: Ruling) -> str | None:
    """The check that ended it."""
    last = ruling.verdicts[-1]
    return None if last.passed else last.check


@pytest.mark.parametrize(
    ("local", "opens"),
    [
        ("2017-04-01 20:59:59", "2017-04-01 20:59:59"),
        ("2017-04-01 21:00:00", "2017-04-02 09:00:00"),
        ("2017-04-01 23:59:59", "2017-04-02 09:00:00"),
        ("2017-04-02 00:00:00", "2017-04-02 09:00:00"),
        ("2017-04-02 08:59:59", "2017-04-02 09:00:00"),
        ("2017-04-02 09:00:00", "2017-04-02 09:00:00"),
        ("2017-12-31 22:00:00", "2018-01-01 09:00:00"),
    ],
)
def test_quiet_hours_at_their_edges(local: str, opens: str) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=ZONE).astimezone(UTC)
    assert QUIET.next_open(now) == datetime.fromisoformat(opens).replace(tzinfo=ZONE)


@given(
    st.datetimes(datetime(2016, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.times(),
    st.times(),
)
def test_what_opens_is_open_and_soonest(now: datetime, start: time, end: time) -> None:
    quiet = QuietHours(start, end, ZONE)
    opens = quiet.next_open(now)
    assert now <= opens < now + timedelta(days=1)
    assert quiet.next_open(opens) == opens
    assert opens == now or opens.astimezone(ZONE).time() == end


def test_control_group_is_a_stable_tenth() -> None:
    members = [UUID(int=number) for number in range(20_000)]
    held_out = {member for member in members if position("spring", member) < 0.1}
    assert 0.09 < len(held_out) / len(members) < 0.11
    assert held_out == {member for member in members if position("spring", member) < 0.1}
    other = {member for member in members if position("autumn", member) < 0.1}
    assert len(held_out & other) / len(members) == pytest.approx(0.01, abs=0.005)


def test_control_group_never_changes_between_versions() -> None:
    assert position("spring", UUID(int=1)) == pytest.approx(0.590159, abs=1e-6)


def test_who_is_held_out_goes_on_so_that_both_sides_are_known_alike() -> None:
    reachable = ruled(candidate(), terms(share=1.0))
    assert (reachable.outcome, reachable.channel, reachable.eligible) == (
        Outcome.CONTROL, None, True,
    )  # fmt: skip
    assert [verdict.check for verdict in reachable.verdicts] == [rule.name for rule in RULES]
    silent = ruled(candidate(agreed=0), terms(share=1.0))
    assert (silent.outcome, silent.eligible) == (Outcome.CONTROL, False)
    assert stopped_by(silent) == "consent"
    assert not ruled(candidate(agreed=0)).eligible


def test_held_out_members_take_nothing_from_the_budget() -> None:
    found = decided(*map(candidate, range(50)), under=terms(share=0.5, budget_fen=40))
    arms = [decision.arm for decision in found]
    treated = [decision.ruling.outcome for decision in found if decision.arm == "treated"]
    assert set(arms) == {"treated", "control"}
    assert treated == [Outcome.MESSAGE] * 8 + [Outcome.SKIPPED] * (len(treated) - 8)


@pytest.mark.parametrize(
    ("facts", "check"),
    [
        ({"objects": True}, "objection"),
        ({"agreed": ALL - BITS["sms"]}, "consent"),
        ({"suppressed": BITS["sms"]}, "suppression"),
        ({"barred": BITS["sms"]}, "suppression"),
        ({"today": 1, "week": ("push",)}, "caps"),
        ({"week": ("sms",) * 7}, "caps"),
        ({"reach": 0}, "channel"),
        ({}, None),
    ],
)
def test_each_check_stops_what_it_is_there_for(facts: dict[str, Any], check: str | None) -> None:
    ruling = ruled(candidate(**facts))
    assert stopped_by(ruling) == check
    assert (ruling.outcome is Outcome.MESSAGE) is (check is None)
    assert ruling.eligible is (check in (None, "caps"))


def test_what_concerns_an_own_order_needs_no_consent_but_a_right_number() -> None:
    own = terms(transactional=True, share=0.5)
    loud = candidate(objects=True, agreed=0, suppressed=ALL, today=9, week=("sms",) * 9)
    assert ruled(loud, own).channel == "sms"
    assert {decision.arm for decision in decided(*map(candidate, range(20)), under=own)} == {
        "treated"
    }
    assert stopped_by(ruled(candidate(barred=BITS["sms"]), own)) == "suppression"


def test_channels_in_their_sequence_the_members_own_first() -> None:
    three = terms(channels=("wechat", "sms", "push"))
    assert ruled(candidate(), three).channel == "wechat"
    assert ruled(candidate(prefers="push"), three).channel == "wechat"
    assert ruled(candidate(prefers="push"), replace(three, members_own=True)).channel == "push"
    assert ruled(candidate(agreed=ALL - BITS["wechat"]), three).channel == "sms"
    assert ruled(candidate(reach=BITS["push"]), three).channel == "push"
    assert ruled(candidate(agreed=BITS["sms"], suppressed=BITS["sms"]), three).channel is None
    assert ruled(candidate(reach=0), terms(channels=("sms", "pos"))).channel == "pos"


def test_a_channel_that_has_carried_its_share_leaves_it_to_the_next() -> None:
    caps = Caps(1, 9, {"call": 1})
    two = terms(channels=("call", "sms"), caps=caps)
    assert ruled(candidate(), two).channel == "call"
    assert ruled(candidate(week=("call",)), two).channel == "sms"
    alone = ruled(candidate(week=("call",)), terms(channels=("call",), caps=caps))
    assert stopped_by(alone) == "caps"


def test_the_stricter_cap_holds() -> None:
    ours, theirs = Caps(2, 5, {"sms": 3}, None), Caps(1, 9, {"sms": 4, "call": 1}, 2)
    assert ours.stricter(theirs) == theirs.stricter(ours)
    assert ours.stricter(theirs) == Caps(1, 5, {"sms": 3, "call": 1}, 2)
    campaign = ruled(candidate(of_campaign=2), terms(caps=Caps(9, 9, {}, 2)))
    assert stopped_by(campaign) == "caps"


def test_at_midnight_a_message_is_held_until_nine() -> None:
    ruling = ruled(candidate())
    assert ruling.outcome is Outcome.MESSAGE
    (quiet,) = (verdict for verdict in ruling.verdicts if verdict.check == "quiet_hours")
    assert not quiet.passed
    more = of_the_moment(quiet, MIDNIGHT, MIDNIGHT, ZONE)
    assert in_words(quiet, more).zh == "免打扰时段，保留至2017-04-01 09:00发送"


def test_what_would_be_out_of_date_in_the_morning_is_dropped() -> None:
    soon = terms(stale_after=timedelta(minutes=30))
    assert stopped_by(ruled(candidate(), soon)) == "stale"
    assert stopped_by(ruled(candidate(), soon, now=NOON)) is None, "picked at noon, for noon"
    late = candidate(moment="asked")._replace(occasion=NOON - timedelta(minutes=31))
    assert stopped_by(ruled(late, soon, now=NOON)) == "stale"
    assert stopped_by(ruled(late._replace(occasion=NOON), soon, now=NOON)) is None


def test_a_text_that_cannot_be_said_stops_its_channel() -> None:
    def fault(channel: str, language: str, values: Mapping[str, Any]) -> str | None:
        return "missing: points" if channel == "sms" and "points" not in values else None

    speaking = terms(fault=fault, channels=("sms", "push"))
    assert stopped_by(ruled(candidate(), speaking)) == "wording"
    assert ruled(candidate(values={"points": 3}), speaking).channel == "sms"
    assert ruled(candidate(agreed=BITS["push"]), speaking).channel == "push"


@given(st.integers(0, 40), st.integers(0, 100), st.floats(0, 0.5))
def test_budget_is_never_exceeded(people: int, budget_fen: int, share: float) -> None:
    found = decided(*map(candidate, range(people)), under=terms(share=share, budget_fen=budget_fen))
    messages = sum(decision.ruling.outcome is Outcome.MESSAGE for decision in found)
    wanted = sum(decision.arm == "treated" for decision in found)
    assert messages == min(wanted, budget_fen // 5)


_STANDINGS = st.builds(
    candidate,
    st.integers(0, 5),
    objects=st.booleans(),
    agreed=st.integers(0, ALL),
    reach=st.integers(0, ALL),
    suppressed=st.integers(0, ALL),
    barred=st.integers(0, ALL),
    prefers=st.sampled_from([None, *CHANNELS]),
    today=st.integers(0, 3),
    week=st.lists(st.sampled_from(CHANNELS), max_size=8).map(sorted).map(tuple),
    of_campaign=st.integers(0, 3),
)


@given(
    _STANDINGS,
    st.permutations(CHANNELS).flatmap(
        lambda order: st.integers(1, len(order)).map(lambda n: tuple(order[:n]))
    ),
    st.booleans(),
    st.floats(0, 1),
)
def test_no_message_against_consent_suppression_caps_or_the_lot(
    one: Candidate, channels: tuple[str, ...], own: bool, share: float
) -> None:
    caps = Caps(2, 6, {"call": 1, "sms": 2}, 2)
    under = terms(channels=channels, members_own=own, share=share, caps=caps)
    ruling = ruled(one, under)
    if ruling.outcome is not Outcome.MESSAGE:
        assert ruling.channel is None
        return
    assert ruling.channel in channels
    bit = BITS[ruling.channel]
    assert one.agreed & bit and not (one.suppressed | one.barred) & bit and not one.objects
    assert one.reach & bit or ruling.channel in ("pos", "webhook")
    assert one.today < caps.a_day and len(one.week) < caps.a_week and one.of_campaign < 2
    assert one.week.count(ruling.channel) < caps.of_channel.get(ruling.channel, 9)
    assert not control_group.held_out(under, one.member_id)


def test_every_verdict_has_words_in_both_languages() -> None:
    moments = ("", "entered", "ordered", "joined", "asked", "tier")
    fault = terms(fault=lambda *_: "too long")
    rulings = [
        *(ruled(candidate(moment=moment, tier="gold")) for moment in moments),
        ruled(candidate(), terms(share=1.0)),
        ruled(candidate(), terms(channels=("sms", "push"))),
        ruled(candidate(), terms(transactional=True)),
        ruled(candidate(), terms(budget_fen=4)),
        ruled(candidate(), terms(stale_after=timedelta(minutes=1))),
        ruled(candidate(), fault),
        ruled(candidate(), now=NOON),
        ruled(candidate(of_campaign=1), terms(caps=Caps(1, 1, {}, 1))),
        ruled(candidate(week=("sms",)), terms(caps=Caps(1, 9, {"sms": 1}))),
    ]
    for facts in (
        {"objects": True}, {"agreed": 0}, {"barred": ALL}, {"today": 1}, {"week": ("sms",) * 9},
        {"reach": 0},
    ):  # fmt: skip
        rulings.append(ruled(candidate(**facts)))
    verdicts = [verdict for ruling in rulings for verdict in ruling.verdicts]
    for status in DeliveryStatus:
        for reason in (None, "no_consent", "isv.BUSINESS_LIMIT_CONTROL"):
            if (answered := sending.verdict(status, reason)) is not None:
                verdicts.append(answered)
    never_fail = {("audience", False)}  # who is not in it is no candidate
    assert {(rule.name, passed) for rule in RULES for passed in (True, False)} - never_fail <= {
        (verdict.check, verdict.passed) for verdict in verdicts
    }
    for verdict in verdicts:
        words = in_words(verdict, of_the_moment(verdict, MIDNIGHT, NOON, ZONE))
        assert words.zh and words.en and "{" not in words.zh + words.en


def test_a_decision_of_before_is_still_told() -> None:
    before = Verdict("audience", True, {"last_order_on": "2017-03-01", "days": 31})
    assert "2017-03-01, 31 days ago" in in_words(before).en
    assert in_words(Verdict("daily_cap", False, {"day": "2017-04-01"})).en.startswith("there is")
