"""The composition root's tool: from a `Service` to a running FastAPI app."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis import holdings, logs, problem, tracing
from chassis.bus import Bus, Subscription
from chassis.clock import local_date, open_clock
from chassis.database import Database
from chassis.edge import InnerEdge
from chassis.ids import Ids
from chassis.inbox import Consumer
from chassis.jobs import AnyJob, DailyJob, Scheduler
from chassis.logs import log
from chassis.outbox import Relay, prune
from chassis.sealed import SealedColumns, sealed_router
from chassis.settings import Settings

# The edges make the spans and the figures. FastAPI's own would tell paths and refused values.
_NO_TELEMETRY: TelemetryConfig = {
    "tracing": False, "metrics": False, "logs": False, "operation_spans": False,
}  # fmt: skip


@dataclass(frozen=True)
class Service:
    """What a service is made of. `start` hooks run after the pool is open, before traffic.

    `guarded=False` leaves out the inner edge (the gateway has its own). `sealed` are the columns,
    `<table>.<column>`, that hold sealed values.
    """

    name: str
    settings: Settings
    routers: Sequence[APIRouter] = ()
    subscriptions: Sequence[Subscription] = ()
    jobs: Sequence[AnyJob] = ()
    start: Sequence[Callable[[FastAPI], Any]] = ()
    stop: Sequence[Callable[[FastAPI], Any]] = ()
    guarded: bool = True
    sealed: Sequence[str] = ()
    version: str = field(default="0.1.0")


@dataclass
class Runtime:
    """The moving parts of a running service, at `app.state.runtime`."""

    db: Database
    bus: Bus
    relay: Relay
    consumers: list[Consumer]
    scheduler: Scheduler

    async def lag(self) -> dict[str, int]:
        """Unpublished outbox rows and unread messages; all zero when nothing is under way."""
        # Consumers first: what one of them finishes in between shows in the outbox.
        unread = [await consumer.lag() for consumer in self.consumers]
        async with self.db.statement() as tx:
            outbox = await tx.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        return {"outbox": outbox, "unread": sum(unread)}

    async def rest(self, seconds: float) -> bool:
        """Wait until nothing is under way here; False if that took longer than `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                for consumer in self.consumers:
                    await consumer.caught_up()
                await self.relay.drained()
        except TimeoutError:
            return False
        return True


def build(service: Service) -> FastAPI:
    """The app: routes, problem documents, health, metrics, and a lifespan that runs everything."""
    settings = service.settings
    logs.configure(service.name, settings.log_level)
    tracing.configure(service.name, settings.otlp_endpoint)
    app = FastAPI(
        title=f"huiyuan {service.name}",
        version=service.version,
        lifespan=lambda app: _lifespan(app, service),
        telemetry=_NO_TELEMETRY,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    problem.install(app)
    # Routes are tried in turn, and these are asked for most often.
    if service.guarded:
        app.include_router(_internal())
        app.include_router(holdings.routes(service.name))
        app.state.sealed = SealedColumns(service.sealed)
        app.include_router(sealed_router(app.state.sealed))
    app.include_router(_health())
    for router in service.routers:
        app.include_router(router)
    if service.guarded:
        app.add_middleware(InnerEdge, service=service.name, token=settings.internal_token)
    return app


def assemble(service: Service) -> Runtime:
    """Create (not start) the parts a service runs on."""
    settings = service.settings
    clock = open_clock(settings.clock_file if settings.dev else None)
    ids = Ids(clock, settings.seed if settings.dev else "")
    db = Database(settings.database_url, service.name, clock, ids, settings.pool_size)
    bus = Bus(
        settings.nats_url, service.name, settings.stream_replicas, settings.activity_max_bytes
    )
    streams = sorted({sub.stream for sub in service.subscriptions})
    consumers = [
        Consumer(
            db, bus, service.name, stream,
            [sub for sub in service.subscriptions if sub.stream == stream],
        )
        for stream in streams
    ]  # fmt: skip

    async def tidy(database: Database, now: datetime) -> None:
        if local_date(now).weekday() == 0:
            await prune(database, settings.outbox_keep_days)

    jobs = [
        *service.jobs, DailyJob("outbox_prune", tidy), holdings.retention(service.name)
    ]  # fmt: skip
    return Runtime(
        db, bus, Relay(db, bus, service.name), consumers, Scheduler(db, service.name, jobs)
    )


@asynccontextmanager
async def _lifespan(app: FastAPI, service: Service) -> AsyncIterator[None]:
    runtime = assemble(service)
    app.state.runtime, app.state.db, app.state.settings = runtime, runtime.db, service.settings
    await runtime.db.start()
    await runtime.bus.start()
    runtime.bus.on_reconnect = _rebuild(runtime)
    await runtime.relay.rebuild_if_stream_is_new()
    for hook in service.start:
        await hook(app)
    loops = [runtime.relay.run, runtime.scheduler.run, *(c.run for c in runtime.consumers)]
    tasks = [asyncio.create_task(_kept_up(loop)) for loop in loops]
    app.state.tasks = tasks
    log.info("started")
    try:
        yield
    finally:
        await _cancel(tasks)
        for hook in service.stop:
            await hook(app)
        await runtime.bus.stop()
        await runtime.db.stop()
        log.info("stopped")


async def _kept_up(loop: Callable[[], Awaitable[None]]) -> None:
    """Run a loop that should never end, again if it does: what it works on is in the database."""
    while True:
        try:
            await loop()
        except Exception:  # noqa: BLE001 - a service whose loop has died looks alive and is not
            log.exception("loop_restarted")
        await asyncio.sleep(0.5)


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel until all have ended: `wait_for` inside a library may lose one on Python 3.11."""
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=1)


def _rebuild(runtime: Runtime) -> Callable[[], Any]:
    async def rebuild() -> None:
        await runtime.bus.ensure_streams()
        await runtime.relay.rebuild_if_stream_is_new()

    return rebuild


def _health() -> APIRouter:
    router = APIRouter()

    @router.get("/livez")
    async def livez() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz(request: Request) -> JSONResponse:
        """Database and bus can be reached and every loop runs."""
        runtime: Runtime = request.app.state.runtime
        checks = {"bus": runtime.bus.connected}
        try:
            async with asyncio.timeout(2), runtime.db.statement() as tx:
                checks["database"] = await tx.fetchval("SELECT true")
        except Exception:  # noqa: BLE001 - whatever it is, we are not ready
            checks["database"] = False
        checks["loops"] = not any(task.done() for task in request.app.state.tasks)
        ready = all(checks.values())
        return JSONResponse(
            {"status": "ok" if ready else "not ready", "checks": checks}, 200 if ready else 503
        )

    @router.get("/metrics")
    async def metrics() -> Response:
        """Prometheus text."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def _internal() -> APIRouter:
    router = APIRouter(prefix="/internal")

    @router.get("/lag")
    async def lag(request: Request) -> dict[str, int]:
        """How much is still under way here."""
        runtime: Runtime = request.app.state.runtime
        return await runtime.lag()

    @router.get("/rest")
    async def rest(request: Request, seconds: float = 5.0) -> dict[str, bool]:
        """Answers when nothing is under way here, or when the time is up."""
        runtime: Runtime = request.app.state.runtime
        return {"rest": await runtime.rest(seconds)}

    @router.post("/tick")
    async def tick(request: Request) -> dict[str, str]:
        """Run whatever is due by now; answers when it is done."""
        runtime: Runtime = request.app.state.runtime
        await runtime.scheduler.tick()
        return {"status": "done"}

    return router
