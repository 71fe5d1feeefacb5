"""What a message says as it leaves: texts of the plan's own, or a template's for the member."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from campaign_service.campaigns import offers
from campaign_service.campaigns.domain import Campaign
from campaign_service.deliveries.domain import Held
from campaign_service.templates import composing
from campaign_service.templates import domain as own
from campaign_service.templates import repository as templates
from campaign_service.templates.composing import Script
from campaign_service.templates.limits import Sms
from campaign_service.templates.use_cases import script_of
from campaign_service.templates.values import in_language
from chassis.database import Tx
from contracts.campaign.plans import OwnTexts
from contracts.templates import Values

Scripts = Mapping[UUID, Script]  # by campaign
_FIELDS = frozenset({"wechat", "miniprogram"})


@dataclass(frozen=True, slots=True)
class Text:
    """The pieces as the gateway takes them; `fault`: why it cannot be sent."""

    text: str = ""
    title: str | None = None
    template: str | None = None
    fields: dict[str, str] = field(default_factory=dict)
    fault: str | None = None


async def scripts(tx: Tx, campaigns: Collection[Campaign]) -> dict[UUID, Script]:
    """What the templates of these plans say, in the versions that were approved."""
    found: dict[UUID, Script] = {}
    for campaign in campaigns:  # few, however many messages leave
        content = campaign.plan.content
        if not isinstance(content, OwnTexts):
            stored = await templates.by_key(tx, content.template, content.version)
            assert stored is not None, "a template never goes"
            found[campaign.campaign_id] = script_of(stored)
    return found


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
    variant = ref.variant or composing.variant_of(held.member_id, plan.name, variants)
    content = script.content(held.channel, held.language, variant)
    if content is None:
        return Text(fault="no_content")
    told = Values.model_validate({k: v for k, v in held.values.items() if k in Values.model_fields})
    known = {k: v for k, v in in_language(told, held.language).items() if v not in (None, [])}
    message = composing.compose(content, known | given, script, sms)
    if not message.sendable:
        return Text(fault="missing_variable" if message.missing else "wording")
    parts = message.parts
    if held.channel in _FIELDS:
        return Text(" ".join(parts.values()), template=ref.template,
                    fields=dict(parts))  # fmt: skip
    title = parts.get("title") or parts.get("subject")
    return Text(parts.get("text") or parts["body"], title=title)
