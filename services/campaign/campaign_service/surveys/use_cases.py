"""Plan surveys, invite, take answers once, tell figures."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from campaign_service.activities.use_cases import bad_token
from campaign_service.activities.use_cases import member as known_member
from campaign_service.decisions.domain import QuietHours
from campaign_service.kpis import use_cases as kpis
from campaign_service.surveys import domain, repository
from campaign_service.surveys.domain import Invitation, Survey
from campaign_service.templates import composing
from campaign_service.templates import repository as templates
from campaign_service.templates.use_cases import SHIPPED_BY, Press, script_of
from campaign_service.tokens import NOBODY, Signer, Token, Use
from chassis.database import Database, Tx
from chassis.problem import Problem
from contracts import surveys as api
from contracts.base import ProblemError
from contracts.events import MessageRequested, MessageSent, RecordedOrder
from contracts.gateway_events import MessageReported

FRESH = timedelta(days=3)  # what is told later is history that was imported
TEMPLATE = "survey-invitation"
WINDOW = timedelta(days=90)
FOLLOW_UP = timedelta(days=3)
_NO_FIELDS = {ord("{"): "｛", ord("}"): "｝"}


@dataclass(frozen=True, slots=True)
class Post:
    """What invitations leave with."""

    press: Press
    signer: Signer
    quiet: QuietHours


async def ship(db: Database) -> None:
    """Put in the surveys that ship, closed."""
    async with db.transaction() as tx:
        for body in _shipped():
            survey_id = tx.ids.derive("survey", body.key)
            await repository.add(tx, _survey(survey_id, body, SHIPPED_BY, tx.now))


async def plan(tx: Tx, author: str, body: api.SurveyRequest) -> api.Survey:
    """A new survey. Raises Problem 422 for questions that cannot be answered, 409 for its key."""
    names = [each.question for each in body.questions]
    errors = [
        ProblemError(
            pointer=f"/questions/{n}", code="bad_question",
            detail="a name of its own; options for a choice, and only for that",
        )
        for n, each in enumerate(body.questions)
        if each.question in names[:n] or (len(each.options) > 1) != each.kind.startswith("choice")
    ]  # fmt: skip
    if errors:
        raise Problem(422, "bad_questions", "This cannot be answered", errors=errors)
    survey = _survey(tx.ids.new(), body, author, tx.now)
    if not await repository.add(tx, survey):
        raise Problem(409, "survey_exists", "There is a survey of this key", pointer="/key")
    return _answer(survey)


async def listed(tx: Tx, before: int | None, limit: int) -> api.SurveyPage:
    """A page of surveys."""
    found = await repository.page(tx, before, limit + 1)
    more = len(found) > limit
    return api.SurveyPage(
        data=[_answer(each) for each in found[:limit]],
        next_cursor=str(found[limit - 1].seq) if more else None,
    )


async def show(tx: Tx, survey_id: UUID) -> api.Survey:
    """One survey. Raises Problem 404."""
    return _answer(await known(tx, survey_id))


async def switch(tx: Tx, survey_id: UUID, *, is_open: bool) -> api.Survey:
    """Open or close. Raises Problem 404."""
    await repository.set_open(tx, survey_id, is_open=is_open)
    return await show(tx, survey_id)


async def after_orders(tx: Tx, orders: Sequence[RecordedOrder]) -> None:
    """A share of fresh purchases is followed by an invitation."""
    occasions = [
        (order.order_no, order.member_id, order.store_id)
        for order in orders
        if order.paid_at > tx.now - FRESH
    ]
    await _follow(tx, "purchase", occasions)


async def after_service(tx: Tx, served: Sequence[tuple[UUID, UUID]]) -> None:
    """Services as (what was done, member) are followed as well."""
    await _follow(tx, "service", [(str(what), member, None) for what, member in served])


async def invite(tx: Tx, survey_id: UUID, body: api.InvitationRequest) -> api.Invited:
    """These members now. Raises Problem 404, 409 `closed`."""
    survey = await known(tx, survey_id)
    _refuse_closed(survey)
    await repository.lock(tx)
    occasions = [(tx.ids.new(), member, None) for member in body.members]
    return api.Invited(invited=await repository.invite(tx, survey, occasions))


async def send(tx: Tx, post: Post, now: datetime, limit: int) -> bool:
    """Invitations that are due leave, outside quiet hours; answers whether more may be due."""
    if post.quiet.next_open(now) > now:
        return False
    due = await repository.take_due(tx, now, post.quiet.day(now), limit)
    template = await templates.by_key(tx, TEMPLATE) if due else None
    if template is None:
        return False
    script, marked = script_of(template), []
    for row in due:
        token = Token(Use.SURVEY, row["invitation_id"], NOBODY, row["until"])
        link = post.signer.address(post.signer.sign(token))
        content = script.content(
            row["channel"], row["language"], script.variants(row["channel"])[0]
        )
        assert content is not None, "the template has every channel that surveys have"
        values = {"link": link, "store": row["store"]}
        message = composing.compose(content, values, script, post.press.sms)
        marked.append((row["invitation_id"], "requested" if message.sendable else "refused"))
        if message.sendable:
            _tell(tx, row, message.parts, now)
    await repository.mark(tx, marked)
    return len(due) == limit


async def on_reported(tx: Tx, events: Sequence[MessageReported]) -> None:
    """What became of invitations after they left."""
    await repository.mark(tx, [(event.delivery_id, event.status) for event in events])


async def on_sent(tx: Tx, events: Sequence[MessageSent]) -> None:
    """What became of invitations; other messages are somebody else's."""
    await repository.mark(tx, [(event.delivery_id, event.status) for event in events
                               if event.status in ("sent", "refused")])  # fmt: skip


async def answer(
    tx: Tx, signer: Signer, survey_id: UUID, member_id: UUID, body: api.AnswerRequest
) -> api.SurveyAnswer:
    """A member's answers, once an invitation.

    Raises Problem 404 without an invitation, 409 `answered` or `closed`, 422 for what does not fit.
    """
    current = await known_member(tx, member_id)
    if body.token is None:
        asked = await repository.waiting_for(tx, survey_id, current)
    else:
        token = signer.read(body.token, tx.now, Use.SURVEY)
        asked = await repository.invitation(tx, token.about) if token else None
        if asked is None or (asked.survey_id, asked.member_id) != (survey_id, current):
            raise bad_token()
    if asked is None or tx.now >= asked.until:
        raise Problem(404, "no_invitation", "The member was not asked, or too long ago")
    return await record(tx, asked, body.answers)


async def record(
    tx: Tx, asked: Invitation, answers: Mapping[str, Sequence[str]]
) -> api.SurveyAnswer:
    """Answers of who was asked. Raises Problem as `answer`."""
    survey = await known(tx, asked.survey_id)
    _refuse_closed(survey)
    if names := domain.unfit(survey, answers):
        known_names = {each["question"] for each in survey.questions}
        errors = [
            ProblemError(
                pointer=f"/answers/{name}" if name in known_names else "/answers",
                code="unfit_answer", detail="not one of what may be answered",
            )
            for name in names
        ]  # fmt: skip
        raise Problem(422, "unfit_answers", "Something is not answered", errors=errors)
    measured = survey.measured
    given = answers.get(measured["question"], ()) if measured else ()
    score = int(given[0]) if given else None
    kept = {name: list(values) for name, values in answers.items() if values}
    kind = measured["kind"] if measured else None
    if not await repository.answer(tx, asked, kind, score, kept):
        raise Problem(409, "answered", "This was answered already")
    await kpis.note_answer(tx, asked.invitation_id)
    if domain.to_follow_up(survey, score):
        _call(tx, asked, survey, score)
    return api.SurveyAnswer.model_validate({
        "member_id": asked.member_id, "touchpoint": survey.touchpoint, "score": score,
        "answers": kept, "answered_at": tx.now,
    })  # fmt: skip


async def answers(tx: Tx, survey_id: UUID, before: int | None, limit: int) -> api.SurveyAnswerPage:
    """A page of answers. Raises Problem 404."""
    survey = await known(tx, survey_id)
    rows = await repository.answers(tx, survey_id, before, limit + 1)
    return api.SurveyAnswerPage(
        data=[
            api.SurveyAnswer.model_validate(
                {n: v for n, v in dict(row).items() if n != "seq"}
                | {"touchpoint": survey.touchpoint}
            )
            for row in rows[:limit]
        ],
        next_cursor=str(rows[limit - 1]["seq"]) if len(rows) > limit else None,
    )


async def report(tx: Tx, survey_id: UUID) -> api.SurveyReport:
    """How many answered what. Raises Problem 404."""
    await known(tx, survey_id)
    data = [api.OptionCount(**row) for row in await repository.chosen(tx, survey_id)]
    return api.SurveyReport(
        survey_id=survey_id, data=data, **await repository.counts(tx, survey_id)
    )


async def satisfaction(
    tx: Tx, since: datetime | None, by: str | None = None
) -> api.SatisfactionReport:
    """NPS and satisfaction by touchpoint, and within by channel, store or month."""
    since = since or tx.now - WINDOW
    rows = await repository.scores(tx, since, by)
    return api.SatisfactionReport(since=since, data=[_satisfaction(row) for row in rows])


async def known(tx: Tx, survey_id: UUID) -> Survey:
    """A survey. Raises Problem 404."""
    survey = await repository.get(tx, survey_id)
    if survey is None:
        raise Problem(404, "unknown_survey", "There is no such survey")
    return survey


async def _follow(
    tx: Tx, touchpoint: str, occasions: Sequence[tuple[str, UUID, str | None]]
) -> None:
    if not occasions:
        return
    for survey in await repository.open_at(tx, touchpoint):
        drawn = [
            (tx.ids.derive("invitation", survey.key, what), member, store)
            for what, member, store in occasions
            if domain.sampled(what, survey.key, survey.document["share"])
        ]
        if drawn:
            await repository.lock(tx)
            await repository.invite(tx, survey, drawn)


def _tell(tx: Tx, row: Any, parts: Mapping[str, str], now: datetime) -> None:
    """Whether the member agreed is the gateway's last check, as for all marketing."""
    tx.publish(
        MessageRequested(
            delivery_id=row["invitation_id"],
            member_id=row["member_id"],
            campaign_id=row["survey_id"],
            channel=row["channel"],
            purpose="marketing",
            text=parts.get("text") or parts["body"],
            requested_at=now,
        )
    )


def _call(tx: Tx, asked: Invitation, survey: Survey, score: int | None) -> None:
    """A task for the service desk, about the member's own answer: no marketing."""
    names = {lang: survey.document["name"][lang].translate(_NO_FIELDS) for lang in ("zh", "en")}
    at = {"zh": f"（门店 {asked.store}）", "en": f" (store {asked.store})"} if asked.store else {}
    tx.publish(
        MessageRequested(
            delivery_id=tx.ids.derive("follow_up", str(asked.invitation_id)),
            member_id=asked.member_id,
            campaign_id=survey.survey_id,
            channel="call",
            purpose="transactional",
            title="低分回访 A low score",
            text=f"“{names['zh']}”评分 {score}{at.get('zh', '')}，请回访。"
            f" {names['en']}: score {score}{at.get('en', '')}. Please call.",
            requested_at=tx.now,
            until=tx.now + FOLLOW_UP,
        )
    )


def _refuse_closed(survey: Survey) -> None:
    if not survey.open:
        raise Problem(409, "closed", "The survey is closed")


def _satisfaction(row: Any) -> api.Satisfaction:
    scores = Counter(row["scores"] or ())
    n = scores.total()
    figure = None
    if n and row["measure"] == "nps":
        promoters = sum(scores[each] for each in (9, 10))
        passives = sum(scores[each] for each in (7, 8))
        figure = domain.nps(promoters, passives, n - promoters - passives)
    elif n:
        figure = domain.csat(scores[4] + scores[5], n)
    values = (figure.value, figure.low, figure.high) if figure else (None, None, None)
    value, low, high = (None if each is None else round(each, 1) for each in values)
    return api.Satisfaction.model_validate({
        "measure": row["measure"], "touchpoint": row["touchpoint"], "part": row["part"],
        "invited": row["invited"], "answers": n, "value": value, "low": low, "high": high,
    })  # fmt: skip


def _survey(survey_id: UUID, body: api.SurveyRequest, author: str, now: datetime) -> Survey:
    return Survey(
        0, survey_id, body.key, body.model_dump(mode="json"), body.touchpoint, False, author, now
    )


def _answer(survey: Survey) -> api.Survey:
    return api.Survey.model_validate({
        **survey.document, "survey_id": survey.survey_id, "open": survey.open,
        "author": survey.author, "created_at": survey.created_at,
    })  # fmt: skip


@cache
def _shipped() -> list[api.SurveyRequest]:
    found = msgspec.json.decode((Path(__file__).parent / "shipped.json").read_bytes())
    return [api.SurveyRequest.model_validate(each) for each in found]
