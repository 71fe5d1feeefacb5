"""What is said: wording against advertising law, templates, previews, drafts. Owned by campaign."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Model, Money
from contracts.classification import Kind, internal, personal, public, quasi
from contracts.operations import PAGING, Operation, Query
from contracts.points.common import Code, Words
from contracts.roles import Role

Language = Literal["zh", "en"]
Channel = Literal["sms", "wechat", "miniprogram", "push", "email", "pos", "call"]
Text = Annotated[str, Field(pattern=r"^[^\x00]{1,200}$")]
Source = Annotated[str, Field(min_length=1, max_length=4_000, pattern=r"^[^\x00]*$")]


class WordingCheckRequest(Model):
    """A text as members would read it."""

    text: Annotated[Source, public]


class WordingFinding(Model):
    """A word at `[start, end)`, in code points of the text; `instead` is what may be said.

    `disguised`: written apart, in wide or traditional characters, or with something in between.
    """

    start: Annotated[int, public]
    end: Annotated[int, public]
    written: Annotated[str, public]
    word: Annotated[str, public]
    kind: Annotated[str, public]
    severity: Annotated[Literal["block", "warn"], public]
    disguised: Annotated[bool, public]
    law: Annotated[str, public]
    reason: Annotated[Words, public]
    instead: Annotated[Words, public]


class WordingCheck(Model):
    """`block`: it must not be sent. `warn`: somebody has to look whether it is true and proven."""

    verdict: Annotated[Literal["pass", "warn", "block"], public]
    findings: Annotated[list[WordingFinding], public]


class Content(Model):
    """One channel, one language, one variant: the pieces of a message, each a Jinja2 template.

    Pieces: sms, pos, call `text`; push `title`, `body`; email `subject`, `body`; wechat and
    miniprogram their fields (`thing1`, `time2`, `amount3`, …).
    """

    channel: Annotated[Channel, public]
    language: Annotated[Language, public]
    variant: Code = "a"
    parts: Annotated[dict[Code, Source], Field(min_length=1, max_length=10), public]


class TemplateVersionRequest(Model):
    """What a new version says. `defaults`: what stands in where a variable has no value."""

    contents: Annotated[list[Content], Field(min_length=1, max_length=80), public]
    defaults: Annotated[dict[Code, Words], Field(max_length=20), public] = Field(
        default_factory=dict
    )


class TemplateRequest(TemplateVersionRequest):
    """A template. `key` is unique. A marketing one carries the way to unsubscribe."""

    key: Code
    scene: Code
    purpose: Annotated[Literal["marketing", "transactional"], public] = "marketing"
    name: Annotated[Words, public]


class Template(Model):
    """A version of a template; `variables` are those its contents name."""

    template_id: Annotated[UUID, internal]
    key: Code
    scene: Code
    purpose: Annotated[str, public]
    name: Annotated[Words, public]
    version: Annotated[int, public]
    author: Annotated[str, internal]
    created_at: Annotated[AwareDatetime, public]
    contents: Annotated[list[Content], public]
    defaults: Annotated[dict[str, Words], public]
    variables: Annotated[list[str], public]


class TemplatePage(Model):
    """Templates in their newest versions, newest templates first."""

    data: Annotated[list[Template], internal]
    next_cursor: Annotated[str | None, public] = None


class Goods(Model):
    """Goods as a text names them."""

    title: Annotated[Text, public]
    price: Annotated[Money | None, public] = None
    unit: Annotated[Text | None, public] = None


class Values(Model):
    """Values of variables. `percent_off` becomes `discount`: `8折`, `20% off`."""

    goods: Annotated[list[Goods], Field(max_length=10), public] = Field(default_factory=list)
    offer: Annotated[Text | None, public] = None
    code: Annotated[Text | None, public] = None
    percent_off: Annotated[int | None, Field(ge=1, le=90), public] = None
    days: Annotated[int | None, Field(ge=0, le=3_650), public] = None
    days_away: Annotated[int | None, Field(ge=0, le=36_500), quasi] = None
    tier: Annotated[Text | None, public] = None
    previous_tier: Annotated[Text | None, public] = None
    points: Annotated[int | None, Field(ge=0, le=10**11), public] = None
    expires_on: Annotated[date | None, public] = None
    activity: Annotated[Text | None, public] = None
    starts_at: Annotated[AwareDatetime | None, public] = None
    place: Annotated[Text | None, public] = None
    store: Annotated[Text | None, public] = None
    festival: Annotated[Text | None, public] = None
    topic: Annotated[Text | None, public] = None
    link: Annotated[Text | None, public] = None


class RenderRequest(Model):
    """Render with these values, in both languages unless one is named, and for `sample` members
    picked evenly, each in the member's own language and variant."""

    channel: Annotated[Channel, public]
    language: Annotated[Language | None, public] = None
    variant: Annotated[Code | None, public] = None
    values: Annotated[Values, public] = Values()
    sample: Annotated[int, Field(ge=0, le=20), public] = 0


class SmsCount(Model):
    """How long it is as it leaves, with signature and the way to unsubscribe."""

    units: Annotated[int, public]
    parts: Annotated[int, public]
    encoding: Annotated[Literal["gsm7", "ucs2"], public]


class TextPreview(Model):
    """A message as it would be. `{name}` stays until it leaves; `name` is what will stand there, as
    far as the caller may see it. `missing`: variables without value or fallback."""

    member_id: Annotated[UUID | None, internal] = None
    name: Annotated[str | None, personal(Kind.NAME, at="member.name")] = None
    language: Annotated[Language, public]
    variant: Code
    parts: Annotated[dict[str, str], internal]
    sms: Annotated[SmsCount | None, public] = None
    fallbacks: Annotated[list[str], public]
    missing: Annotated[list[str], public]
    faults: Annotated[list[str], public]
    wording: Annotated[WordingCheck, public]
    sendable: Annotated[bool, public]


class Rendering(Model):
    """What a version of a template becomes."""

    template_id: Annotated[UUID, internal]
    version: Annotated[int, public]
    previews: Annotated[list[TextPreview], internal]


class DraftRequest(Model):
    """What to write about. `tags` are those of the members it is for."""

    channel: Annotated[Channel, public]
    goods: Annotated[list[Goods], Field(min_length=1, max_length=10), public]
    tags: Annotated[list[Code], Field(max_length=20), public] = Field(default_factory=list)
    offer: Annotated[Text | None, public] = None
    count: Annotated[int, Field(ge=1, le=8), public] = 3


class Draft(Model):
    """A variant in both languages, ready to be a version's contents; `because` says what it plays
    on. It passes the limits and the word list."""

    contents: Annotated[list[Content], public]
    because: Annotated[list[str], public]


class Drafts(Model):
    """What a writer came up with; fewer where nothing else fits."""

    writer: Annotated[str, public]
    data: Annotated[list[Draft], public]


WRITERS = frozenset({Role.PLANNER, Role.ADMIN})
CHECKERS = WRITERS | {Role.APPROVER, Role.COMPLIANCE, Role.OPERATOR}
_TEMPLATE = "/v1/templates/{template_id}"
_VERSION = Query("version", Annotated[int, Field(ge=1)], "which one; the newest unless given")
_TAGS = ("templates",)

OPERATIONS: list[Operation] = [
    Operation(
        "POST", "/v1/wording-checks", "campaign", "A text against the words of advertising law",
        CHECKERS, request=WordingCheckRequest, response=WordingCheck, tags=_TAGS,
    ),
    Operation(
        "GET", "/v1/templates", "campaign", "Templates, newest first",
        CHECKERS, response=TemplatePage, query=PAGING, tags=_TAGS,
    ),
    Operation(
        "POST", "/v1/templates", "campaign", "A new template",
        WRITERS, request=TemplateRequest, response=Template, status=201, idempotent=True,
        tags=_TAGS,
    ),
    Operation(
        "GET", _TEMPLATE, "campaign", "A template in one of its versions",
        CHECKERS, response=Template, query=(_VERSION,), tags=_TAGS,
    ),
    Operation(
        "POST", f"{_TEMPLATE}/versions", "campaign", "A new version; those before stay",
        WRITERS, request=TemplateVersionRequest, response=Template, status=201, idempotent=True,
        tags=_TAGS,
    ),
    Operation(
        "POST", f"{_TEMPLATE}/render", "campaign",
        "What members would read: length, fallbacks, faults, wording",
        CHECKERS, request=RenderRequest, response=Rendering, query=(_VERSION,), edge="render",
        tags=_TAGS,
    ),
    Operation(
        "POST", f"{_TEMPLATE}/drafts", "campaign", "Variants written from goods and tags",
        WRITERS, request=DraftRequest, response=Drafts, tags=_TAGS,
    ),
]  # fmt: skip
