"""A plan out of a request: the scenario's own where nothing is said; all that is wrong. Pure."""

from collections.abc import Iterator
from datetime import date

from campaign_service.campaigns import budgets, offers
from campaign_service.campaigns.rules import PLAYBOOKS
from campaign_service.templates import composing
from campaign_service.templates import domain as templates
from campaign_service.templates.composing import Script
from chassis.problem import Problem
from contracts.base import ProblemError
from contracts.campaign import plans as api

PLAIN = frozenset({"sms", "pos", "call"})  # carry a text and nothing else
LONGEST_CODE = "X" * 12
OF_COUPONS = frozenset({"code", "discount", "days"})


def plan(body: api.CampaignRequest) -> api.Plan:
    """The whole plan. Raises Problem 422 where a scenario leaves open what nobody says."""
    playbook = PLAYBOOKS[body.scenario]
    if body.audience is None and playbook.audience is None:
        title = f"A plan of {body.scenario} has to say in which segments its members are"
        raise Problem(422, "audience_needed", title, pointer="/audience")
    texts = body.template or api.MessageText(zh=playbook.text_zh, en=playbook.text_en)
    taken = body.model_dump(exclude={"audience", "content", "template", "channels"})
    return api.Plan(
        **taken,
        audience=body.audience or api.Audience(**(playbook.audience or {})),
        content=body.content or api.OwnTexts(texts=texts),
        channels=list(body.channels or playbook.channels),
    )


def check(made: api.Plan, script: Script | None, points_per_yuan: int) -> None:
    """Raises Problem 422 with all that is wrong. `script`: what the template says, None where it
    names none that is there."""
    if errors := [*faults(made, script), *_of_budget(made, points_per_yuan)]:
        raise Problem(422, "invalid_campaign", "This cannot be sent", errors=errors)


def faults(made: api.Plan, script: Script | None) -> list[ProblemError]:
    """What is wrong with a plan, whatever its budget."""
    errors = [*_of_channels(made), *_of_schedule(made.schedule)]
    if isinstance(made.content, api.OwnTexts):
        errors += _of_texts(made, made.content.texts)
    elif script is None:
        detail = "there is no such template or version"
        errors.append(_wrong("/content/template", "unknown_template", detail))
    else:
        errors += _of_template(made, made.content, script)
    return errors


def _of_texts(made: api.Plan, texts: api.MessageText) -> Iterator[ProblemError]:
    for language, words in (("zh", texts.zh), ("en", texts.en)):
        filling = offers.values(made.offer, language)
        if offers.is_coupon(made.offer):
            filling["code"] = LONGEST_CODE
        for fault in templates.faults(words, language, filling):
            yield _wrong(f"/template/{language}", "bad_template", fault)
    for place, channel in enumerate(made.channels):
        if channel not in PLAIN:
            detail = f"texts of one's own go by {', '.join(sorted(PLAIN))} only"
            yield _wrong(f"/channels/{place}", "needs_template", detail)


def _of_template(made: api.Plan, ref: api.ContentRef, script: Script) -> Iterator[ProblemError]:
    """The template has each channel (in both languages, as every template), and can say the
    offer: what it names of a coupon needs one."""
    for place, channel in enumerate(made.channels):
        variants = script.variants(channel)
        if not variants or (ref.variant and ref.variant not in variants):
            detail = "the template has no content for this channel"
            yield _wrong(f"/channels/{place}", "no_content", detail)
        said = composing.variables(each for each in script.contents if each.channel == channel)
        unsaid = sorted(OF_COUPONS & set(said)) if not offers.is_coupon(made.offer) else []
        if unsaid:
            detail = f"the template names {', '.join(unsaid)}, which the offer has not"
            yield _wrong("/offer", "cannot_be_said", detail)


def _of_channels(made: api.Plan) -> Iterator[ProblemError]:
    for place, channel in enumerate(made.channels):
        if channel in made.channels[:place]:
            yield _wrong(f"/channels/{place}", "repeated", "this channel is named before")


def _of_schedule(schedule: api.Schedule) -> Iterator[ProblemError]:
    if (schedule.starts_on or date.min) > (schedule.ends_on or date.max):
        yield _wrong("/schedule/ends_on", "bad_schedule", "ends before it starts")


def _of_budget(made: api.Plan, points_per_yuan: int) -> Iterator[ProblemError]:
    if budgets.contacts(made, points_per_yuan) == 0:
        yield _wrong("/budget", "too_small", "does not pay for one offer")


def _wrong(pointer: str, code: str, detail: str) -> ProblemError:
    return ProblemError(pointer=pointer, code=code, detail=detail)
