"""Recording acts: lock the members, decide, grant, keep, tell. One code path for one and many."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from chassis.database import Tx
from chassis.problem import Problem
from contracts.points import acts as api
from contracts.points_events import BadgeEarned
from contracts.roles import Role
from points_service.acts import repository
from points_service.acts.domain import Act, Customs, Decided, Facts, Outcome, decide
from points_service.calendar import day_of, month_of
from points_service.catalogue import repository as catalogue
from points_service.earning.use_cases import know, spend
from points_service.earning.use_cases import load as load_rules
from points_service.growth import use_cases as growth
from points_service.members import repository as members
from points_service.members.domain import Member
from points_service.members.repository import Members
from points_service.members.use_cases import unknown_member
from points_service.programme import Programme
from points_service.tasks import repository as tasks
from points_service.tasks.domain import Task
from points_service.tiers import repository as tiers
from points_service.tiers.domain import Ladder


async def customs(tx: Tx, programme: Programme) -> Customs:
    """Kinds of act and tasks, as they are now."""

    async def load() -> Customs:
        return Customs(await repository.kinds(tx), await tasks.tasks(tx))

    return await programme.customs.get(await catalogue.version(tx), load)


async def perform(
    tx: Tx,
    programme: Programme,
    role: Role,
    member_id: UUID,
    request: api.ActRequest,
    *,
    dry_run: bool = False,
) -> api.ActAnswer:
    """An act told by a call.

    Raises Problem 404 (member), 403 (who may tell it), 422 (kind, time), 409 (`ref` of another's).
    """
    kind = (await customs(tx, programme)).kinds.get(request.kind)
    if kind is None:
        raise Problem(422, "unknown_act", "There is no such kind of act", pointer="/kind")
    if kind.told_by == "system" or (role is Role.MEMBER and kind.told_by != "member"):
        raise Problem(403, "not_for_you", "This act is not told by you", pointer="/kind")
    at = request.occurred_at or tx.now
    if at > tx.now + programme.future_tolerance or (role is Role.MEMBER and at > tx.now):
        raise Problem(422, "in_future", "It cannot have happened yet", pointer="/occurred_at")
    if role is Role.MEMBER and day_of(at) != day_of(tx.now):
        raise Problem(422, "long_ago", "It is too late to tell it", pointer="/occurred_at")
    named = f"{member_id}/{day_of(at)}" if kind.daily else str(tx.ids.new())
    act = Act(kind.kind, request.ref or named, member_id, at, request.channel, request.store)
    return await one(tx, programme, act, dry_run=dry_run)


async def one(tx: Tx, programme: Programme, act: Act, *, dry_run: bool = False) -> api.ActAnswer:
    """A single act. Raises Problem 404 (member), 409 (`ref` of another member's act)."""
    [(outcome, member)] = await record(tx, programme, [act], dry_run=dry_run)
    if outcome is None or member is None:
        raise unknown_member()
    if outcome.act.member_id != member.member_id:
        raise Problem(409, "ref_reused", "This ref is another member's act", pointer="/ref")
    return api.ActAnswer(
        member_id=member.member_id,
        kind=act.kind,
        counted=outcome.counted,
        growth=outcome.growth,
        points=outcome.points,
        streak=outcome.streak,
        badges=list(outcome.badges),
        tier=member.tier,
        balance=member.balance,
    )


async def record(
    tx: Tx, programme: Programme, acts: Sequence[Act], *, dry_run: bool = False
) -> list[tuple[Outcome | None, Member | None]]:
    """Count each act once; answers, in their sequence, what they brought and the member after.

    (None, None) for an act whose member points has not heard of: nothing was kept of it. It posts,
    so call it once a transaction and last.
    """
    ladder = await tiers.ladder(tx, programme.ladder_id)
    oldest = min([tx.now, *(act.occurred_at for act in acts)])
    found = await members.lock(tx, {act.member_id for act in acts}, ladder.since(month_of(oldest)))
    living = [replace(act, member_id=found.living(act.member_id)) for act in acts]
    known = [act for act in living if act.member_id in found.by_id]
    after: Mapping[UUID, Member] = found.by_id
    outcomes: Mapping[tuple[str, str], Outcome] = {}
    if known:
        decided = await _decide(tx, programme, ladder, found, known)
        outcomes = decided.outcomes
        if not dry_run:
            await _keep(tx, decided)
        if decided.gains:
            after = await growth.apply(tx, programme, found, decided.gains, dry_run=dry_run)
    return [(outcomes.get(act.key), after.get(act.member_id)) for act in living]


async def _decide(
    tx: Tx, programme: Programme, ladder: Ladder, found: Members, acts: Sequence[Act]
) -> Decided:
    ids = {act.member_id for act in acts}
    known = await customs(tx, programme)
    daily = sorted({act.kind for act in acts if known.kinds[act.kind].daily})
    turns: dict[tuple[str, UUID, date], Task] = {
        (task.task_id, act.member_id, task.begins(day_of(act.occurred_at))): task
        for act in acts
        for task in known.tasks
        if task.act == act.kind
    }
    recorded = await repository.recorded(tx, {act.key for act in acts})
    absorbed = await members.survivors(tx, {each.act.member_id for each in recorded.values()})
    facts = Facts(
        customs=known,
        ladder=ladder,
        members=found.by_id,
        earning=await load_rules(tx, programme, [(act.kind, act.occurred_at) for act in acts], ids),
        recorded={key: _living(outcome, absorbed) for key, outcome in recorded.items()},
        days=await repository.days(tx, ids, daily) if daily else {},
        counts=await tasks.counts(tx, turns) if turns else {},
        done=frozenset(await tasks.done(tx, ids) if turns else ()),
        badges=frozenset(await tasks.badge_codes(tx, ids) if turns else ()),
    )
    while True:
        decided = decide(acts, facts)
        if not decided.meter.unknown:
            return decided
        facts = replace(facts, earning=await know(tx, facts.earning, decided.meter.unknown))


def _living(outcome: Outcome, absorbed: Mapping[UUID, UUID]) -> Outcome:
    holder = outcome.act.member_id
    return replace(outcome, act=replace(outcome.act, member_id=absorbed.get(holder, holder)))


async def _keep(tx: Tx, decided: Decided) -> None:
    if decided.fresh and not await repository.add(tx, decided.fresh):
        raise Problem(409, "ref_reused", "This ref is another member's act", pointer="/ref")
    await spend(tx, decided.meter)
    if decided.done:
        await tasks.finish(tx, list(decided.done))
        await tasks.give_badges(tx, decided.badges)
    for member_id, badge, _, at in decided.badges:
        tx.publish(BadgeEarned(member_id, badge, at))


async def wait_or_count(tx: Tx, programme: Programme, acts: Sequence[repository.Parked]) -> None:
    """Acts by holder: of known members they are counted, the others wait."""
    owners = await _owners(tx, {act.holder for act in acts})
    known = [act.of(owners[act.holder]) for act in acts if act.holder in owners]
    waiting = [act for act in acts if act.holder not in owners]
    answers = await record(tx, programme, known) if known else []
    waiting += [
        repository.Parked(
            act.kind, act.ref, f"member:{act.member_id}", act.occurred_at, act.channel, act.store
        )
        for act, (outcome, _) in zip(known, answers, strict=True)
        if outcome is None
    ]
    await repository.park(tx, waiting)


async def _owners(tx: Tx, holders: Collection[str]) -> dict[str, UUID]:
    named = {holder: UUID(holder[7:]) for holder in holders if holder.startswith("member:")}
    return named | await repository.owners(tx, holders - named.keys())


async def release(tx: Tx, programme: Programme, owners: Mapping[str, UUID]) -> None:
    """These holders are known now: count what waited for them."""
    if waiting := await repository.unpark(tx, owners):
        await record(tx, programme, [act.of(owners[act.holder]) for act in waiting])


async def show_kinds(tx: Tx) -> api.ActKinds:
    """All kinds of act."""
    told = await repository.kind_definitions(tx)
    return api.ActKinds(data=[api.ActKind(kind=kind, **each) for kind, each in told.items()])


async def write_kind(tx: Tx, kind: str, body: api.ActKindBody) -> api.ActKind:
    """Add or change a kind. Raises Problem 422 for an event that tells another kind."""
    await catalogue.next_version(tx)
    taken = {
        event for other, told in (await repository.kind_definitions(tx)).items()
        for event in told["events"] if other != kind
    }  # fmt: skip
    for place, event in enumerate(body.events):
        if event in taken:
            raise Problem(
                422, "event_taken", "This event tells another kind", pointer=f"/events/{place}"
            )
    await repository.save_kind(tx, kind, body.model_dump(mode="json"))
    return api.ActKind(kind=kind, **body.model_dump())
