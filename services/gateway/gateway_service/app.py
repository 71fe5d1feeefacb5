"""The gateway, put together."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse

from chassis.app import Runtime, Service, build
from chassis.bus import Subscription
from chassis.clock import Clock, open_clock
from chassis.evidence.signing import hourly
from chassis.evidence.strongbox import Strongbox
from chassis.ids import Ids
from chassis.jobs import AnyJob, BackgroundJob, DailyJob
from contracts import openapi
from contracts.events import MembersMerged, MembersSplit, MessageRequested, OrdersCollected
from gateway_service.access import router as access
from gateway_service.access.clients import first_clients
from gateway_service.access.jobs import signing_keys
from gateway_service.access.keys import KEY_LIFE, reload, rotate
from gateway_service.access.limits import Bucket, Limits
from gateway_service.access.scripts import connect
from gateway_service.access.tokens import KeyRing, Tokens
from gateway_service.access.use_cases import sweep
from gateway_service.approvals import router as approvals
from gateway_service.audit import router as audit
from gateway_service.audit.chain import AUDIT
from gateway_service.audit.proofs import AuditBooks
from gateway_service.audit.use_cases import Audit
from gateway_service.birthdays.domain import indexed_by
from gateway_service.birthdays.jobs import birthdays_announced
from gateway_service.birthdays.subscribers import on_birthdays
from gateway_service.birthdays.use_cases import Birthdays
from gateway_service.cleaning import router as cleaning
from gateway_service.cleaning.use_cases import Corrections
from gateway_service.collect import router as collect
from gateway_service.collect.quick import Quick
from gateway_service.collect.room import Room
from gateway_service.collect.subscribers import on_orders
from gateway_service.collect.translate import Translator
from gateway_service.collect.use_cases import Collector
from gateway_service.consent import notices
from gateway_service.consent import router as consent
from gateway_service.consent.standings import Standings
from gateway_service.consent.subscribers import on_merged, on_split
from gateway_service.desensitize import router as desensitize
from gateway_service.desensitize.jobs import reads_forgotten
from gateway_service.desensitize.policies import Policies
from gateway_service.desensitize.use_cases import Views
from gateway_service.dev import router as dev
from gateway_service.dispatch import router as dispatching
from gateway_service.dispatch.jobs import Sender as Carrying
from gateway_service.dispatch.jobs import dispatched
from gateway_service.dispatch.use_cases import Dispatch, Patience
from gateway_service.edges.domain import read_links
from gateway_service.edges.subscribers import Edges
from gateway_service.egress import router as egress
from gateway_service.egress.channels import registry
from gateway_service.egress.providers import Provider
from gateway_service.egress.subscribers import on_requested
from gateway_service.egress.use_cases import Egress
from gateway_service.figures.use_cases import Noise
from gateway_service.forms import router as forms
from gateway_service.imports import router as imports
from gateway_service.imports.jobs import imports_done
from gateway_service.imports.use_cases import Intake
from gateway_service.imports.ways import Ways
from gateway_service.imports.work import Importer, again
from gateway_service.incidents import router as incidents
from gateway_service.incidents.jobs import incidents as searched
from gateway_service.links import router as link_pages
from gateway_service.login import router as login
from gateway_service.login.proofs import PhoneProofs
from gateway_service.login.providers import WeChat
from gateway_service.login.use_cases import Login
from gateway_service.login.use_cases import sweep as sweep_codes
from gateway_service.outward.client import Outward
from gateway_service.parts import Parts
from gateway_service.proxy.client import InnerClient
from gateway_service.proxy.forward import Beside, Forward
from gateway_service.proxy.front import Front
from gateway_service.proxy.guesses import Guesses
from gateway_service.relations.jobs import grown_ups_forgotten
from gateway_service.relations.subscribers import after, on_recorded
from gateway_service.relations.use_cases import Relations
from gateway_service.retention import router as retention
from gateway_service.rights import router as rights
from gateway_service.rights.jobs import rights_watched
from gateway_service.rights.subscribers import on_answered
from gateway_service.schemas import router as schemas_router
from gateway_service.schemas.jobs import schemas_known
from gateway_service.schemas.use_cases import Schemas
from gateway_service.settings import Settings
from gateway_service.signatures import router as signatures
from gateway_service.signatures.nonces import Nonces
from gateway_service.signatures.verify import Signatures
from gateway_service.staff import router as staff
from gateway_service.tails.subscribers import on_linked
from gateway_service.tails.use_cases import Tails
from gateway_service.unsubscribe import router as unsubscribe
from gateway_service.unsubscribe.use_cases import Links
from gateway_service.vault import router as keys_router
from gateway_service.vault.jobs import key_rotation
from gateway_service.vault.keeper import Keeper
from gateway_service.vault.keys import Keys
from gateway_service.vault.ring import Ring
from gateway_service.vault.roots import open_roots
from gateway_service.vault.seal import Vault
from gateway_service.vault.use_cases import Columns, Kept, Rotations
from gateway_service.webhooks import router as webhooks
from gateway_service.webhooks.jobs import Sender, posted
from gateway_service.webhooks.subscribers import on_booked, subscriptions
from gateway_service.webhooks.use_cases import Webhooks

CLIENTS_FILE = "clients.json"


def create_app(settings: Settings | None = None) -> Front:
    """The ASGI app: the front door, with the gateway's own routes behind it."""
    settings = settings or Settings()
    parts = _parts(settings)
    hooks, dispatch = _webhooks(settings, parts.keys), _dispatch(parts)
    channels = registry.providers(settings, parts.vault, hooks)
    carrying = [Carrying(dispatch, each) for each in dispatch.carriers.values()]
    keys, relations = parts.keys, parts.relations
    links = Links(settings.public_url, lambda: keys.secret("unsubscribe"))
    sender = Egress(parts.inner, parts.vault, parts.audit, links, channels)
    days = indexed_by(lambda: keys.secret("birthdays"))
    birthdays = Birthdays(parts.vault, days, relations.born)
    room, schemas = Room(), Schemas()
    importer = Importer(Ways(parts.forward, lambda: app.state.collector), keys)
    stores = [each.edge for each in read_links(settings.key_dir).edges]
    edges = Edges(settings.edge_nats_url, stores)
    mail = Sender(hooks)
    features = (
        access, staff, login, signatures, approvals, audit, incidents, retention, collect, consent,
        desensitize, rights, egress, dispatching, unsubscribe, link_pages, forms, keys_router,
        webhooks, schemas_router, cleaning, imports,
    )  # fmt: skip
    routers = [*(feature.router for feature in features), _document()]
    app = build(
        Service(
            name="gateway",
            settings=settings,
            routers=[*routers, dev.router] if settings.dev else routers,
            subscriptions=[
                Subscription(OrdersCollected, on_orders(parts.forward)),
                Subscription(MessageRequested, on_requested(sender)),
                Subscription(MembersMerged, after(on_merged(parts.consents), relations.merged)),
                Subscription(
                    MembersSplit,
                    after(after(on_split(parts.consents), relations.split), birthdays.split),
                ),
                on_birthdays(birthdays),
                on_recorded(relations, on_booked(hooks)),
                on_linked(parts.forward.tails),
                on_answered(parts),
                *subscriptions(hooks),
            ],
            jobs=[
                *_jobs(parts, room, schemas, importer),
                birthdays_announced(birthdays),
                BackgroundJob("edges", edges.follow),
                posted(mail),
                *dispatched(carrying),
            ],
            start=[_start],
            stop=[
                lambda _: mail.stop(),
                *(lambda _, each=each: each.stop() for each in carrying),
                _stop,
            ],
            guarded=False,
        )
    )
    app.state.room, app.state.schemas, app.state.importer = room, schemas, importer
    app.state.intake, app.state.edges = Intake(keys, parts.forward.ids, importer.bell.set), edges
    app.state.parts, app.state.login = parts, _login(parts, channels["sms"])
    app.state.webhooks, app.state.dispatch = hooks, dispatch
    access.install_errors(app)
    return Front(app, parts, openapi.operations())


def _jobs(parts: Parts, room: Room, schemas: Schemas, importer: Importer) -> list[AnyJob]:
    return [
        signing_keys(parts.keys, parts.tokens.ring, parts.audit),
        DailyJob("sign_ins", sweep),
        DailyJob("login_codes", sweep_codes),
        BackgroundJob("revocations", parts.tokens.revocations.poll),
        hourly(AuditBooks(), parts.box),
        grown_ups_forgotten(),
        reads_forgotten(),
        rights_watched,
        searched(parts.inner, parts.audit),
        key_rotation(parts.rotations),
        BackgroundJob("stream_room", room.make),
        schemas_known(schemas),
        imports_done(importer),
    ]


def _parts(settings: Settings) -> Parts:
    clock: Clock = open_clock(settings.clock_file if settings.dev else None)
    keys = Keys()
    vault = Vault(keys, Ring(settings.programme, settings.key_cache_seconds), settings.cipher_suite)
    inner = InnerClient(
        settings.services,
        settings.internal_token,
        settings.upstream_connections,
        settings.upstream_seconds,
    )
    keeper = vault.keeper = Keeper(vault.ring, keys, open_roots(settings), settings.key_dir)
    redis = connect(settings.redis_url)
    consents = Standings()
    limits = Limits(
        redis, Bucket("calls", settings.rate_limit_per_second, settings.rate_limit_burst)
    )
    relations, audited = Relations(consents.granted), Audit(lambda: keys.secret("audit"))
    guesses = Guesses(limits, settings.guesses_per_hour)
    ids = Ids(clock, settings.seed if settings.dev else "")
    policies = Policies(settings.policy_file, clock)
    guesses = Guesses(limits, settings.guesses_per_hour)
    return Parts(
        settings=settings,
        redis=redis,
        keys=keys,
        vault=vault,
        keeper=keeper,
        rotations=Rotations(
            keeper,
            vault,
            Columns(inner),
            Kept(
                timedelta(seconds=settings.key_keep_seconds),
                timedelta(seconds=settings.root_keep_seconds),
            ),
            audited,
        ),
        tokens=Tokens(
            KeyRing(keys), clock, settings.public_url, settings.token_seconds, settings.token_cache
        ),
        signatures=Signatures(Nonces(redis), clock, settings.public_url),
        limits=limits,
        audit=audited,
        box=Strongbox(settings.key_dir / AUDIT, AUDIT),
        inner=inner,
        consents=consents,
        forward=Forward(
            inner,
            vault,
            ids,
            Beside(relations, consents, guesses, audited, policies, Tails(vault), Corrections()),
        ),
        relations=relations,
        views=Views(
            vault,
            policies,
            relations,
            audited,
            keys=keys,
            reads_an_hour=settings.plain_reads_per_hour,
            noise=Noise(settings.figures_epsilon, settings.figures_budget),
        ),
    )


def _login(parts: Parts, sms: Provider) -> Login:
    settings = parts.settings
    wechat = WeChat(
        settings.mini_program_url, settings.mini_program_app_id, settings.mini_program_secret
    )
    cost = Bucket("sms", settings.sms_per_hour / 3600, settings.sms_per_hour)
    return Login(
        parts.tokens, parts.keys, parts.vault, parts.limits, parts.forward, sms, wechat, cost,
        settings.dev,
    )  # fmt: skip


def _dispatch(parts: Parts) -> Dispatch:
    settings = parts.settings
    means = registry.Means(settings, parts.keys, lambda: parts.audit.db)
    patience = Patience(
        timedelta(seconds=settings.egress_seconds),
        timedelta(seconds=settings.egress_retry_seconds),
        timedelta(seconds=settings.egress_patience_seconds),
    )
    return Dispatch(
        parts.vault, parts.audit, registry.carriers(means), patience,
        registry.chosen(settings), settings.public_url, parts.keys.secret,
    )  # fmt: skip


def _webhooks(settings: Settings, keys: Keys) -> Webhooks:
    ports = frozenset(map(int, settings.webhook_ports.split(",")))
    loopback = settings.dev and settings.webhook_loopback
    outward = Outward(ports, settings.webhook_seconds, loopback)
    return Webhooks(keys, outward, timedelta(seconds=settings.webhook_patience_seconds))


async def _start(app: FastAPI) -> None:
    parts: Parts = app.state.parts
    runtime: Runtime = app.state.runtime
    ring, parts.audit.db = parts.tokens.ring, runtime.db
    parts.relations.db = parts.views.db = parts.forward.tails.db = runtime.db
    parts.forward.corrections.db = runtime.db
    parts.rotations.passing.append(parts.forward.tails.rebuild)
    app.state.room.bus = runtime.bus
    parts.forward.proofs = PhoneProofs(runtime.db, app.state.login)
    schemas: Schemas = app.state.schemas
    await schemas.refresh(runtime.db, runtime.db.clock.now())
    translator = Translator(parts.vault, schemas.counting)
    quick = Quick(translator)
    parts.keeper.changed += [parts.vault.identifier.cache_clear, translator.forget, quick.forget]
    parts.keeper.changed.append(parts.vault.matcher.forget)
    await parts.keeper.start(runtime.db, runtime.bus.nc)
    now = runtime.db.clock.now()
    await rotate(runtime.db, parts.keys, ring, now - KEY_LIFE / 2, parts.audit)
    await parts.tokens.revocations.poll(runtime.db, now)
    parts.tokens.reload = lambda: reload(runtime.db, ring)
    clients = Path(parts.settings.key_dir) / CLIENTS_FILE
    parts.consents.db = parts.signatures.db = runtime.db
    await parts.signatures.nonces.begin(now.timestamp())
    async with runtime.db.transaction() as tx:
        await first_clients(tx, clients, dev=parts.settings.dev)
        await notices.first(tx)
    app.state.collector = app.state.edges.collector = Collector(
        runtime.db, runtime.bus, parts.vault, parts.forward, translator, quick,
        partial(again, app.state.importer.ways),
    )  # fmt: skip


async def _stop(app: FastAPI) -> None:
    parts: Parts = app.state.parts
    await parts.keeper.stop()
    await parts.inner.stop()
    await parts.redis.aclose()


def _document() -> APIRouter:
    router = APIRouter()
    document: dict[str, Any] = {}

    @router.get("/openapi.json")
    async def openapi_json() -> JSONResponse:
        """One document for all services, made on the first request."""
        if not document:
            document.update(openapi.document())
        return JSONResponse(document)

    return router
