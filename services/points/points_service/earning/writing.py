"""Writing and reading rules: every change is a new version, the old one stays."""

from collections.abc import Container, Sequence

from chassis.database import Tx
from chassis.problem import Problem
from contracts.points import earning as api
from contracts.points.conditions import EarningCondition
from points_service.acts import repository as acts
from points_service.catalogue import repository as catalogue
from points_service.earning import repository
from points_service.earning.preview import preview
from points_service.earning.repository import Version
from points_service.earning.rules import CONDITIONS, EFFECTS
from points_service.earning.rules.rule import ORDER
from points_service.programme import Programme

NOT_OF_THE_RULE = {"rule_id", "example", "last_orders"}


async def show_all(tx: Tx) -> api.EarningRules:
    """All rules, the newest version of each."""
    newest: dict[str, Version] = {}
    for each in await repository.versions(tx):
        newest.setdefault(each.rule_id, each)
    used = await repository.budgets(tx)
    return api.EarningRules(
        data=[_answer(rule_id, used, [each]) for rule_id, each in newest.items()],
        condition_kinds=sorted(CONDITIONS),
        effect_kinds=sorted(EFFECTS),
    )


async def show(tx: Tx, rule_id: str) -> api.EarningRuleAnswer:
    """A rule with all its versions. Raises Problem 404."""
    versions = await repository.versions(tx, rule_id)
    if not versions:
        raise Problem(404, "unknown_rule", "There is no such earning rule")
    return _answer(rule_id, await repository.budgets(tx), versions)


async def add(
    tx: Tx, programme: Programme, body: api.NewEarningRule, author: str, *, dry_run: bool
) -> api.EarningRuleAnswer:
    """A new rule, in force from now. Raises Problem 409 (its id is taken), 422 (what it says)."""
    await _check(tx, body)
    if not dry_run:
        await catalogue.next_version(tx)
    if await repository.versions(tx, body.rule_id):
        raise Problem(409, "rule_exists", "There is such a rule already", pointer="/rule_id")
    return await _write(tx, programme, _version(tx, body.rule_id, 1, body, author), body, dry_run)


async def change(
    tx: Tx,
    programme: Programme,
    rule_id: str,
    body: api.EarningRuleBody,
    author: str,
    *,
    dry_run: bool,
) -> api.EarningRuleAnswer:
    """A new version, in force from now. Raises Problem 404 (rule), 422 (what it says)."""
    await _check(tx, body)
    if not dry_run:
        await catalogue.next_version(tx)
    latest = (await show(tx, rule_id)).versions[0].version
    version = _version(tx, rule_id, latest + 1, body, author)
    return await _write(tx, programme, version, body, dry_run)


def _version(tx: Tx, rule_id: str, number: int, body: api.EarningRuleBody, author: str) -> Version:
    definition = body.model_dump(mode="json", exclude=NOT_OF_THE_RULE)
    return Version(rule_id, number, definition, tx.now, None, author)


async def _write(
    tx: Tx, programme: Programme, version: Version, body: api.EarningRuleBody, dry_run: bool
) -> api.EarningRuleAnswer:
    if dry_run:
        tried = await preview(tx, programme, version, body)
        return _answer(version.rule_id, {}, [version]).model_copy(update={"preview": tried})
    await repository.add(tx, version)
    return await show(tx, version.rule_id)


def _answer(
    rule_id: str, used: dict[str, int], versions: Sequence[Version]
) -> api.EarningRuleAnswer:
    return api.EarningRuleAnswer(
        rule_id=rule_id,
        used=used.get(rule_id, 0),
        versions=[
            api.RuleVersion(
                version=each.version,
                in_force_from=each.in_force_from,
                in_force_until=each.in_force_until,
                written_by=each.written_by,
                definition=api.EarningRule(**each.definition),
            )
            for each in versions
        ],
    )


async def _check(tx: Tx, body: api.EarningRuleBody) -> None:
    if body.on != ORDER and body.on not in await acts.kinds(tx):
        raise Problem(422, "unknown_act", "There is no such kind of act", pointer="/on")
    if body.effect.kind not in EFFECTS:
        raise _wrong("unknown_kind", "There is no such kind of effect", "/effect/kind")
    if EFFECTS[body.effect.kind].times and body.effect.amount < 100:
        raise _wrong("below_one", "A multiplier is 100 percent at least", "/effect/amount")
    check(body.conditions)
    if body.valid_from and body.valid_until and body.valid_from >= body.valid_until:
        raise _wrong("never_valid", "It ends before it begins", "/valid_until")


def check(
    conditions: Sequence[EarningCondition],
    kinds: Container[str] = CONDITIONS,
    pointer: str = "/conditions",
) -> None:
    """Each of these kinds, with the arguments it needs and no others; raises Problem 422."""
    for place, condition in enumerate(conditions):
        kind = CONDITIONS.get(condition.kind) if condition.kind in kinds else None
        if kind is None:
            here = f"{pointer}/{place}/kind"
            raise _wrong("unknown_kind", "There is no such kind of condition", here)
        told = condition.model_dump(exclude={"kind"}, exclude_defaults=True)
        if kind.wants and not kind.wants & told.keys():
            here = f"{pointer}/{place}/{min(kind.wants)}"
            raise _wrong("argument_missing", "The condition needs it", here)
        if foreign := sorted(told.keys() - kind.wants - kind.takes):
            here = f"{pointer}/{place}/{foreign[0]}"
            raise _wrong("argument_unknown", "The condition does not know it", here)
        if kind.among is not None and not kind.among.issuperset(condition.any_of):
            here = f"{pointer}/{place}/any_of"
            raise _wrong("argument_unknown", "The condition does not know it", here)


def _wrong(code: str, title: str, pointer: str) -> Problem:
    return Problem(422, code, title, pointer=pointer)
