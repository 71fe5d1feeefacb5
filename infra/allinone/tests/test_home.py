"""The data directory: secrets, lock, state."""

import stat
from pathlib import Path

import pytest

from allinone.home import Home, InUse, is_locked, read_json, write_atomically


def test_secrets_are_made_once_and_are_private(tmp_path: Path) -> None:
    home = Home(tmp_path / "data").prepare()
    first = home.secrets()
    assert home.secrets() == first
    assert (
        len({first.postgres, first.nats, first.redis, first.internal, *first.roles.values()}) == 9
    )
    assert stat.S_IMODE((home.run / "secrets.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.run.stat().st_mode) == 0o700


def test_missing_secrets_are_added_and_the_rest_kept(tmp_path: Path) -> None:
    home = Home(tmp_path).prepare()
    before = home.secrets()
    stored = read_json(home.run / "secrets.json")
    del stored["nats"]
    write_atomically(home.run / "secrets.json", stored)
    after = home.secrets()
    assert after.postgres == before.postgres
    assert after.nats != before.nats


def test_a_second_lock_says_what_runs(tmp_path: Path) -> None:
    home = Home(tmp_path)
    lock = home.lock()
    write_atomically(home.state_file, {"pid": 4711, "url": "https://localhost:8443"})
    with pytest.raises(InUse, match=r"pid 4711, serving https://localhost:8443"):
        Home(tmp_path).lock()
    assert is_locked(home)
    lock.release()
    assert not is_locked(home)
    home.lock().release()


def test_looking_at_a_directory_does_not_make_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "none")
    assert not is_locked(home)
    assert home.state() == {}
    assert not home.root.exists()
