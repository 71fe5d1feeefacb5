"""What a demo remembers between days, so that a killed one goes on where it was.

Written atomically after each finished day. A day that was under way is played again: every call in
it carries the same name for itself, so the platform answers what it answered before. No personal
value is kept here; the byte scan reads this file, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from allinone.home import read_json, write_atomically


class Offer(msgspec.Struct, frozen=True):
    """A coupon a household has been sent and means to use, once it buys for so many fen."""

    code: str
    sent_at: datetime
    least_fen: int = 0


class Response(msgspec.Struct, frozen=True):
    """A purchase that a message will bring about: of a shopper, by what was sent that day."""

    shopper: int
    sent_on: date
    day: date


class Left(msgspec.Struct, frozen=True):
    """A message that left the platform, as its outbox told; `id` is the outbox's."""

    id: int
    delivery_id: UUID
    member_id: UUID | None
    channel: str
    sent_at: datetime


class Planted(msgspec.Struct):
    """What generated shoppers have bought so far, as it was sent: counts, fen, whole yuan."""

    members: int = 0
    orders: int = 0
    lines: int = 0
    paid_fen: int = 0
    growth_yuan: int = 0
    responses: int = 0


class Progress(msgspec.Struct):
    """State after the last finished day; `finished` is None before the first.

    `campaigns` and `segments`: ids by name. `offers` by household; `responses` are still to come;
    `outbox` is where reading the sandbox's messages goes on; `seconds` by phase, summed over all
    runs.
    """

    catalogue: bool = False
    campaigns: dict[str, str] = {}
    segments: dict[str, str] = {}
    finished: date | None = None
    outbox: str = "0"
    offers: dict[int, Offer] = {}
    responses: list[Response] = []
    planted: Planted = msgspec.field(default_factory=Planted)
    seconds: dict[str, float] = {}

    def spend(self, phase: str, seconds: float) -> None:
        """Add to the time a phase took."""
        self.seconds[phase] = self.seconds.get(phase, 0.0) + seconds


def path_in(data_dir: Path) -> Path:
    """Where it is kept; the file is there if and only if the demo made the directory."""
    return data_dir / "demo" / "progress.json"


def left_in(data_dir: Path) -> Path:
    """Where it is kept what left, a line a message: the platform's outbox forgets after days."""
    return data_dir / "demo" / "left.jsonl"


def add_left(path: Path, messages: Sequence[Left]) -> None:
    """Keep these, too. A day that is played again adds what is there; reading tells by the id."""
    with path.open("ab") as file:
        file.writelines(msgspec.json.encode(each) + b"\n" for each in messages)


def read_left(path: Path) -> list[Left]:
    """Everything that left, each message once."""
    if not path.exists():
        return []
    decode = msgspec.json.Decoder(Left).decode
    found = [decode(line) for line in path.read_bytes().splitlines()]
    return list({each.id: each for each in found}.values())


def load(path: Path) -> Progress:
    """The stored state, or that of a new demo."""
    return msgspec.convert(read_json(path), Progress, strict=False)


def save(path: Path, progress: Progress) -> None:
    """Replace the stored state."""
    stored: dict[str, Any] = msgspec.to_builtins(progress, str_keys=True)
    write_atomically(path, stored)
