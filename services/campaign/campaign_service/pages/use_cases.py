"""Look at a page; send what was answered on it."""

from collections.abc import Mapping, Sequence
from typing import Any

from campaign_service.activities import repository as places
from campaign_service.activities import use_cases as activities
from campaign_service.activities.domain import Activity
from campaign_service.activities.use_cases import Guest
from campaign_service.invitations import use_cases as invitations
from campaign_service.invitations.domain import LEADS
from campaign_service.pages.words import WORDS
from campaign_service.surveys import domain as surveys_domain
from campaign_service.surveys import repository as surveys_repository
from campaign_service.surveys import use_cases as surveys
from campaign_service.surveys.domain import Invitation, Survey
from campaign_service.templates.engine import FILTERS
from campaign_service.templates.values import in_zone
from campaign_service.tokens import NOBODY, Signer, Token, Use
from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.pages import PageForm, PageOption, PageQuestion
from contracts.roles import Role

_USES = (Use.SURVEY, Use.VOTE, Use.INVITATION, Use.SIGNUP, Use.CHECKIN, Use.SHARED)
Fields = Mapping[str, Sequence[str]]
_VOTE = "option"


async def look(tx: Tx, signer: Signer, text: str, language: str) -> PageForm:
    """The page, in the member's language or `language`. Raises Problem 404 for no good link."""
    token = _read(tx, signer, text)
    if token.use is Use.SURVEY:
        asked, survey = await _asked(tx, token)
        return _survey(survey, asked)
    if token.use is Use.SHARED:
        return await _shared(tx, token, language)
    activity = await activities.known(tx, token.about)
    if token.member_id == NOBODY:
        return _poster(activity, language)
    language = await places.language(tx, token.member_id) or language
    return _activity(activity, token.use, language)


async def send(
    tx: Tx, signer: Signer, text: str, language: str, fields: Fields
) -> PageForm:  # fmt: skip
    """What comes of it. Raises Problem 404 for no good link."""
    token = _read(tx, signer, text)
    if token.use is Use.SURVEY:
        return await _answered(tx, token, fields)
    if token.use is Use.SHARED:
        return await _shared(tx, token, language)
    activity = await activities.known(tx, token.about)
    if token.member_id == NOBODY:
        return _poster(activity, language)
    language = await places.language(tx, token.member_id) or language
    words = WORDS[language]
    try:
        if token.use is Use.VOTE:
            option = (*fields.get(_VOTE, ()), "")[0]
            await activities.cast(tx, activity.activity_id, token.member_id, option)
            return _said(language, words["thanks"], words["vote_thanks"])
        member = Principal(Role.MEMBER, str(token.member_id), token.member_id)
        guest = Guest(tx, signer, member)
        place = await activities.enter(guest, activity.activity_id, token.member_id)
    except Problem as problem:
        return _refused(problem, activity, token.use, language)
    said = words[place.status].format(position=place.position)
    return _said(language, activity.document["title"][language], said)


def _read(tx: Tx, signer: Signer, text: str) -> Token:
    token = signer.read(text, tx.now, *_USES)
    if token is None:
        raise Problem(404, "unknown_page", "This link is not valid, or too old")
    return token


async def _asked(tx: Tx, token: Token) -> tuple[Invitation, Survey]:
    asked = await surveys_repository.invitation(tx, token.about)
    if asked is None:  # of somebody who was erased
        raise Problem(404, "unknown_page", "This link is not valid, or too old")
    return asked, await surveys.known(tx, asked.survey_id)


async def _answered(tx: Tx, token: Token, fields: Fields) -> PageForm:
    asked, survey = await _asked(tx, token)
    words = WORDS[asked.language]
    if asked.answered or not survey.open:
        return _survey(survey, asked)
    answers = {name: list(values) for name, values in fields.items() if any(values)}
    if unfit := surveys_domain.unfit(survey, answers):
        return _survey(survey, asked, faults=unfit)
    try:
        await surveys.record(tx, asked, answers)
    except Problem:  # two at the same moment: the first counts
        return _said(asked.language, words["thanks"], words["answered"])
    return _said(asked.language, words["thanks"], words["survey_thanks"])


def _survey(survey: Survey, asked: Invitation, faults: Sequence[str] = ()) -> PageForm:
    language = asked.language
    words, title = WORDS[language], survey.document["name"][language]
    if asked.answered:
        return _said(language, words["thanks"], words["answered"])
    if not survey.open:
        return _said(language, words["closed"], words["survey_closed"])
    questions = [_question(each, language, each["question"] in faults)
                 for each in survey.questions]  # fmt: skip
    return PageForm(language, title, [words["survey_ask"]], questions, words["send"])


def _question(question: Mapping[str, Any], language: str, fault: bool) -> PageQuestion:
    named = {each["option"]: each["name"][language] for each in question["options"]}
    return PageQuestion(
        question["question"],
        question["text"][language],
        [PageOption(v, named.get(v, v)) for v in surveys_domain.values_of(question)],
        many=question["kind"] == "choices",
        required=question["required"],
        fault=fault,
    )


def _activity(
    activity: Activity, use: Use, language: str, *, fault: bool = False
) -> PageForm:  # fmt: skip
    words, plan = WORDS[language], activity.document
    title = plan["title"][language]
    if use is not Use.VOTE:
        return PageForm(language, title, _facts(activity, language), [], words["join"])
    options = [PageOption(each["option"], each["name"][language]) for each in plan["options"]]
    question = PageQuestion(_VOTE, title, options, fault=fault)
    return PageForm(language, title, [words["vote_ask"]], [question], words["vote"])


async def _shared(tx: Tx, token: Token, language: str) -> PageForm:
    """Whoever has the link may look, in the browser's language: it says nothing of who invites."""
    page = await invitations.shared(tx, token.about)
    activity = await activities.known(tx, page.activity_id)
    words, left = WORDS[language], activity.capacity - activity.confirmed
    said = [LEADS[page.design][language]]
    if page.words:
        said.append(words["own_words"].format(words=page.words))
    said += _facts(activity, language)
    said.append(words["left"].format(left=left) if left > 0 else words["none_left"])
    if page.referral_code:
        said.append(words["newcomers"].format(code=page.referral_code))
    return PageForm(language, activity.document["title"][language], [*said, words["in_app"]])


def _poster(activity: Activity, language: str) -> PageForm:
    said = [*_facts(activity, language), WORDS[language]["in_app"]]
    return PageForm(language, activity.document["title"][language], said)


def _facts(activity: Activity, language: str) -> list[str]:
    words, place = WORDS[language], activity.document["place"]
    when = FILTERS["hour"]({"_language": language}, in_zone(activity.starts_at))
    where = [words["where"].format(where=place[language])] if place else []
    return [words["when"].format(when=when), *where]


def _refused(problem: Problem, activity: Activity, use: Use, language: str) -> PageForm:
    words = WORDS[language]
    if problem.code == "unknown_option":
        return _activity(activity, use, language, fault=True)
    if use is Use.VOTE:
        key = "voted" if problem.code == "voted" else "vote_closed"
        return _said(language, words["closed" if key != "voted" else "thanks"], words[key])
    if problem.code not in words:
        raise problem
    return _said(language, activity.document["title"][language], words[problem.code])


def _said(language: str, title: str, text: str) -> PageForm:
    return PageForm(language, title, [text])
