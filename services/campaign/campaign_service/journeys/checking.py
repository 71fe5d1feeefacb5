"""What is wrong with a journey before anybody walks it. Pure."""

from collections.abc import Iterator, Mapping

from campaign_service.journeys.rules import KINDS
from contracts.base import ProblemError
from contracts.campaign.journey_nodes import Condition, Heard, properties_of
from contracts.campaign.journeys import Definition, Upgrade

Ways = Mapping[str, list[tuple[str, str]]]  # by node: (pointer, node)


def faults(definition: Definition) -> list[ProblemError]:
    """Everything that is wrong, each with its place in the definition."""
    ways = ways_of(definition)
    found = list(_unknown(definition, ways))
    if found:
        return found
    return [
        *_unreachable(definition, ways), *_endless(definition, ways), *_shares(definition),
        *_deaf(definition), *_senseless(definition),
    ]  # fmt: skip


def ways_of(definition: Definition) -> Ways:
    """Where each node leads."""
    return {
        name: [(f"/nodes/{name}{at}", to) for at, to in KINDS[node.kind].leads(node)]
        for name, node in definition.nodes.items()
    }


def unmapped(before: Definition, after: Definition, upgrade: Upgrade) -> list[ProblemError]:
    """What stands in the way of moving members from one version to the other."""
    if upgrade.rule == "stay":
        return [_fault(f"/upgrade/nodes/{each}", "not_moved", "who stays is taken nowhere")
                for each in upgrade.nodes]  # fmt: skip
    found = [
        _fault(f"/upgrade/nodes/{source}", "unknown_node", "there is no such node")
        for source, target in upgrade.nodes.items()
        if source not in before.nodes or target not in after.nodes
    ]
    gone = before.nodes.keys() - after.nodes.keys() - upgrade.nodes.keys()
    return found + [
        _fault("/upgrade/nodes", "node_gone", f"members at `{each}` have to go on somewhere")
        for each in sorted(gone)
    ]


def _fault(pointer: str, code: str, detail: str) -> ProblemError:
    return ProblemError(pointer=pointer, code=code, detail=detail)


def _unknown(definition: Definition, ways: Ways) -> Iterator[ProblemError]:
    if definition.start not in definition.nodes:
        yield _fault("/start", "unknown_node", "there is no such node")
    for each in ways.values():
        for pointer, to in each:
            if to not in definition.nodes:
                yield _fault(pointer, "unknown_node", "there is no such node")


def _unreachable(definition: Definition, ways: Ways) -> Iterator[ProblemError]:
    seen, left = {definition.start}, [definition.start]
    while left:
        for _, to in ways[left.pop()]:
            if to not in seen:
                seen.add(to)
                left.append(to)
    for name in definition.nodes:
        if name not in seen:
            yield _fault(f"/nodes/{name}", "unreachable", "no way leads here")


def _endless(definition: Definition, ways: Ways) -> Iterator[ProblemError]:
    """Nodes on a round trip that takes no time. What has no successor but such is taken off, again
    and again; what is left goes round."""
    left = {name for name, node in definition.nodes.items() if not KINDS[node.kind].waits}
    while done := {name for name in left if not any(to in left for _, to in ways[name])}:
        left -= done
    for name in sorted(_on_a_circle(left, ways)):
        yield _fault(f"/nodes/{name}", "endless", "leads back here without any wait")


def _on_a_circle(left: set[str], ways: Ways) -> set[str]:
    def reached(name: str) -> set[str]:
        seen: set[str] = set()
        pending = [to for _, to in ways[name] if to in left]
        while pending:
            each = pending.pop()
            if each not in seen:
                seen.add(each)
                pending += [to for _, to in ways[each] if to in left]
        return seen

    return {name for name in left if name in reached(name)}


def _shares(definition: Definition) -> Iterator[ProblemError]:
    for name, node in definition.nodes.items():
        if node.kind != "split":
            continue
        if sum(arm.percent for arm in node.arms) != 100:
            yield _fault(f"/nodes/{name}/arms", "not_whole", "the shares have to be 100 together")
        if len({arm.arm for arm in node.arms}) < len(node.arms):
            yield _fault(f"/nodes/{name}/arms", "same_name", "two arms have one name")


def _heard(definition: Definition) -> Iterator[tuple[str, Heard]]:
    for n, each in enumerate(definition.exits):
        yield f"/exits/{n}", each
    for name, node in definition.nodes.items():
        if node.kind == "wait_for":
            for n, awaited in enumerate(node.events):
                yield f"/nodes/{name}/events/{n}", awaited
    entry = definition.entry
    if entry.on != "audience":
        yield "/entry", Heard(on=entry.on, where=entry.where)
    elif entry.where:
        yield "/entry/where", Heard(on="birthday", where=entry.where)


def _deaf(definition: Definition) -> Iterator[ProblemError]:
    for pointer, heard in _heard(definition):
        for n, where in enumerate(heard.where):
            if where.property not in (told := properties_of(heard.on)):
                known = ", ".join(sorted(told)) or "nothing"
                yield _fault(
                    f"{pointer}/where/{n}/property", "unknown_property", f"it tells {known}"
                )
            if (where.any_of, where.at_least, where.at_most) == (None, None, None):
                yield _fault(f"{pointer}/where/{n}", "no_condition", "says nothing about it")


def _senseless(definition: Definition) -> Iterator[ProblemError]:
    """Conditions that ask nothing are true of everybody, which is what `otherwise` is for."""
    asked = [("/entry/when", definition.entry.when)]
    for name, node in definition.nodes.items():
        if node.kind == "branch":
            asked += [(f"/nodes/{name}/cases/{n}/when", each.when)
                      for n, each in enumerate(node.cases)]  # fmt: skip
    for pointer, when in asked:
        if when == Condition():
            yield _fault(pointer, "no_condition", "says nothing about the member")
