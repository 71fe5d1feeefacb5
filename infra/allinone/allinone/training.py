"""`huiyuan train NAME`: on a shop's file, or on what the running platform knows."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from datetime import date
from http import HTTPStatus
from typing import Any

import httpx

from allinone.home import Home
from allinone.tokens import fetch
from profile_service.forecasts.domain import HORIZONS
from profile_service.models.shopping import Unusable
from profile_service.models.training import Files, train_on_files

__all__ = ["Files", "NotTrained", "train_file", "train_here"]
POLL = 0.5  # seconds between looks
Say = Callable[[str], None]


class NotTrained(RuntimeError):
    """Nothing was trained; the message says why."""


def train_file(
    name: str, files: Files, as_of: date, horizon_days: int | None, say: Say
) -> list[str]:
    """Train and write; answers what to show, a line each. Raises NotTrained."""
    try:
        made = train_on_files(name, files, as_of, horizon_days or HORIZONS[name], say)
    except Unusable as error:
        raise NotTrained(str(error)) from error
    lines = [f"{made['champion']}, {made['seconds']} s, {made['engine']}"]
    if held := made["held_out"]:
        lines.append(f"judged on {held['members']:,} members at {held['cut']} ({held['how']}):")
    return [*lines, *_parts(made.get("metrics", {}))]


async def train_here(
    home: Home, name: str, as_of: date | None, horizon_days: int | None, say: Say
) -> list[str]:
    """Ask the platform in `home` and wait; answers what to show. Raises NoToken or NotTrained."""
    wish = {"as_of": as_of and as_of.isoformat(), "horizon_days": horizon_days}
    token = await fetch(home, "analyst")
    state = home.state()
    trust = ssl.create_default_context(cafile=state["ca"])
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(verify=trust, base_url=state["url"], headers=headers) as http:
        asked = await http.post(f"/v1/models/{name}/trainings", json=wish)
        if asked.status_code != HTTPStatus.ACCEPTED:
            raise NotTrained(f"the platform answered {asked.status_code}: {asked.text[:300]}")
        made = await _finished(http, home, asked.json(), say)
    taken = "in use" if made["accepted"] else "kept, but worse than the version in use"
    head = f"version {made['version']}, {made['champion']}, as of {made['as_of']}: {taken}"
    return [head, *_parts(made["figures"])]


async def _finished(
    http: httpx.AsyncClient, home: Home, asked: Mapping[str, Any], say: Say
) -> dict[str, Any]:
    """The version asked for, once it is done. Raises NotTrained."""
    while True:
        answer = await http.get("/v1/models")
        if answer.status_code == HTTPStatus.UNAUTHORIZED:  # tokens live ten minutes
            http.headers["Authorization"] = f"Bearer {await fetch(home, 'analyst')}"
            continue
        answer.raise_for_status()
        for model in answer.json()["data"]:
            if (model["name"], model["version"]) != (asked["name"], asked["version"]):
                continue
            say(model["status"])
            if model["status"] == "failed":
                raise NotTrained(model["error"])
            if model["status"] == "done":
                return dict(model)
        await asyncio.sleep(POLL)


def _parts(figures: Mapping[str, Mapping[str, float]]) -> list[str]:
    return [
        f"{part}: " + ", ".join(f"{key} {value:,.4g}" for key, value in values.items())
        for part, values in figures.items()
    ]
