"""The checks, alone and in their pipeline."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_service.audiences.domain import Member
from campaign_service.audiences.rules import picking
from campaign_service.decisions.domain import (
    Candidate,
    Case,
    Decision,
    Policy,
    QuietHours,
    Terms,
    decide,
    decide_all,
)
from campaign_service.decisions.rules import RULES, consent, in_words
from campaign_service.experiments.assigning import position
from contracts.campaign.decisions import Outcome
from contracts.campaign.deliveries import DeliveryStatus

ZONE = ZoneInfo("Asia/Shanghai")
QUIET = QuietHours(time(21), time(9), ZONE)
POLICY = Policy(QUIET, message_cost_fen=5)
MIDNIGHT = datetime(2017, 4, 1, tzinfo=ZONE).astimezone(UTC)
NOON = MIDNIGHT + timedelta(hours=12)


def terms(*, share: float = 0.0, budget_fen: int = 100_000, now: datetime = MIDNIGHT) -> Terms:
    return Terms("spring", picking({"days_without_purchase": 30}, now), share, budget_fen)


def candidate(days: float = 40, *, number: int = 1, messages: int = 0) -> Candidate:
    ordered = MIDNIGHT - timedelta(days=days)
    return Candidate(Member(UUID(int=number), None, "zh", ordered, 3), ordered, messages)


def decision_of(
    who: Candidate, conditions: Terms | None = None, *, now: datetime = MIDNIGHT, spent: int = 0
) -> Decision:
    return decide(Case(conditions or terms(), POLICY, who, now, spent), RULES)


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


def test_who_bought_lately_or_never_is_not_meant() -> None:
    assert decision_of(candidate(30)).outcome is Outcome.MESSAGE
    late = decision_of(candidate(29.99))
    assert (late.outcome, late.verdicts[-1].check) == (Outcome.SKIPPED, "audience")


def test_control_group_is_a_stable_tenth() -> None:
    members = [UUID(int=number) for number in range(20_000)]
    held_out = {member for member in members if position("spring", member) < 0.1}
    assert 0.09 < len(held_out) / len(members) < 0.11
    assert held_out == {member for member in members if position("spring", member) < 0.1}
    other = {member for member in members if position("autumn", member) < 0.1}
    assert len(held_out & other) / len(members) == pytest.approx(0.01, abs=0.005)


def test_control_group_never_changes_between_versions() -> None:
    assert position("spring", UUID(int=1)) == pytest.approx(0.590159, abs=1e-6)


def test_control_comes_before_caps_and_ends_the_pipeline() -> None:
    decision = decision_of(candidate(messages=1), terms(share=1.0))
    assert decision.outcome is Outcome.CONTROL
    assert [verdict.check for verdict in decision.verdicts] == [
        "audience", "objection", "control_group",
    ]  # fmt: skip


def test_one_message_a_day() -> None:
    decision = decision_of(candidate(messages=1))
    assert (decision.outcome, decision.verdicts[-1].check) == (Outcome.SKIPPED, "daily_cap")


def test_at_midnight_a_message_is_held_until_nine() -> None:
    decision = decision_of(candidate())
    assert decision.outcome is Outcome.MESSAGE
    assert decision.due_at == MIDNIGHT + timedelta(hours=9)
    assert not decision.verdicts[-1].passed
    assert in_words(decision.verdicts[-1]).zh == "免打扰时段，保留至2017-04-01 09:00发送"


def test_at_noon_it_leaves_at_once() -> None:
    assert decision_of(candidate(), now=NOON).due_at == NOON


@given(st.integers(0, 40), st.integers(0, 100), st.floats(0, 0.5))
def test_budget_is_never_exceeded(people: int, budget_fen: int, share: float) -> None:
    decisions = decide_all(
        [candidate(number=number) for number in range(people)],
        RULES,
        terms=terms(share=share, budget_fen=budget_fen),
        policy=POLICY,
        now=MIDNIGHT,
        spent_fen=0,
    )
    messages = sum(decision.outcome is Outcome.MESSAGE for decision in decisions)
    wanted = sum(decision.outcome is not Outcome.CONTROL for decision in decisions)
    assert messages == min(wanted, budget_fen // 5)


def test_every_verdict_has_words_in_both_languages() -> None:
    cases = [
        decision_of(candidate()),
        decision_of(candidate(1)),
        decision_of(candidate(), terms(share=1.0)),
        decision_of(candidate(messages=1)),
        decision_of(replace(candidate(), objects=True)),
        decision_of(candidate(), terms(budget_fen=4)),
        decision_of(candidate(), now=NOON),
    ]
    verdicts = [verdict for decision in cases for verdict in decision.verdicts]
    for status in (DeliveryStatus.SENT, DeliveryStatus.REFUSED):
        answered = consent.verdict(status, "no_consent")
        assert answered is not None
        verdicts.append(answered)
    assert {(rule.name, passed) for rule in RULES for passed in (True, False)} <= {
        (verdict.check, verdict.passed) for verdict in verdicts
    }
    for verdict in verdicts:
        words = in_words(verdict)
        assert words.zh and words.en and "{" not in words.zh + words.en
