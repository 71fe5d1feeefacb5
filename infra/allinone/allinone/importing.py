"""`huiyuan import FILE`: a CSV file into the running platform, in parts, until it is in."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from rich.table import Table

from allinone.home import Home
from allinone.tokens import fetch

PART_BYTES = 4 * 1024 * 1024
POLL = 0.5  # seconds between looks
PATIENCE = 600  # tries while a part of the platform is away
ROLE = "data_operator"
_AWAY = frozenset({429, 502, 503, 504})
Seen = Callable[[Mapping[str, Any]], None]
Token = Callable[[], Awaitable[str]]


class NotImported(RuntimeError):
    """The file was not taken; the message says why and names no value."""


@dataclass(frozen=True)
class Wish:
    """A file, what it is, and what its columns mean where that is not recognised."""

    file: Path
    kind: str
    source: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The first call."""
        size = self.file.stat().st_size
        with self.file.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {
            "kind": self.kind, "source": self.source, "mapping": dict(self.mapping),
            "defaults": dict(self.defaults), "sha256": digest,
            "parts": max(1, -(-size // PART_BYTES)), "content": self.part(0),
        }  # fmt: skip

    def part(self, number: int) -> str:
        """The base64 of a part."""
        with self.file.open("rb") as file:
            file.seek(number * PART_BYTES)
            return b64encode(file.read(PART_BYTES)).decode()


class Importing:
    """Calls of one import. `token` is asked for a new one when the last is too old."""

    def __init__(self, http: httpx.AsyncClient, token: Token) -> None:
        self._http, self._token = http, token

    async def preview(self, wish: Wish) -> dict[str, Any]:
        """How the file is understood; nothing is taken. Raises NotImported."""
        answer = await self._call("POST", "/v1/imports?dry_run=true", wish.body())
        return dict(answer["preview"])

    async def run(self, wish: Wish, seen: Seen) -> dict[str, Any]:
        """Send what is missing of the file and wait; `seen` is told how far it is.

        Raises NotImported.
        """
        answer = await self._call("POST", "/v1/imports", wish.body())
        job = dict(answer["job"])
        for part in job["missing_parts"]:
            sent = {"part": part, "content": wish.part(part)}
            seen(await self._call("POST", f"/v1/imports/{job['job_id']}/parts", sent))
        while job["state"] not in ("done", "failed"):
            job = await self._call("GET", f"/v1/jobs/{job['job_id']}")
            seen(job)
            if job["state"] not in ("done", "failed"):
                await asyncio.sleep(POLL)
        if job["state"] == "failed":
            raise NotImported(job["error"])
        return job

    async def _call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The answer; tried again while the platform is away, for every call may be repeated."""
        for _ in range(PATIENCE):
            try:
                answer = await self._http.request(method, path, json=body)
            except httpx.TransportError:
                await asyncio.sleep(POLL)
                continue
            if answer.status_code == HTTPStatus.UNAUTHORIZED:
                self._http.headers["Authorization"] = f"Bearer {await self._token()}"
            elif answer.status_code in _AWAY:
                await asyncio.sleep(POLL)
            elif answer.is_success:
                return dict(answer.json())
            else:
                raise NotImported("; ".join(_said(answer.json())))
        raise NotImported("the platform does not answer")


def _said(problem: Mapping[str, Any]) -> Iterator[str]:
    yield str(problem.get("title", "refused"))
    detail = problem.get("detail")
    if detail:
        yield str(detail)
    for error in problem.get("errors", ()):
        if error["detail"] != detail:
            yield f"{error['pointer']}: {error['detail']}"


async def import_here(home: Home, wish: Wish, seen: Seen | None) -> dict[str, Any]:
    """Import into the platform in `home`, or, without `seen`, only look at the file.

    Answers the job, or the preview. Raises NoToken or NotImported.
    """

    async def token() -> str:
        return await fetch(home, ROLE)

    headers = {"Authorization": f"Bearer {await token()}"}
    state = home.state()
    trust = ssl.create_default_context(cafile=state["ca"])
    async with httpx.AsyncClient(
        verify=trust, base_url=state["url"], headers=headers, timeout=60
    ) as http:
        importing = Importing(http, token)
        return await (importing.run(wish, seen) if seen else importing.preview(wish))


def pairs(given: list[str]) -> dict[str, str]:
    """`a=b`, several by commas or several times. Raises NotImported."""
    found = {}
    for each in (one for some in given for one in some.split(",") if one):
        left, equal, right = each.partition("=")
        if not equal or not left:
            raise NotImported(f"{each!r} is not of the form COLUMN=FIELD")
        found[left.strip()] = right.strip()
    return found


def table_of(preview: Mapping[str, Any]) -> Table:
    """A preview for people: columns, what they mean, the first rows in outline, what is wrong."""
    title = f"{preview['encoding']}, separated by {preview['delimiter']!r}"
    table = Table(title=f"{title}; {preview['bad_rows']} of {preview['looked_at']} rows are bad")
    for heading in ("column", "means", "filled", "first rows", "problems"):
        table.add_column(heading, overflow="fold")
    for column in preview["columns"]:
        name = column["field"]
        values = [row[name] for row in preview["rows"] if name in row]
        problems = [
            f"{each['reason']} ({each['rows']}, first in row {each['first_row']})"
            for each in column["problems"]
        ]
        table.add_row(
            column["heading"], name or "[dim]nothing[/]", f"{column['filled']:.0%}",
            "\n".join(values), "\n".join(problems),
        )  # fmt: skip
    return table


def line_of(job: Mapping[str, Any]) -> str:
    """How far a job is, in a line."""
    counts = ", ".join(
        f"{job[name]:,} {name}"
        for name in ("imported", "known", "quarantined", "dropped")
        if job[name]
    )
    return f"{job['state']}: {job['rows_done']:,} rows; {counts or 'nothing yet'}"
