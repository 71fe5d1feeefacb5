"""Finding members who may be one person, and deciding about them."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from chassis.database import Database, Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts import merge_reviews as api
from contracts.events import DuplicatesHunted
from contracts.identity import SealedMember
from contracts.roles import Role
from identity_service.identifiers.domain import Doubt, Strangers
from identity_service.likeness import domain, repository
from identity_service.likeness.domain import Everybody, Profile, Proposal
from identity_service.matching.clustering import REVIEW
from identity_service.matching.domain import Indexes
from identity_service.matching.estimation import Weights
from identity_service.matching.resolve import resolve, search
from identity_service.merges.domain import Reason
from identity_service.merges.repository import hold, load
from identity_service.merges.use_cases import record

PAGE = 50
ENOUGH = 500  # members from which anything can be learnt
NEWS = 0.25  # of the members the last hunt knew
AT_ONCE = 500  # newcomers
MET = 100  # members that one newcomer is compared with
READ = 20_000
MERGED_AT_ONCE = 100
REVIEWS = 10_000  # of one hunt, the likeliest
CLAIMS = 1_000  # open reviews for which nothing speaks but what anybody can say
_FIRST = UUID(int=0)
_OURS = frozenset(Role) - {Role.PARTNER}  # whose word about a member is one that we can go back to


def trusts(principal: Principal) -> bool:
    """Whether what the caller says of a member may count in a merge that nobody looks at."""
    return principal.role in _OURS


async def keep(tx: Tx, principal: Principal, members: Sequence[SealedMember]) -> None:
    """Match keys of who has just registered."""
    known = [(each.member_id, each.match_keys) for each in members if each.match_keys]
    await repository.keep(tx, known, trusted=trusts(principal))


async def compare_newcomers(db: Database, _now: datetime) -> None:
    """Whoever is new or changed, against whom they share a block with."""
    taken = AT_ONCE
    while taken == AT_ONCE:
        async with db.transaction() as tx:
            learnt = await repository.last_learnt(tx)
            if learnt is None:
                return
            fresh = await repository.newcomers(tx, AT_ONCE)
            taken = len(fresh)
            if fresh:
                await _compare(tx, fresh, domain.read(learnt["weights"]))


async def _compare(tx: Tx, fresh: Sequence[Profile], weights: Weights) -> None:
    ids = [each.member_id for each in fresh]
    await repository.file(tx, ids, domain.blocks_of(fresh))
    met = await repository.met(tx, ids, MET)
    profiles = [*fresh, *(other for _, other in met)]
    place = {member: at for at, member in enumerate(ids)}
    i = np.array([place[newcomer] for newcomer, _ in met], dtype=np.int64)
    j = len(fresh) + np.arange(len(met), dtype=np.int64)
    if len(met):
        records = domain.joined(profiles)
        found = domain.scored(dict(enumerate(profiles)), records, (i, j), weights, rare=False)
        await repository.propose(tx, found)


async def hunt(db: Database, midnight: datetime, *, days: int, merge_bits: float) -> None:
    """Each night: propose, and merge what both sides' trusted word makes certain; tell the counts.

    Who is new since the last night is compared with everybody, by the weights that are known. Every
    `days`, and when a good part are new or changed, weights are learnt anew from all against all.
    Left out while there is nothing new, and while members are few.
    """
    async with db.transaction(readonly=True) as tx:
        learnt = await repository.last_learnt(tx)
        if learnt is not None:
            if not await repository.news_since(tx, learnt["searched_at"]):
                return
            news = await repository.news_since(tx, learnt["learnt_at"])
            due = midnight >= learnt["learnt_at"] + timedelta(days=days)
            if due or news >= NEWS * learnt["population"]:
                learnt = None
    everybody = await _everybody(db, learnt and learnt["searched_at"])
    if len(everybody.records) < ENOUGH:
        return
    weights, pairs = await asyncio.to_thread(_hunt, everybody, learnt)
    proposals = await _proposals(db, everybody, pairs, weights)
    async with db.transaction() as tx:
        fresh = await repository.propose(tx, proposals[:REVIEWS])
    certain = [each for each in proposals if each.trusted and each.bits >= merge_bits]
    merged = 0
    for at in range(0, len(certain), MERGED_AT_ONCE):
        async with db.transaction() as tx:
            merged += await _merge_certain(tx, certain[at : at + MERGED_AT_ONCE])
    async with db.transaction() as tx:
        if learnt is None:
            await repository.keep_weights(
                tx, midnight, len(everybody.records), domain.written(weights)
            )
        else:
            await repository.searched(tx, learnt["learnt_at"], midnight)
        tx.publish(
            DuplicatesHunted(
                hunted_at=tx.now,
                all_with_all=learnt is None,
                members=len(everybody.records),
                found=len(proposals),
                merged=merged,
                reviews_new=fresh,
                reviews_open=await repository.still_open(tx),
            )
        )


async def _everybody(db: Database, since: datetime | None) -> Everybody:
    pages: list[tuple[bytes, bytes, bytes]] = []
    after = _FIRST
    while True:
        async with db.transaction(readonly=True) as tx:
            page = await repository.everybody(tx, after, READ, since)
        if page is None:
            return Everybody.of(pages)
        pages.append(page)
        after = UUID(bytes=page[0][-16:])


def _hunt(everybody: Everybody, learnt: Any) -> tuple[Weights, tuple[Indexes, Indexes]]:
    """Pairs that are worth a look: all against all, or who is new against all by what was
    `learnt`."""
    records = everybody.records
    if learnt is None:
        found = resolve(records, lambda _line: None)
        weights, edges = found.weights, found.edges
    else:
        weights = domain.read(learnt["weights"])
        edges = search(records, weights, everybody.fresh)
    worth = edges.bits >= REVIEW
    return weights, (edges.i[worth], edges.j[worth])


async def _proposals(
    db: Database, everybody: Everybody, pairs: tuple[Indexes, Indexes], weights: Weights
) -> list[Proposal]:
    places = [int(place) for place in np.unique(np.concatenate(pairs))]
    members = {place: everybody.member(place) for place in places}
    async with db.transaction(readonly=True) as tx:
        known = await repository.profiles(tx, members.values())
    profiles = {place: known[member] for place, member in members.items() if member in known}
    return await asyncio.to_thread(
        domain.scored, profiles, everybody.records, pairs, weights, rare=True
    )


async def _merge_certain(tx: Tx, proposals: Sequence[Proposal]) -> int:
    """Nobody is asked: the evidence is trusted on both sides, and a merge can be undone.

    What somebody decided, or was merged once before and split, is left alone.
    """
    await hold(tx)
    members = {member for each in proposals for member in (each.survivor_id, each.absorbed_id)}
    waiting = await repository.open_among(tx, members)
    kin = await load(tx, (), members)
    done: list[tuple[UUID, UUID]] = []
    for each in proposals:
        review_id = waiting.get((each.survivor_id, each.absorbed_id))
        one, other = kin.live(each.survivor_id), kin.live(each.absorbed_id)
        if review_id and one and other and one != other and not kin.apart((one, other)):
            merge = kin.merge(one, other, Reason("likeness", "likeness", "identity"))
            done.append((review_id, merge.merge_id))
    await record(tx, kin)
    for review_id, merge_id in done:
        await repository.decide(tx, review_id, "merged", "identity", merge_id)
    return len(done)


async def strangers_among(tx: Tx, members: Collection[UUID]) -> Strangers:
    """What is known of these members besides identifiers, as a question about each two."""
    known = await repository.known_of(tx, members) if len(members) > 1 else {}

    def strangers(one: UUID, other: UUID) -> bool:
        return one in known and other in known and domain.strangers(known[one], known[other])

    return strangers


async def doubted(tx: Tx, doubts: Sequence[Doubt]) -> None:
    """Propose what was told and is not enough; what anybody can say, only so much of it."""
    members = {member for each in doubts for member in each.members}
    if not members:
        return
    found = domain.hinted(doubts, await repository.ages_of(tx, members))
    pairs = [(each.survivor_id, each.absorbed_id) for each in found]
    settled = await repository.settled(tx, pairs)
    fresh = [each for each, pair in zip(found, pairs, strict=True) if pair not in settled]
    claims = [each for each in fresh if each.hints[0][0] == "claim"]
    if claims:
        room = max(CLAIMS - await repository.claims_open(tx), 0)
        fresh = [each for each in fresh if each not in claims[room:]]
    await repository.propose(tx, fresh)


async def page(tx: Tx, state: str, limit: int, cursor: str | None) -> api.MergeReviews:
    """A page of reviews. Raises Problem 422 `bad_cursor`."""
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise Problem(422, "bad_cursor", "Not a cursor of this list", pointer="#query/cursor")
    start = int(cursor or 0)
    rows = await repository.page(tx, state, limit + 1, start)
    more = str(start + limit) if len(rows) > limit else None
    return api.MergeReviews(data=rows[:limit], next_cursor=more)


async def decide(
    tx: Tx, principal: Principal, review_id: UUID, wanted: api.DecideReview
) -> api.MergeReview:
    """Merge, or never propose again. The same decision again changes nothing.

    Raises Problem 404 `unknown_review`, 409 `already_decided` for another one.
    """
    await hold(tx)
    review = await repository.find(tx, review_id)
    if review is None:
        raise Problem(404, "unknown_review", "No review has this id", pointer="#path/review_id")
    state = "merged" if wanted.decision == "merge" else "apart"
    if review.state == state:
        return review
    if review.state != "open":
        raise Problem(409, "already_decided", "This was decided before", pointer="/decision")
    merge_id = await _merge(tx, principal, review) if state == "merged" else None
    await repository.decide(tx, review_id, state, principal.subject, merge_id)
    found = await repository.find(tx, review_id)
    assert found is not None
    return found


async def _merge(tx: Tx, principal: Principal, review: api.MergeReview) -> UUID | None:
    """The two as who they answer as by now; None if they became one in the meantime."""
    kin = await load(tx, (), (review.survivor_id, review.absorbed_id))
    survivor, absorbed = kin.live(review.survivor_id), kin.live(review.absorbed_id)
    if survivor is None or absorbed is None or survivor == absorbed:
        return None
    merge = kin.merge(survivor, absorbed, Reason("likeness", "staff", principal.subject))
    await record(tx, kin)
    return merge.merge_id
