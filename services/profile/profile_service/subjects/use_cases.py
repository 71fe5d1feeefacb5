"""Members register, identifiers are linked, members turn out to be one."""

from collections.abc import Iterable, Mapping, Sequence

from chassis.database import Tx
from contracts.events import MemberRegistered, MembersSplit
from profile_service.subjects import domain, repository
from profile_service.subjects.domain import Key, Link
from profile_service.worth import use_cases as worth

MOST_REMEMBERED = 500_000


class SubjectIds:
    """Subjects by key. An id stays until its member is erased, so what a transaction has committed
    is remembered; an erasure anywhere, by another process too, makes all of that be forgotten."""

    def __init__(self) -> None:
        self._known: dict[Key, int] = {}
        self._erasures = -1

    async def of(self, tx: Tx, keys: Iterable[Key]) -> Mapping[Key, int]:
        """The subject of each key; unknown ones are made."""
        wanted = set(keys)
        if wanted and (erasures := await repository.erasures(tx)) != self._erasures:
            self._known.clear()
            self._erasures = erasures
        known = {key: self._known[key] for key in wanted if key in self._known}
        fresh = await repository.ids_of(tx, wanted - known.keys())
        if fresh:
            tx.after_commit(lambda: self._remember(fresh))
        return known | fresh

    def _remember(self, fresh: Mapping[Key, int]) -> None:
        if len(self._known) > MOST_REMEMBERED:
            self._known.clear()
        self._known.update(fresh)


async def register(tx: Tx, subjects: SubjectIds, events: Sequence[MemberRegistered]) -> None:
    """Keep what identity tells about new members."""
    ids = await subjects.of(tx, {event.member_id for event in events})
    await repository.save_members(tx, {ids[event.member_id]: event for event in events})
    await repository.touch(tx, ids.values())


async def link(tx: Tx, subjects: SubjectIds, links: Sequence[Link]) -> list[int]:
    """Hang each child under its parent; all facts of both are one person's from now on. Answers
    the identifiers among them that were nobody's before."""
    ids = await subjects.of(tx, {key for link in links for key in (link.child, link.parent)})
    forest = await repository.forest(tx, ids.values())
    pairs = [(ids[link.child], ids[link.parent], link.at) for link in links]
    changed = domain.attach(forest, pairs)
    if changed:
        await repository.save_nodes(tx, changed)
        await repository.touch(tx, ids.values())
    named = {ids[each.child] for each in links if isinstance(each.child, str)}
    return sorted(n for n in named & changed.keys() if forest[n].parent is None)


async def split(tx: Tx, subjects: SubjectIds, events: Sequence[MembersSplit]) -> None:
    """Take each restored member from the one it was merged into; its facts were its own all along.

    Facts stay with the id or identifier they were told of, so they come along by themselves.
    """
    ids = await subjects.of(
        tx, {key for event in events for key in (event.restored_id, event.survivor_id)}
    )
    forest = await repository.forest(tx, ids.values())
    cut = {ids[event.restored_id]: event.split_at for event in events}
    changed = domain.detach(forest, cut.items())
    if changed:
        await repository.save_nodes(tx, changed)
        await repository.forget_tags(tx, cut)
        merged = [(ids[event.survivor_id], event.merged_at) for event in events]
        await worth.forget(tx, merged)
        await repository.touch(tx, ids.values())
