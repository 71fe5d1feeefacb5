"""Composition root: the one place that knows every part of campaign."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from fastapi import FastAPI

from campaign_service.activities import router as activities_router
from campaign_service.activities import subscribers as activities
from campaign_service.audiences import subscribers as audiences
from campaign_service.calendar.router import router as calendar
from campaign_service.campaigns import subscribers as campaigns
from campaign_service.campaigns.router import router as campaigns_router
from campaign_service.campaigns.use_cases import Office
from campaign_service.communities import router as communities_router
from campaign_service.communities import subscribers as communities
from campaign_service.decisions import jobs as decision_jobs
from campaign_service.decisions import subscribers as decisions
from campaign_service.decisions.domain import Caps, Policy, QuietHours
from campaign_service.decisions.router import router as decisions_router
from campaign_service.decisions.use_cases import Desk
from campaign_service.deliveries import jobs as delivery_jobs
from campaign_service.deliveries import subscribers as deliveries
from campaign_service.deliveries.router import router as deliveries_router
from campaign_service.deliveries.use_cases import Out
from campaign_service.expectations.jobs import jobs as expectation_jobs
from campaign_service.experiments import jobs as experiment_jobs
from campaign_service.experiments import router as experiments_router
from campaign_service.experiments import subscribers as experiments
from campaign_service.invitations import subscribers as invitations
from campaign_service.invitations.router import router as invitations_router
from campaign_service.journeys import jobs as journey_jobs
from campaign_service.journeys import subscribers as journeys
from campaign_service.journeys.router import router as journeys_router
from campaign_service.kpis import jobs as kpi_jobs
from campaign_service.kpis import subscribers as kpis
from campaign_service.kpis.router import router as kpis_router
from campaign_service.library.router import router as library
from campaign_service.links import router as links_router
from campaign_service.links import subscribers as links
from campaign_service.links.domain import Linker
from campaign_service.measurement import jobs as measurement_jobs
from campaign_service.measurement import subscribers as measurement
from campaign_service.measurement.domain import Terms
from campaign_service.measurement.router import router as measurement_router
from campaign_service.pages import router as pages
from campaign_service.reach import subscribers as reach
from campaign_service.rights import subscribers as rights
from campaign_service.settings import CampaignSettings
from campaign_service.splits import subscribers as splits
from campaign_service.surveys import jobs as survey_jobs
from campaign_service.surveys import router as surveys_router
from campaign_service.surveys import subscribers as surveys
from campaign_service.surveys.use_cases import Post
from campaign_service.surveys.use_cases import ship as ship_surveys
from campaign_service.templates import router as templates
from campaign_service.templates.limits import Sms
from campaign_service.templates.use_cases import Press, ship
from campaign_service.templates.writing import WRITERS
from campaign_service.tokens import Signer
from campaign_service.triggers import jobs as trigger_jobs
from campaign_service.triggers import subscribers as triggers
from campaign_service.wording import router as wording
from chassis.app import Service, build
from chassis.bus import Subscription
from chassis.clock import PROGRAM_ZONE
from chassis.database import Tx
from chassis.jobs import AnyJob
from chassis.settings import Settings
from contracts.events import MembersMerged, MessageSent, OrderRefunded, OrdersRecorded
from contracts.gateway_events import MessageReported

_ROUTERS = [  # the calendar before one campaign, whose id it is not
    calendar, campaigns_router, library, measurement_router, deliveries_router, decisions_router,
    templates.router, wording.router, activities_router.router, communities_router.router,
    surveys_router.router, pages.router, links_router.router, kpis_router, invitations_router,
    journeys_router,
    experiments_router.router,
]  # fmt: skip
Handler = Callable[[Tx, Sequence[Any]], Awaitable[None]]


def in_turn(*handlers: Handler) -> Handler:
    """One handler out of several features'; the order is the one written."""

    async def handle(tx: Tx, events: Sequence[Any]) -> None:
        for handler in handlers:
            await handler(tx, events)

    return handle


def together(subscriptions: Sequence[Subscription]) -> list[Subscription]:
    """One subscription an event: features that hear the same one do so in the order written."""
    found: dict[str, list[Subscription]] = {}
    for each in subscriptions:
        found.setdefault(each.event.subject, []).append(each)
    return [
        replace(same[0], handler=in_turn(*(each.handler for each in same)))
        for same in found.values()
    ]


def service(settings: CampaignSettings) -> Service:
    """What campaign is made of."""
    quiet = QuietHours(settings.quiet_from, settings.quiet_until, PROGRAM_ZONE)
    desk = Desk(_policy(settings, quiet), _press(settings).sms, settings.margin_percent)
    parts = Service(
        name="campaign",
        settings=settings,
        routers=_ROUTERS,
        subscriptions=[
            *audiences.SUBSCRIPTIONS,
            *decisions.subscriptions(desk),
            *campaigns.SUBSCRIPTIONS,
            *rights.SUBSCRIPTIONS,
            *reach.SUBSCRIPTIONS,
            *splits.SUBSCRIPTIONS,
            *communities.SUBSCRIPTIONS,
            *surveys.SUBSCRIPTIONS,
            *kpis.SUBSCRIPTIONS,
            Subscription(MessageSent, in_turn(deliveries.on_sent, surveys.on_sent, kpis.on_sent)),
            Subscription(
                MessageReported,
                in_turn(deliveries.on_reported, surveys.on_reported, kpis.on_reported),
            ),
            *measurement.SUBSCRIPTIONS,
            Subscription(OrderRefunded, in_turn(measurement.on_refunds, kpis.on_refunds)),
            Subscription(
                OrdersRecorded,
                in_turn(
                    audiences.on_orders, measurement.on_orders, surveys.on_orders, kpis.on_orders
                ),
            ),
            Subscription(
                MembersMerged,
                # audiences first: the others follow the aliases it writes
                in_turn(
                    audiences.on_merged,
                    decisions.on_merged,
                    deliveries.on_merged,
                    measurement.on_merged,
                    activities.on_merged,
                    surveys.on_merged,
                    triggers.on_merged,
                    links.on_merged,
                    experiments.on_merged,
                    kpis.on_merged,
                    journeys.on_merged,
                    invitations.on_merged,
                ),
            ),
            *decisions.afterwards(desk),  # after those that note what was sent
            *triggers.subscriptions(desk),  # after those that they ask about
            *journeys.SUBSCRIPTIONS,
        ],
        jobs=_jobs(settings, desk),
        start=[_start],
    )
    return replace(parts, subscriptions=together(parts.subscriptions))


def _jobs(settings: CampaignSettings, desk: Desk) -> list[AnyJob]:
    quiet = desk.policy.quiet
    return [
        *measurement_jobs.JOBS,
        *experiment_jobs.JOBS,
        *expectation_jobs(Terms(settings.margin_percent)),  # before the day is decided
        *decision_jobs.jobs(desk),
        *trigger_jobs.jobs(desk),
        *delivery_jobs.jobs(Out(desk.policy, _linker(settings), _press(settings).sms)),
        *kpi_jobs.JOBS,
        *journey_jobs.jobs(desk),
        *survey_jobs.jobs(Post(_press(settings), _signer(settings), quiet)),
    ]


async def _start(app: FastAPI) -> None:
    await ship(app.state.runtime.db)
    await ship_surveys(app.state.runtime.db)


def _policy(settings: CampaignSettings, quiet: QuietHours) -> Policy:
    costs = {"sms": settings.message_cost_fen, "call": settings.call_cost_fen}
    calls = {"call": settings.calls_a_week}
    return Policy(quiet, costs, Caps(settings.messages_a_day, settings.messages_a_week, calls))


def _press(settings: CampaignSettings) -> Press:
    signature = {"zh": settings.sms_signature_zh, "en": settings.sms_signature_en}
    sms = Sms(signature, settings.sms_link_length, settings.sms_most_parts)
    return Press(sms, WRITERS[settings.text_writer])


def _signer(settings: CampaignSettings) -> Signer:
    return Signer(settings.internal_token, settings.public_url)


def _linker(settings: CampaignSettings) -> Linker:
    shop = settings.shop_url or settings.public_url
    return Linker(
        settings.internal_token, settings.public_url, shop, settings.link_hosts.split(",")
    )


def create_app(settings: Settings | None = None) -> FastAPI:
    """The app, with settings from the environment unless given."""
    values = settings.model_dump() if settings else {}
    own = CampaignSettings(**values)
    app = build(service(own))
    app.state.press = _press(own)
    app.state.office = Office(own.points_per_yuan)
    app.state.signer = _signer(own)
    app.state.linker = _linker(own)
    app.state.terms = Terms(own.margin_percent)
    return app
