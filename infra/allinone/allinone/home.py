"""The data directory: where everything is, secrets made once, the lock that says it is in use."""

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SERVICES = ("identity", "profile", "points", "campaign", "gateway")
DEFAULT_HOME = Path(".huiyuan")


class InUse(RuntimeError):
    """Another process runs the platform in this data directory."""


def write_atomically(path: Path, value: Mapping[str, Any], mode: int = 0o600) -> None:
    """Write `value` as JSON so that a reader sees the old file or the new one, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(name, mode)
    os.replace(name, path)


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in `path`; empty when there is no such file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return dict(content)


@dataclass(frozen=True)
class Secrets:
    """Passwords and tokens of one installation. Made on the first start, never shown in a log."""

    postgres: str
    roles: Mapping[str, str]
    nats: str
    redis: str
    internal: str

    @staticmethod
    def at(path: Path) -> "Secrets":
        """Read `path`, adding what is missing; the file is readable by its owner only."""
        stored = read_json(path)
        roles = {
            name: stored.get("roles", {}).get(name) or secrets.token_urlsafe(24)
            for name in SERVICES
        }
        single = {
            name: stored.get(name) or secrets.token_urlsafe(24)
            for name in ("postgres", "nats", "redis", "internal")
        }
        complete = {**single, "roles": roles}
        if complete != stored:
            write_atomically(path, complete)
        return Secrets(roles=roles, **single)


@dataclass(frozen=True)
class Home:
    """One data directory and the names inside it."""

    root: Path
    run: Path = field(init=False)
    logs: Path = field(init=False)
    tls: Path = field(init=False)
    keys: Path = field(init=False)
    ledger: Path = field(init=False)

    def __post_init__(self) -> None:
        root = self.root.expanduser().resolve()
        for name, path in (
            ("root", root),
            *((n, root / n) for n in ("run", "logs", "tls", "keys", "ledger")),
        ):
            object.__setattr__(self, name, path)

    @property
    def state_file(self) -> Path:
        """Ports, process ids and the URL of the running (or last) platform."""
        return self.run / "state.json"

    @property
    def clock_file(self) -> Path:
        """The driven clock every process reads in development."""
        return self.run / "clock"

    @property
    def clients_file(self) -> Path:
        """Development clients by role, written by the gateway."""
        return self.keys / "clients.json"

    def prepare(self) -> "Home":
        """Make the folders: private to their owner, but for the root, which servers must enter."""
        self.root.mkdir(parents=True, exist_ok=True)
        for folder in (self.run, self.logs, self.tls, self.keys, self.ledger):
            folder.mkdir(mode=0o700, exist_ok=True)
        return self

    def secrets(self) -> Secrets:
        """The installation's secrets."""
        return Secrets.at(self.run / "secrets.json")

    def state(self) -> dict[str, Any]:
        """What `state_file` says; empty before the first start."""
        return read_json(self.state_file)

    def lock(self) -> "HomeLock":
        """Hold the directory until `release()`; raises InUse saying what runs there."""
        self.prepare()
        return HomeLock(self)


class HomeLock:
    """An flock on <data>/run/lock: the kernel lets go of it however this process ends."""

    def __init__(self, home: Home) -> None:
        self._file = (home.run / "lock").open("a")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise InUse(_who_runs(home)) from None

    def release(self) -> None:
        """Let another process start here."""
        self._file.close()


def is_locked(home: Home) -> bool:
    """Whether a platform runs in `home` at this moment."""
    if not (home.run / "lock").exists():
        return False
    try:
        home.lock().release()
    except InUse:
        return True
    return False


def _who_runs(home: Home) -> str:
    state = home.state()
    pid, url = state.get("pid", "?"), state.get("url")
    where = f"serving {url}" if url else "still starting"
    return f"huiyuan already runs in {home.root} (pid {pid}, {where})"
