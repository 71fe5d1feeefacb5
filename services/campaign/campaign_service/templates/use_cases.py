"""Keep templates, show what members would read, draft variants."""

from dataclasses import asdict, dataclass
from uuid import UUID

from campaign_service.templates import composing, repository
from campaign_service.templates.composing import Content, Message, Script
from campaign_service.templates.limits import Sms
from campaign_service.templates.repository import Sampled, Stored
from campaign_service.templates.scenes import shipped
from campaign_service.templates.values import in_language
from campaign_service.templates.writing import Brief, Writer
from campaign_service.wording import use_cases as wording
from chassis.database import Database, Tx
from chassis.problem import Problem
from contracts import templates as api
from contracts.base import ProblemError

SHIPPED_BY = "huiyuan"


@dataclass(frozen=True, slots=True)
class Press:
    """What messages are made with: how SMS are counted, and who writes drafts."""

    sms: Sms
    writer: Writer


async def ship(db: Database) -> None:
    """Put in the scenes that ship and are not there; what somebody has changed stays changed."""
    scenes = {scene.key: scene for scene in shipped()}
    async with db.transaction() as tx:
        for key in sorted(await repository.missing(tx, list(scenes))):
            await repository.add(tx, tx.ids.derive("template", key), scenes[key], SHIPPED_BY)


async def add(tx: Tx, press: Press, author: str, body: api.TemplateRequest) -> api.Template:
    """A new template. Raises Problem 422 with what is wrong, 409 for a key in use."""
    _refuse_faults(press, body.purpose, body)
    template_id = tx.ids.new()
    if not await repository.add(tx, template_id, body, author):
        raise Problem(409, "template_exists", "There is a template of this key", pointer="/key")
    return await show(tx, template_id, None)


async def revise(
    tx: Tx, press: Press, author: str, template_id: UUID, body: api.TemplateVersionRequest
) -> api.Template:
    """A new version. Raises Problem 404, and 422 with what is wrong."""
    stored = await _get(tx, template_id, None)
    _refuse_faults(press, stored.purpose, body)
    await repository.next_version(tx, template_id, body, author)
    return await show(tx, template_id, None)


async def show(tx: Tx, template_id: UUID, version: int | None) -> api.Template:
    """A template in this version, or the newest. Raises Problem 404."""
    return _answer(await _get(tx, template_id, version))


async def listed(tx: Tx, before: int | None, limit: int) -> api.TemplatePage:
    """A page of templates in their newest versions."""
    found = await repository.page(tx, before, limit + 1)
    more = len(found) > limit
    return api.TemplatePage(
        data=[_answer(each) for each in found[:limit]],
        next_cursor=str(found[limit - 1].seq) if more else None,
    )


async def render(
    tx: Tx, press: Press, template_id: UUID, version: int | None, body: api.RenderRequest
) -> api.Rendering:
    """What members would read. Raises Problem 404 for the template, 422 for channel or variant."""
    stored = await _get(tx, template_id, version)
    script = script_of(stored)
    variants = [body.variant] if body.variant else script.variants(body.channel)
    languages = [body.language] if body.language else ["zh", "en"]
    if not variants or any(
        script.content(body.channel, language, variant) is None
        for language in languages for variant in variants
    ):  # fmt: skip
        title = "The template has no such channel or variant"
        raise Problem(422, "no_content", title, pointer="/channel")
    previews = [
        _preview(press, script, body, language, variant)
        for variant in variants for language in languages
    ]  # fmt: skip
    if body.sample:
        members = await repository.sample(tx, str(template_id), body.sample)
        previews = [_for_member(tx, press, stored, body, each) for each in members]
    return api.Rendering(template_id=template_id, version=stored.version, previews=previews)


async def draft(
    tx: Tx, press: Press, template_id: UUID, body: api.DraftRequest
) -> api.Drafts:  # fmt: skip
    """Variants that the writer came up with and that may be sent. Raises Problem 404."""
    stored = await _get(tx, template_id, None)
    brief = Brief(stored.scene, body.channel, body.goods, tuple(body.tags), body.offer)
    drafts: list[api.Draft] = []
    async for written in press.writer.write(brief):
        name = f"draft-{len(drafts) + 1}"
        contents = [Content(body.channel, language, name, parts)
                    for language, parts in written.parts.items()]  # fmt: skip
        script = Script(stored.purpose, contents, {})
        if composing.faults(script, press.sms) or not _fits(press, script):
            continue
        drafts.append(
            api.Draft(
                contents=[api.Content.model_validate(asdict(each)) for each in contents],
                because=list(written.because),
            )
        )
        if len(drafts) == body.count:
            break
    return api.Drafts(writer=press.writer.name, data=drafts)


def script_of(stored: Stored) -> Script:
    """What a stored version says."""
    return Script(stored.purpose, [Content(**each) for each in stored.contents], stored.defaults)


def _fits(press: Press, script: Script) -> bool:
    messages = (composing.compose(each, {}, script, press.sms) for each in script.contents)
    return all(message.sendable for message in messages)


def _preview(
    press: Press, script: Script, body: api.RenderRequest, language: str, variant: str
) -> api.TextPreview:
    content = script.content(body.channel, language, variant)
    assert content is not None, "a channel's variant is there in both languages"
    message = composing.compose(content, in_language(body.values, language), script, press.sms)
    return _shown(message, content)


def _for_member(
    tx: Tx, press: Press, stored: Stored, body: api.RenderRequest, member: Sampled
) -> api.TextPreview:
    """As this member would read it: language, variant, and how long it was away."""
    script = script_of(stored)
    variant = body.variant or composing.variant_of(
        member.member_id, stored.key, script.variants(body.channel)
    )
    values = body.values
    if member.last_order_at is not None and values.days_away is None:
        away = (tx.now - member.last_order_at).days
        values = values.model_copy(update={"days_away": max(away, 0)})
    content = script.content(body.channel, member.language, variant)
    assert content is not None, "a channel's variant is there in both languages"
    message = composing.compose(content, in_language(values, member.language), script, press.sms)
    return _shown(message, content).model_copy(update={"member_id": member.member_id})


def _shown(message: Message, content: Content) -> api.TextPreview:
    return api.TextPreview(
        language=content.language,
        variant=content.variant,
        parts=dict(message.parts),
        sms=api.SmsCount(**asdict(message.sms)) if message.sms else None,
        fallbacks=list(message.fallbacks),
        missing=list(message.missing),
        faults=list(message.faults),
        wording=wording.told(message.findings),
        sendable=message.sendable,
    )


def _refuse_faults(press: Press, purpose: str, body: api.TemplateVersionRequest) -> None:
    contents = [Content(**each.model_dump()) for each in body.contents]
    defaults = {name: words.model_dump() for name, words in body.defaults.items()}
    errors = [
        ProblemError(pointer=pointer, code="bad_template", detail=fault)
        for pointer, fault in composing.faults(Script(purpose, contents, defaults), press.sms)
    ]
    if errors:
        raise Problem(422, "bad_template", "This cannot be sent", errors=errors)


async def _get(tx: Tx, template_id: UUID, version: int | None) -> Stored:
    stored = await repository.get(tx, template_id, version)
    if stored is None:
        raise Problem(404, "unknown_template", "There is no such template or version")
    return stored


def _answer(stored: Stored) -> api.Template:
    fields = {name: value for name, value in asdict(stored).items() if name != "seq"}
    return api.Template(**fields, variables=composing.variables(script_of(stored).contents))
