"""The catalogue and what was exchanged. Callers lock the member before the reward."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.database import Tx, columns_of
from points_service.rewards.domain import Exchange, Kind, Reward
from points_service.tables import Reward as RewardTable
from points_service.tables import RewardExchange as ExchangeTable

_NAMES = columns_of(RewardTable)
_COLUMNS = ", ".join(_NAMES)
_EXCHANGE_NAMES = columns_of(ExchangeTable)
_EXCHANGE = ", ".join(_EXCHANGE_NAMES)


async def page(tx: Tx, after: str, limit: int) -> list[Reward]:
    """Rewards by id, behind `after`."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM reward WHERE reward_id > $1 ORDER BY reward_id LIMIT $2",
        after, limit,
    )  # fmt: skip
    return [_reward(row) for row in rows]


async def find(tx: Tx, reward_id: str, *, lock: bool = False) -> Reward | None:
    """A reward; locked, nobody else takes or changes it."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM reward WHERE reward_id = $1{' FOR UPDATE' if lock else ''}",
        reward_id,
    )
    return _reward(row) if row else None


async def add(tx: Tx, reward: Reward) -> bool:
    """Store a new one; False where there is one of that id."""
    places = ", ".join(f"${n}" for n in range(1, len(_NAMES) + 1))
    tag = await tx.execute(
        f"INSERT INTO reward ({_COLUMNS}) VALUES ({places}) ON CONFLICT DO NOTHING", *_row(reward)
    )
    return tag == "INSERT 0 1"


async def change(tx: Tx, reward: Reward) -> None:
    """Write its terms; what was taken stays."""
    terms = [name for name in _NAMES if name not in ("reward_id", "taken")]
    values = ", ".join(f"{name} = ${n}" for n, name in enumerate(terms, 2))
    await tx.execute(
        f"UPDATE reward SET {values} WHERE reward_id = $1",
        reward.reward_id, *(_value(reward, name) for name in terms),
    )  # fmt: skip


async def take(tx: Tx, reward_id: str, quantity: int) -> None:
    """So many more are gone, or (below 0) back. CheckViolationError beyond the stock."""
    await tx.execute(
        "UPDATE reward SET taken = taken + $2 WHERE reward_id = $1", reward_id, quantity
    )


async def had(tx: Tx, members: Sequence[UUID], reward_id: str) -> int:
    """How many of a reward these members have."""
    pieces: int = await tx.fetchval(
        "SELECT coalesce(sum(quantity), 0)::bigint FROM reward_exchange"
        " WHERE member_id = ANY ($1::uuid[]) AND reward_id = $2 AND cancelled_at IS NULL",
        list(members), reward_id,
    )  # fmt: skip
    return pieces


async def add_exchange(tx: Tx, exchange: Exchange) -> None:
    """Keep a new one."""
    await tx.copy(
        "reward_exchange",
        _EXCHANGE_NAMES,
        [tuple(getattr(exchange, name) for name in _EXCHANGE_NAMES)],
    )


async def cancel(tx: Tx, exchange: Exchange) -> None:
    """Note when it was undone."""
    await tx.execute(
        "UPDATE reward_exchange SET cancelled_at = $2 WHERE exchange_id = $1",
        exchange.exchange_id, exchange.cancelled_at,
    )  # fmt: skip


async def exchange(tx: Tx, exchange_id: UUID) -> Exchange | None:
    """An exchange. Read it under its member's lock to decide on it."""
    row = await tx.fetchrow(
        f"SELECT {_EXCHANGE} FROM reward_exchange WHERE exchange_id = $1", exchange_id
    )
    return _exchange(row) if row else None


async def exchanges(
    tx: Tx, members: Sequence[UUID], before: UUID | None, limit: int
) -> list[Exchange]:
    """What these members exchanged, newest first (ids grow with time), below id `before`."""
    rows = await tx.fetch(
        f"SELECT {_EXCHANGE} FROM reward_exchange WHERE member_id = ANY ($1::uuid[])"
        " AND exchange_id < $2 ORDER BY exchange_id DESC LIMIT $3",
        list(members), before or UUID(int=2**128 - 1), limit,
    )  # fmt: skip
    return [_exchange(row) for row in rows]


def _value(reward: Reward, name: str) -> object:
    value = getattr(reward, name)
    return list(value) if name == "tiers" else value


def _row(reward: Reward) -> list[object]:
    return [_value(reward, name) for name in _NAMES]


def _reward(row: Any) -> Reward:
    values = dict(row)
    return Reward(**values | {"kind": Kind(values["kind"]), "tiers": tuple(values["tiers"])})


def _exchange(row: Any) -> Exchange:
    values = dict(row)
    return Exchange(**values | {"coupons": tuple(values["coupons"])})
