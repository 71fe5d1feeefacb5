"""Members on their way: hear what happens to them, let them in, take them on. All in batches.

Events only wake who waits for them; every step is taken by whoever looks at the due runs, in one
transaction with what it causes. So an event and a timer cannot both win.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from campaign_service.audiences import repository as audiences
from campaign_service.audiences.rules import picking
from campaign_service.campaigns import repository as campaigns
from campaign_service.campaigns.domain import Campaign
from campaign_service.decisions.domain import Ask
from campaign_service.decisions.use_cases import Desk, ask, held_out
from campaign_service.journeys import acting, domain, repository, versions
from campaign_service.journeys.domain import MESSAGE_STATES, Known, Run, Signal, Surroundings
from campaign_service.journeys.repository import Gate
from campaign_service.journeys.rules import KINDS
from campaign_service.journeys.versions import Kept
from campaign_service.triggers import watching
from chassis.clock import PROGRAM_ZONE, local_date
from chassis.database import Tx
from contracts.campaign.decisions import Outcome
from contracts.campaign.journey_nodes import MessageNode
from contracts.campaign.journeys import Definition

NOBODY = UUID(int=0)
JOURNEYS = UUID(int=1)  # who waits for collected events
USEFUL_MINUTES = 24 * 60


async def hear(tx: Tx, told: Sequence[Signal]) -> None:
    """Remember what somebody may wait for, wake who does, let in whom it lets in."""
    names = await repository.heard_names(tx) if told else set()
    wanted = [
        replace(each, occurred_at=min(each.occurred_at, tx.now))
        for each in told
        if each.name in names
    ]
    if not wanted:
        return
    await audiences.lock(tx)
    news = await repository.remember(tx, wanted)
    if news:
        await repository.wake(tx, news, tx.now)
        await _let_in(tx, news)


async def other_watches(tx: Tx) -> set[str] | None:
    """Collected events that profile should tell of, if those are others than it was asked for."""
    wanted = await repository.behaviours(tx)
    return wanted if wanted != await repository.watching(tx, JOURNEYS) else None


async def watch(tx: Tx, names: Collection[str]) -> None:
    """Have profile tell of these collected events."""
    await watching.watch(tx, JOURNEYS, dict.fromkeys(names, USEFUL_MINUTES))


async def _let_in(tx: Tx, news: Sequence[Signal]) -> None:
    fresh = [each for each in news if each.occurred_at > tx.now - domain.FRESH]
    for kept in await versions.hearing(tx, {each.name for each in fresh}, local_date(tx.now)):
        definition = parsed(kept.document)
        entry = definition.entry
        entries = [
            each for each in fresh
            if each.name == entry.on and domain.holds(entry.where, each.properties)
            and each.campaign in (None, str(kept.campaign_id))
        ]  # fmt: skip
        campaign = await campaigns.get(tx, kept.campaign_id)
        if campaign is not None and campaign.audience:
            wanted = picking(campaign.audience, tx.now)
            meant = await repository.meant(tx, wanted, [each.member_id for each in entries])
            entries = [each for each in entries if each.member_id in meant]
        if entries:
            runs = [(tx.ids.new(), each) for each in entries]
            await repository.enter(tx, _gate(kept, definition), runs, tx.now)


async def let_audience_in(
    tx: Tx, journey_id: UUID, now: datetime, after: UUID, limit: int
) -> UUID | None:
    """The next members of the campaign's audience get in; answers after whom to go on."""
    kept = await versions.get(tx, journey_id)
    campaign = kept and await campaigns.get_launched(tx, kept.campaign_id)
    if not kept or not campaign:
        return None
    await audiences.lock(tx)
    definition = parsed(kept.document)
    return await repository.enter_audience(
        tx, _gate(kept, definition), picking(campaign.audience, now), since=campaign.created_at,
        now=now, after=after, limit=limit,
    )  # fmt: skip


async def take_on(tx: Tx, desk: Desk, journey_id: UUID, now: datetime, limit: int) -> bool:
    """Take up to `limit` members on who are due, each until it waits or ends; answers whether more
    may be due."""
    kept = await versions.get(tx, journey_id)
    campaign = kept and await campaigns.get_launched(tx, kept.campaign_id)
    if not kept or not campaign:  # paused or finished since it was listed
        return False
    await audiences.lock(tx)
    runs = await repository.take_due(tx, journey_id, now, limit)
    if not runs:
        return False
    walk = await _walk(tx, desk, campaign, runs, now)
    outside = [run for run in runs if run.is_new and not walk.may_enter(run)]
    await repository.forget(tx, outside)
    out = {run.run_id for run in outside}
    inside = [run for run in runs if run.run_id not in out]
    new = [run for run in inside if run.is_new]
    alone = await held_out(tx, desk, campaign, [run.member_id for run in new]) if new else set()
    for run in new:
        run.control = run.member_id in alone
    await walk.on(inside)
    await repository.save(tx, inside)
    return len(runs) == limit


async def _walk(
    tx: Tx, desk: Desk, campaign: Campaign, runs: Sequence[Run], now: datetime
) -> "_Walk":
    found = await versions.documents(tx, runs[0].journey_id, {run.version for run in runs})
    definitions = {version: parsed(document) for version, document in found.items()}
    names = {name for each in definitions.values() for name, _, _ in domain.watches(each)}
    asks = any(True for each in definitions.values() for _ in domain.conditions(each))
    return _Walk(
        tx, desk, campaign, now, definitions,
        await repository.signals(tx, runs, names, now),
        await repository.known(tx, runs) if asks else {},
    )  # fmt: skip


@dataclass(slots=True)
class _Walk:
    """Members taken on together: what is known about them, read once."""

    tx: Tx
    desk: Desk
    campaign: Campaign
    now: datetime
    definitions: Mapping[int, Definition]
    heard: Mapping[UUID, Sequence[Signal]]
    known: dict[UUID, Known]

    def may_enter(self, run: Run) -> bool:
        """Whether the entry's condition is true of the member."""
        when = self.definitions[run.version].entry.when
        return when is None or domain.true_of(when, run, self.around(run))

    def around(self, run: Run, done: str | None = None) -> Surroundings:
        """What a node may look at."""
        entered = (run.entered_at, run.entered_by)
        signals = [
            each for each in self.heard.get(run.member_id, ())
            if each.place != entered and each.campaign in (None, str(self.campaign.campaign_id))
        ]  # fmt: skip
        known = self.known.get(run.run_id, Known())
        return Surroundings(self.now, PROGRAM_ZONE, signals, known, done)

    async def on(self, runs: Sequence[Run]) -> None:
        """Node by node, those at the same one together, until everybody waits or has ended."""
        moving = list(runs)
        while moving:
            at: dict[tuple[int, str], list[Run]] = defaultdict(list)
            for run in moving:
                at[run.version, run.node].append(run)
            moving = []
            for (version, name), there in at.items():
                moving += await self._through(self.definitions[version], name, there)

    async def _through(self, definition: Definition, name: str, there: list[Run]) -> list[Run]:
        node = definition.nodes[name]
        kind = KINDS[node.kind]
        done: dict[UUID, str] = {}
        if kind.acts:
            there = [
                run for run in there
                if not domain.gone(definition, run, self.around(run), self.now)
            ]  # fmt: skip
        if isinstance(node, MessageNode) and there:
            done = await self._ask(node, name, there)
        elif kind.acts:
            acting.act(self.tx, self.campaign, name, node, [r for r in there if not r.control])
            done = {run.run_id: "control" if run.control else "done" for run in there}
        return [
            run for run in there
            if domain.advance(definition, kind, run, self.around(run, done.get(run.run_id)))
        ]  # fmt: skip

    async def _ask(self, node: MessageNode, name: str, there: Sequence[Run]) -> dict[UUID, str]:
        values = node.values.model_dump(mode="json", exclude_defaults=True)
        asks = [Ask(run.member_id, run.at, values, step=name) for run in there]
        outcomes = await ask(self.tx, self.desk, self.campaign.campaign_id, asks, node.change)
        done: dict[UUID, str] = {}
        for run in there:
            outcome = outcomes.get(run.member_id, Outcome.SKIPPED)
            done[run.run_id] = outcome
            run.message = {"node": name, "at": run.at.isoformat()}
            known = self.known.get(run.run_id, Known())
            self.known[run.run_id] = replace(known, message=MESSAGE_STATES[outcome])
        return done


def _gate(kept: Kept, definition: Definition) -> Gate:
    return Gate(kept.journey_id, kept.version, definition.start, domain.again(definition.reentry))


def parsed(document: Mapping[str, object]) -> Definition:
    """A definition as it is kept."""
    return Definition.model_validate(document)
