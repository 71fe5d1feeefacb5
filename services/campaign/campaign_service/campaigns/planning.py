"""A plan out of a request: the scenario's own where nothing is said; all that is wrong. Pure."""

from collections.abc import Iterator
from datetime import date

from campaign_service.campaigns import budgets, offers
from campaign_service.campaigns.rules import PLAYBOOKS
from campaign_service.templates import domain as templates
from chassis.problem import Problem
from contracts.base import ProblemError
from contracts.campaign import plans as api

PLAIN = frozenset({"sms", "pos", "call"})  # carry a text and nothing else
LONGEST_CODE = "X" * 12


def plan(body: api.CampaignRequest, points_per_yuan: int) -> api.Plan:
    """The whole plan. Raises Problem 422 with all that is wrong with it."""
    playbook = PLAYBOOKS[body.scenario]
    if body.audience is None and playbook.audience is None:
        title = f"A plan of {body.scenario} has to say in which segments its members are"
        raise Problem(422, "audience_needed", title, pointer="/audience")
    texts = body.template or api.MessageText(zh=playbook.text_zh, en=playbook.text_en)
    taken = body.model_dump(exclude={"audience", "template", "channels"})
    made = api.Plan(
        **taken,
        audience=body.audience or api.Audience(**(playbook.audience or {})),
        content=api.OwnTexts(texts=texts),
        channels=list(body.channels or playbook.channels),
    )
    if errors := [
        *_of_texts(made, texts),
        *_of_channels(made),
        *_of_schedule(made.schedule),
        *_of_budget(made, points_per_yuan),
    ]:
        raise Problem(422, "invalid_campaign", "This cannot be sent", errors=errors)
    return made


def _of_texts(made: api.Plan, texts: api.MessageText) -> Iterator[ProblemError]:
    for language, words in (("zh", texts.zh), ("en", texts.en)):
        filling = offers.values(made.offer, language)
        if offers.is_coupon(made.offer):
            filling["code"] = LONGEST_CODE
        for fault in templates.faults(words, language, filling):
            yield _wrong(f"/template/{language}", "bad_template", fault)


def _of_channels(made: api.Plan) -> Iterator[ProblemError]:
    for place, channel in enumerate(made.channels):
        if channel in made.channels[:place]:
            yield _wrong(f"/channels/{place}", "repeated", "this channel is named before")
        elif channel not in PLAIN:
            detail = f"texts of one's own go by {', '.join(sorted(PLAIN))} only"
            yield _wrong(f"/channels/{place}", "needs_template", detail)


def _of_schedule(schedule: api.Schedule) -> Iterator[ProblemError]:
    if (schedule.starts_on or date.min) > (schedule.ends_on or date.max):
        yield _wrong("/schedule/ends_on", "bad_schedule", "ends before it starts")


def _of_budget(made: api.Plan, points_per_yuan: int) -> Iterator[ProblemError]:
    if budgets.contacts(made, points_per_yuan) == 0:
        yield _wrong("/budget", "too_small", "does not pay for one offer")


def _wrong(pointer: str, code: str, detail: str) -> ProblemError:
    return ProblemError(pointer=pointer, code=code, detail=detail)
