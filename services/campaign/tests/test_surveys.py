"""Surveys: who is asked and how often, one answer a link, figures whose intervals hold."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from services.campaign.tests.world import QUIET, World, at

from campaign_service.pages import use_cases as pages
from campaign_service.rights.subscribers import RIGHTS
from campaign_service.settings import CampaignSettings
from campaign_service.splits import use_cases as splits
from campaign_service.surveys import domain, jobs, subscribers, use_cases
from campaign_service.surveys.use_cases import Post
from campaign_service.templates.limits import Sms
from campaign_service.templates.use_cases import Press, ship
from campaign_service.templates.writing import WRITERS
from campaign_service.tokens import NOBODY, Signer, Token, Use
from chassis.clock import DrivenClock
from chassis.problem import Problem
from contracts import surveys as api
from contracts.events import (
    MembersMerged,
    MembersSplit,
    MessageRequested,
    MessageSent,
    OrdersRecorded,
    RecordedOrder,
)
from contracts.gateway_events import MessageReported, RightsAnswered, RightsRequested
from contracts.pages import PageForm
from contracts.points_events import BenefitApplied
from testkit.callers import together

SIGNER = Signer("secret", "https://shop.example")
SMS = Sms({"zh": "【会员中心】", "en": "[Members] "}, 41)
POST = Post(Press(SMS, WRITERS["rules"]), SIGNER, QUIET)
NPS: dict[str, Any] = {
    "key": "nps", "name": {"zh": "购物体验", "en": "Your purchase"}, "touchpoint": "purchase",
    "share": 1.0, "delay_hours": 0, "quiet_days": 30, "valid_days": 14,
    "questions": [
        {"question": "recommend", "kind": "nps", "text": {"zh": "推荐吗？", "en": "Recommend?"}},
        {"question": "why", "kind": "choices", "required": False,
         "text": {"zh": "为何", "en": "Why"},
         "options": [{"option": o, "name": {"zh": o, "en": o}} for o in ("price", "staff")]},
    ],
}  # fmt: skip


async def opened(world: World, **more: Any) -> UUID:
    await ship(world.db)
    body = api.SurveyRequest.model_validate({**NPS, **more})
    async with world.db.transaction() as tx:
        survey_id = (await use_cases.plan(tx, "ann", body)).survey_id
        await use_cases.switch(tx, survey_id, is_open=True)
    return survey_id


async def order(world: World, *numbers: int, no: str = "o", days_ago: int = 0) -> None:
    paid = world.db.clock.now() - timedelta(days=days_ago)
    orders = [
        RecordedOrder(f"{no}{n}", UUID(int=n), "s1", "pos", paid, 1_000, 10, 0, []) for n in numbers
    ]
    await world.hear([OrdersRecorded(orders)], subscribers.on_orders)


async def leave(world: World) -> None:
    for job in jobs.jobs(POST):
        await job.run(world.db, world.db.clock.now())


async def links(world: World) -> dict[int, str]:
    """The token in each member's newest message."""
    told = await world.told(MessageRequested)
    return {each.member_id.int: each.text.rpartition("/s/")[2].split()[0] for each in told}


async def send(world: World, token: str, **fields: Sequence[str]) -> PageForm:
    async with world.db.transaction() as tx:
        return await pages.send(tx, SIGNER, token, "zh", fields)


async def invited(world: World) -> list[int]:
    async with world.db.transaction(readonly=True) as tx:
        rows = await tx.fetch("SELECT member_id FROM survey_invitation ORDER BY member_id")
    return [row["member_id"].int for row in rows]


async def test_a_member_is_asked_once_in_so_many_days(world: World, clock: DrivenClock) -> None:
    clock.move(at("2090-03-01 12:00"), ticking=False)
    await world.members(1, 2, 3)
    survey = await opened(world)
    await order(world, 1, 1, 2)
    await order(world, 1, 2, no="again")
    await order(world, 3, days_ago=4)  # imported
    assert await invited(world) == [1, 2]
    async with world.db.transaction() as tx:
        desk = api.InvitationRequest(members=[UUID(int=n) for n in (1, 3, 9)])
        assert (await use_cases.invite(tx, survey, desk)).invited == 1
    await together([order(world, n, no=f"at once {k}") for n in (1, 2, 3) for k in range(4)])
    assert await invited(world) == [1, 2, 3]
    clock.move(at("2090-03-31 13:00"), ticking=False)
    await order(world, 1, no="later")
    assert await invited(world) == [1, 1, 2, 3]
    async with world.db.transaction() as tx:
        await use_cases.switch(tx, survey, is_open=False)
    await order(world, 2, no="closed")
    assert await invited(world) == [1, 1, 2, 3]


async def test_it_is_sent_outside_quiet_hours_and_answered_once(
    world: World, clock: DrivenClock
) -> None:
    clock.move(at("2090-03-01 22:00"), ticking=False)
    await world.members(1, 2)
    survey = await opened(world)
    await order(world, 1, 2)
    await leave(world)
    assert await world.told(MessageRequested) == []
    clock.move(at("2090-03-02 09:00"), ticking=False)
    await leave(world)
    await leave(world)
    told = await world.told(MessageRequested)
    assert [(each.purpose, each.channel) for each in told] == [("marketing", "sms")] * 2
    assert (
        told[0].text.startswith("{name}，您在s1的体验如何")
        and "https://shop.example/s/" in told[0].text
    )
    answered = [MessageSent(each.delivery_id, "sent", None, each.requested_at) for each in told]
    await world.hear([*answered, MessageSent(UUID(int=4), "sent")], subscribers.on_sent)
    token = (await links(world))[1]
    async with world.db.transaction(readonly=True) as tx:
        form = await pages.look(tx, SIGNER, token, "en")
    assert (form.language, form.title, len(form.questions)) == ("zh", "购物体验", 2)
    bad = await send(world, token, recommend=["11"])
    assert bad.questions[0].fault and not bad.questions[1].fault
    forms = await together([send(world, token, recommend=[str(n)], why=["price"]) for n in (9, 3)])
    assert sorted(form.text[0] for form in forms) == [
        "已收到您的回答，谢谢！",
        "您已经回答过了，谢谢！",
    ]
    async with world.db.transaction(readonly=True) as tx:
        report = await use_cases.report(tx, survey)
        page = await use_cases.answers(tx, survey, None, 10)
    assert (report.invited, report.sent, report.answered) == (2, 2, 1)
    assert [(each.question, each.answers) for each in report.data] == [
        ("recommend", 1), ("why", 1),
    ]  # fmt: skip
    assert page.data[0].score in (9, 3) and page.data[0].member_id == UUID(int=1)
    clock.move(at("2090-03-20"), ticking=False)
    with pytest.raises(Problem, match="unknown_page"):
        await send(world, (await links(world))[2], recommend=["9"])


async def test_the_app_answers_without_a_link(world: World) -> None:
    await world.members(1, 2)
    survey = await opened(world)
    await order(world, 1)

    async def answer(number: int, **more: Any) -> api.SurveyAnswer:
        body = api.AnswerRequest.model_validate({"answers": {"recommend": ["10"]}, **more})
        async with world.db.transaction() as tx:
            return await use_cases.answer(tx, SIGNER, survey, UUID(int=number), body)

    with pytest.raises(Problem, match="no_invitation"):
        await answer(2)
    with pytest.raises(Problem, match="unfit_answers") as unfit:
        await answer(1, answers={"why": ["price", "price"], "phone": ["13800138000"]})
    assert [each.pointer for each in unfit.value.errors] == [
        "/answers/recommend", "/answers/why", "/answers",
    ]  # fmt: skip
    foreign = SIGNER.sign(Token(Use.SURVEY, UUID(int=3), UUID(int=1), at("2190-01-01")))
    with pytest.raises(Problem, match="bad_token"):
        await answer(1, token=foreign)
    assert (await answer(1)).score == 10
    with pytest.raises(Problem, match="answered"):
        await answer(1)


async def test_figures_by_touchpoint_follow_merges_and_erasure(world: World) -> None:
    await world.members(*range(1, 9))
    await opened(world)
    service = await opened(
        world, key="desk", touchpoint="service",
        questions=[{"question": "ok", "kind": "csat", "text": {"zh": "满意？", "en": "Good?"}}],
    )  # fmt: skip
    await order(world, 1, 2, 3, 4, 5)
    given = [BenefitApplied(UUID(int=50 + n), UUID(int=n), "parking", status, at("2090-03-01"))
             for n, status in ((6, "fulfilled"), (7, "fulfilled"), (8, "refused"))]  # fmt: skip
    await world.hear(given, subscribers.on_benefits)
    async with world.db.transaction() as tx:
        rows = await tx.fetch("SELECT invitation_id, member_id, survey_id FROM survey_invitation")
    until = at("2190-01-01")
    for row in rows:
        token = SIGNER.sign(Token(Use.SURVEY, row["invitation_id"], NOBODY, until))
        n = row["member_id"].int
        answers = {"ok": ["5"]} if row["survey_id"] == service else {"recommend": [str(12 - n)[-1]]}
        if n != 5:
            await send(world, token, **answers)

    async def figures() -> list[tuple[Any, ...]]:
        async with world.db.transaction(readonly=True) as tx:
            found = (await use_cases.satisfaction(tx, at("2000-01-01"))).data
        return [(f.measure, f.touchpoint, f.invited, f.answers, f.value) for f in found]

    # scores 1 (of 11), 0 (of 10), 9, 8
    assert await figures() == [("csat", "service", 2, 2, 100.0), ("nps", "purchase", 5, 4, -25.0)]
    await world.merge((1, 2))
    merged = MembersMerged(UUID(int=9), UUID(int=2), UUID(int=1), at("2017-02-01"), "phone:x")
    await world.hear([merged], subscribers.on_merged)
    assert (await invited(world)).count(2) == 2
    part = MembersSplit(
        UUID(int=9), UUID(int=2), UUID(int=1), [], [], [], at("2017-02-01"), at("2017-02-02")
    )
    await world.hear([part], splits.follow)
    assert (await invited(world)).count(2) == 1
    copy = RightsRequested(UUID(int=7), "copy", [UUID(int=1)], at("2090-04-01"))
    await world.hear([copy], RIGHTS.answer)
    sections = (await world.told(RightsAnswered))[-1].sections
    assert sections["survey_answer"][0]["answers"] == {"recommend": ["1"]}
    erase = RightsRequested(UUID(int=8), "erase", [UUID(int=1)], at("2090-04-01"))
    await world.hear([erase], RIGHTS.answer)
    assert (await figures())[1] == ("nps", "purchase", 4, 3, 0.0)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """95 % of 20,000 draws, for few answers and lopsided shares; Wald's own would be at 83 %."""
    chance = np.random.default_rng(7)
    for n, shares in ((12, (0.8, 0.15, 0.05)), (40, (0.5, 0.3, 0.2)), (200, (0.1, 0.2, 0.7))):
        truth = 100 * (shares[0] - shares[2])
        held = draws = 0
        for counts in chance.multinomial(n, shares, size=4_000):
            figure = domain.nps(*map(int, counts))
            held, draws = held + (figure.low <= truth <= figure.high), draws + 1
        assert 0.93 < held / draws < 0.985, (n, held / draws)
        hits = chance.binomial(n, shares[0], size=4_000)
        kept = [domain.csat(int(k), n) for k in hits]
        share = sum(each.low <= 100 * shares[0] <= each.high for each in kept) / 4_000
        assert 0.92 < share < 0.985, (n, share)


def test_few_answers_of_one_kind_say_little() -> None:
    one = domain.nps(1, 0, 0)
    assert one.value == one.high == 100 and one.low < 0
    assert domain.nps(0, 0, 1).low == -100
    all_of_them = domain.csat(3, 3)
    assert all_of_them.value == all_of_them.high == 100 and all_of_them.low < 50


def test_sampling_is_even_and_repeatable() -> None:
    drawn = [domain.sampled(f"o{n}", "nps", 0.1) for n in range(10_000)]
    assert drawn == [domain.sampled(f"o{n}", "nps", 0.1) for n in range(10_000)]
    assert 850 < sum(drawn) < 1_150  # five standard deviations
    assert all(domain.sampled(f"o{n}", "x", 1.0) for n in range(100))
    assert not any(domain.sampled(f"o{n}", "x", 0.0) for n in range(100))


async def test_plans_that_cannot_be_answered_are_refused(world: World) -> None:
    twice = [NPS["questions"][0]] * 2
    empty = [{"question": "q", "kind": "choice", "text": {"zh": "x", "en": "x"}}]
    for questions in (twice, empty):
        body = api.SurveyRequest.model_validate({**NPS, "questions": questions})
        async with world.db.transaction() as tx:
            with pytest.raises(Problem, match="bad_questions"):
                await use_cases.plan(tx, "ann", body)


async def test_what_ships_is_closed_and_ready(world: World) -> None:
    await use_cases.ship(world.db)
    await use_cases.ship(world.db)
    async with world.db.transaction(readonly=True) as tx:
        found = (await use_cases.listed(tx, None, 10)).data
    assert {(each.key, each.open) for each in found} == {
        ("nps-after-purchase", False), ("csat-after-service", False),
    }  # fmt: skip
    assert CampaignSettings().sms_link_length >= len(f"{CampaignSettings().public_url}/u/") + 16


async def test_a_low_score_is_a_task_for_the_desk(world: World, clock: DrivenClock) -> None:
    clock.move(at("2090-03-01 12:00"), ticking=False)
    await world.members(1, 2, 3)
    await opened(world, follow_up_at=6, name={"zh": "购{物}", "en": "Buying"})
    await order(world, 1, 2, 3)
    await leave(world)
    tokens = await links(world)
    for number, score in ((1, "6"), (2, "7"), (1, "0")):
        await send(world, tokens[number], recommend=[score])
    (task,) = [each for each in await world.told(MessageRequested) if each.channel == "call"]
    assert (task.member_id, task.purpose) == (UUID(int=1), "transactional")
    assert task.text.startswith("“购｛物｝”评分 6（门店 s1），请回访。 Buying: score 6 (store s1)")
    assert task.until == clock.now() + timedelta(days=3)


async def test_who_was_not_reached_may_be_asked_again(world: World, clock: DrivenClock) -> None:
    clock.move(at("2090-03-01 12:00"), ticking=False)
    await world.members(1, 2, 3)
    survey = await opened(world)
    await order(world, 1, 2, 3)
    await leave(world)
    ids = {each.member_id.int: each.delivery_id for each in await world.told(MessageRequested)}
    reports = [MessageReported(ids[1], "failed", "off"), MessageReported(ids[2], "delivered")]
    await world.hear(reports, subscribers.on_reported)  # a receipt may come before the answer
    sent = [MessageSent(each, "sent", None, clock.now()) for each in ids.values()]
    late = [MessageReported(ids[2], "failed", "late"), MessageReported(UUID(int=4), "failed")]
    await world.hear(sent, subscribers.on_sent)
    await world.hear(late, subscribers.on_reported)
    await order(world, 1, 2, 3, no="again")
    assert await invited(world) == [1, 1, 2, 3]
    async with world.db.transaction(readonly=True) as tx:
        report = await use_cases.report(tx, survey)
        parts = {
            by: [(each.part, each.invited) for each in
                 (await use_cases.satisfaction(tx, None, by)).data]
            for by in ("store", "channel", "month")
        }  # fmt: skip
    assert (report.invited, report.sent) == (4, 2)
    assert parts == {"store": [("s1", 4)], "channel": [("sms", 4)], "month": [("2090-03", 4)]}
