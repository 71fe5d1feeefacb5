"""Rules and their versions, what limited ones have given, and members as far as rules ask."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Tx
from contracts.points.orders import RuleName
from points_service.earning.domain import Key, Limits, Rule, RuleSet
from points_service.earning.rules.rule import About, Condition, Effect, Gives

_DEFINITION = "rule_id, version, definition, in_force_from, in_force_until, written_by"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a rule; `definition` is that of `contracts.points.earning.EarningRule`."""

    rule_id: str
    version: int
    definition: dict[str, Any]
    in_force_from: datetime
    in_force_until: datetime | None
    written_by: str

    def rule(self) -> Rule:
        """As it is rated by: in force as a version and valid as a rule."""
        told = self.definition
        since, until = _moment(told["valid_from"]), _moment(told["valid_until"])
        ends = [end for end in (until, self.in_force_until) if end]
        return Rule(
            rule_id=self.rule_id,
            on=told["on"],
            effect=_effect(told["effect"]),
            since=max(since, self.in_force_from) if since else self.in_force_from,
            until=min(ends, default=None),
            conditions=conditions(told["conditions"]),
            limits=Limits(**told["limits"]),
            priority=told["priority"],
            group=told["stacking_group"],
            version=self.version,
            name=RuleName(**told["name"]),
        )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _effect(told: Mapping[str, Any]) -> Effect:
    return Effect(told["kind"], Gives(told["gives"]), told["amount"], told.get("by_tier", False))


def conditions(told: Iterable[Mapping[str, Any]]) -> tuple[Condition, ...]:
    """As they were written."""
    return tuple(_condition(each) for each in told)


def _condition(told: Mapping[str, Any]) -> Condition:
    return Condition(
        told["kind"],
        frozenset(told.get("any_of", ())),
        told.get("at_least"),
        told.get("at_most"),
        _day(told.get("since")),
        _day(told.get("until")),
    )


async def rule_set(tx: Tx) -> RuleSet:
    """All rules there have ever been, but those that were paused."""
    return RuleSet(each.rule() for each in await versions(tx) if not each.definition["paused"])


async def versions(tx: Tx, rule_id: str | None = None) -> list[Version]:
    """Versions of a rule, or of all, newest first."""
    rows = await tx.fetch(
        f"SELECT {_DEFINITION} FROM earning_rule WHERE $1::text IS NULL OR rule_id = $1"
        " ORDER BY rule_id, version DESC",
        rule_id,
    )
    return [Version(**row) for row in rows]


async def add(tx: Tx, version: Version) -> None:
    """A version takes over from the one before."""
    await tx.execute(
        "UPDATE earning_rule SET in_force_until = $2 WHERE rule_id = $1 AND in_force_until IS NULL",
        version.rule_id, version.in_force_from,
    )  # fmt: skip
    await tx.execute(
        f"INSERT INTO earning_rule ({_DEFINITION}) VALUES ($1, $2, $3, $4, $5, $6)",
        version.rule_id, version.version, version.definition, version.in_force_from,
        version.in_force_until, version.written_by,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO rule_budget (rule_id) VALUES ($1) ON CONFLICT DO NOTHING", version.rule_id
    )


async def budgets(tx: Tx) -> dict[str, int]:
    """What rules with a budget have given."""
    rows = await tx.fetch("SELECT rule_id, used FROM rule_budget")
    return {row["rule_id"]: row["used"] for row in rows}


async def used(
    tx: Tx, asked: Iterable[tuple[str, UUID, date]], budgeted: Sequence[str]
) -> dict[Key, int]:
    """What limited rules gave before, by (rule,), (rule, member) and (rule, member, day).

    The members are locked; budgets are locked here, in the order of their rules.
    """
    known: dict[Key, int] = {}
    for row in await tx.fetch(
        "SELECT rule_id, used FROM rule_budget WHERE rule_id = ANY ($1::text[])"
        " ORDER BY rule_id FOR UPDATE",
        sorted(budgeted),
    ):
        known[(row["rule_id"],)] = row["used"]
    rules, owners, days = zip(*sorted(asked), strict=True)
    for row in await tx.fetch(
        "SELECT a.rule_id, a.member_id, a.day, coalesce(sum(u.used), 0)::bigint AS ever,"
        " coalesce(sum(u.used) FILTER (WHERE u.day = a.day), 0)::bigint AS that_day"
        " FROM unnest($1::text[], $2::uuid[], $3::date[]) AS a (rule_id, member_id, day)"
        " LEFT JOIN rule_use u USING (rule_id, member_id) GROUP BY 1, 2, 3",
        rules, owners, days,
    ):  # fmt: skip
        rule_id, member_id, day = row["rule_id"], row["member_id"], row["day"]
        known.setdefault((rule_id,), 0)
        known[rule_id, member_id] = row["ever"]
        known[rule_id, member_id, day] = row["that_day"]
    return known


async def use(tx: Tx, spent: Mapping[Key, int]) -> None:
    """Add what rules have given now."""
    by_day = [(*key, units) for key, units in sorted(spent.items(), key=str) if len(key) == 3]
    if not by_day:
        return
    await tx.execute(
        "INSERT INTO rule_use (rule_id, member_id, day, used)"
        " SELECT * FROM unnest($1::text[], $2::uuid[], $3::date[], $4::bigint[])"
        " ON CONFLICT (rule_id, member_id, day) DO UPDATE SET used = rule_use.used + excluded.used",
        *zip(*by_day, strict=True),
    )
    totals = [(*key, units) for key, units in spent.items() if len(key) == 1]
    if totals:
        await tx.execute(
            "UPDATE rule_budget b SET used = b.used + s.used"
            " FROM unnest($1::text[], $2::bigint[]) AS s (rule_id, used)"
            " WHERE b.rule_id = s.rule_id",
            *zip(*sorted(totals), strict=True),
        )


async def give_back(tx: Tx, units: Mapping[Key, int]) -> None:
    """Limited rules have given so much less; keys as in `use`. Budgets in the order of rules."""
    by_day = [(*key, n) for key, n in units.items() if len(key) == 3]
    await tx.execute(
        "UPDATE rule_use u SET used = u.used - g.units"
        " FROM unnest($1::text[], $2::uuid[], $3::date[], $4::bigint[])"
        " AS g (rule_id, member_id, day, units)"
        " WHERE u.rule_id = g.rule_id AND u.member_id = g.member_id AND u.day = g.day",
        *zip(*by_day, strict=True),
    )
    totals = sorted((str(key[0]), n) for key, n in units.items() if len(key) == 1)
    for rule_id, n in totals:
        await tx.execute("UPDATE rule_budget SET used = used - $2 WHERE rule_id = $1", rule_id, n)


async def about(tx: Tx, members: Sequence[UUID]) -> dict[UUID, About]:
    """Months of birth, announced birthdays and tags of living members."""
    rows = await tx.fetch(
        "SELECT member_id, m.birth_month, coalesce(t.tags, '[]') AS tags,"
        " array(SELECT day FROM member_birthday b WHERE b.member_id = m.member_id) AS birthdays"
        " FROM member m LEFT JOIN member_tags t USING (member_id)"
        " WHERE member_id = ANY ($1::uuid[])",
        list(members),
    )
    return {
        row["member_id"]: About(
            row["birth_month"], frozenset(row["birthdays"]), frozenset(row["tags"])
        )
        for row in rows
    }


async def tag(tx: Tx, told: Mapping[UUID, tuple[int, Sequence[str]]]) -> None:
    """(version, tags) of members; an older version than there is changes nothing."""
    rows = [
        (member_id, version, msgspec.json.encode(tags).decode())
        for member_id, (version, tags) in sorted(told.items())
    ]
    await tx.execute(
        "INSERT INTO member_tags (member_id, version, tags) SELECT member_id, version, tags::jsonb"
        " FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS t (member_id, version, tags)"
        " ON CONFLICT (member_id) DO UPDATE SET version = excluded.version, tags = excluded.tags"
        " WHERE member_tags.version < excluded.version",
        *zip(*rows, strict=True),
    )


async def move(tx: Tx, merges: Sequence[tuple[UUID, UUID]]) -> None:
    """(absorbed, survivor): limits count what both got; profile tells the survivor's tags."""
    pairs = [gone for gone, _ in merges], [kept for _, kept in merges]
    await tx.execute(
        "WITH gone AS (DELETE FROM rule_use u"
        " USING unnest($1::uuid[], $2::uuid[]) AS p (absorbed, survivor)"
        " WHERE u.member_id = p.absorbed RETURNING u.rule_id, p.survivor, u.day, u.used)"
        " INSERT INTO rule_use (rule_id, member_id, day, used)"
        " SELECT rule_id, survivor, day, sum(used) FROM gone GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        " ON CONFLICT (rule_id, member_id, day) DO UPDATE SET used = rule_use.used + excluded.used",
        *pairs,
    )
    await tx.execute("DELETE FROM member_tags WHERE member_id = ANY ($1::uuid[])", pairs[0])


async def last_orders(tx: Tx, limit: int) -> list[Any]:
    """The orders paid last, as rules see them; the tier is that after the order."""
    return await tx.fetch(
        "SELECT order_no, member_id, store, channel, paid_at, paid_fen, items, tier FROM orders"
        " ORDER BY paid_at DESC, order_no DESC LIMIT $1",
        limit,
    )
