"""What a message says as it leaves: texts of the plan's own, or a template's for the member."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from campaign_service.campaigns import offers
from campaign_service.campaigns.domain import Campaign
from campaign_service.decisions.domain import Fault, no_fault
from campaign_service.deliveries.domain import CODE_LENGTH, Held
from campaign_service.templates import composing
from campaign_service.templates import domain as own
from campaign_service.templates import repository as templates
from campaign_service.templates.composing import Script
from campaign_service.templates.limits import Sms
from campaign_service.templates.use_cases import script_of
from campaign_service.templates.values import in_language
from chassis.database import Tx
from contracts.campaign.plans import ContentRef, OwnTexts
from contracts.templates import Values

_CODE = "X" * CODE_LENGTH  # what a coupon's code will take
_FIELDS = frozenset({"wechat", "miniprogram"})


@dataclass(frozen=True, slots=True)
class Said:
    """A text that might be said, to nobody in particular."""

    channel: str
    language: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Text:
    """The pieces as the gateway takes them; `fault`: why it cannot be sent."""

    text: str = ""
    title: str | None = None
    template: str | None = None
    fields: dict[str, str] = field(default_factory=dict)
    fault: str | None = None


async def script(tx: Tx, campaign: Campaign) -> Script | None:
    """What the template of a plan says, in the version that was approved; None for own texts."""
    content = campaign.plan.content
    if isinstance(content, OwnTexts):
        return None
    stored = await templates.by_key(tx, content.template, content.version)
    assert stored is not None, "a template never goes"
    return script_of(stored)


def written(
    held: Held, campaign: Campaign, script: Script | None, sms: Sms, *, code: str, link: str
) -> Text:
    """The message for this member. `code`: of the coupon, empty where there is none; `link`: the
    tracked one."""
    plan = campaign.plan
    given = offers.values(plan.offer, held.language) | ({"code": code} if code else {})
    given["link"] = link
    if isinstance(plan.content, OwnTexts):
        text = plan.content.texts.en if held.language == "en" else plan.content.texts.zh
        return Text(own.render(text, given))
    assert script is not None, "loaded for every plan with a template"
    ref, variants = plan.content, script.variants(held.channel)
    if not variants:
        return Text(fault="no_content")
    variant = ref.variant or composing.variant_of(held.member_id, plan.name, variants)
    return _composed(ref, script, held, variant, given=given, sms=sms)


def speaking(campaign: Campaign, script: Script | None, sms: Sms) -> Fault:
    """Why the plan's text cannot be said by a channel, in a language, with some values; whatever
    the variant. What was found once is remembered."""
    plan, known = campaign.plan, dict[tuple[str, str, bytes], str | None]()
    if script is None or isinstance(plan.content, OwnTexts):
        return no_fault
    ref, code = plan.content, {"code": _CODE} if offers.is_coupon(plan.offer) else {}

    def fault(channel: str, language: str, values: Mapping[str, Any]) -> str | None:
        key = channel, language, msgspec.json.encode(values)
        if key not in known:
            said = Said(channel, language, values)
            given = offers.values(plan.offer, language) | code
            variants = [ref.variant] if ref.variant else script.variants(channel)
            found = [
                _composed(ref, script, said, each, given=given, sms=sms).fault for each in variants
            ]
            known[key] = next(filter(None, found), None) if variants else "no_content"
        return known[key]

    return fault


def _composed(
    ref: ContentRef, script: Script, said: "Said | Held", variant: str, *,
    given: Mapping[str, Any], sms: Sms,
) -> Text:  # fmt: skip
    content = script.content(said.channel, said.language, variant)
    if content is None:
        return Text(fault="no_content")
    told = Values.model_validate({k: v for k, v in said.values.items() if k in Values.model_fields})
    known = {k: v for k, v in in_language(told, said.language).items() if v not in (None, [])}
    message = composing.compose(content, {**known, **given}, script, sms)
    if not message.sendable:
        return Text(fault="missing_variable" if message.missing else "wording")
    parts = message.parts
    if said.channel in _FIELDS:
        return Text(" ".join(parts.values()), template=ref.template, fields=dict(parts))
    title = parts.get("title") or parts.get("subject")
    return Text(parts.get("text") or parts["body"], title=title)
