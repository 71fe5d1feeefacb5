"""Adding stores: what the centre keeps, and what a store gets."""

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from allinone.cli import app
from allinone.edge import enrolment
from allinone.edge.leaf import Leaf
from allinone.edge.link import Link
from allinone.home import Home
from allinone.tls import ensure_certificates
from gateway_service.access.domain import hash_secret
from gateway_service.edges.domain import EDGES_FILE, read_links

LINK = "tls://localhost:7422"


@pytest.fixture
def centre(tmp_path: Path) -> Home:
    return Home(tmp_path / "centre").prepare()


def test_a_store_gets_nothing_that_opens_what_it_keeps(centre: Home, tmp_path: Path) -> None:
    out = tmp_path / "s-1.json"
    asked = ["edge", "add", "s-1", "--write-key", "k", "--out", str(out), "--listen", "0.0.0.0:1"]
    done = CliRunner().invoke(app, [*asked, "--data-dir", str(centre.root)])
    assert done.exit_code == 0, done.output
    (kept,) = read_links(centre.keys).edges
    assert read_links(centre.keys).listen == "0.0.0.0:1"
    for file in (out, centre.keys / EDGES_FILE):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    given = enrolment.read(out)
    assert given.write_keys == [hash_secret("k").hex()] and given.password == kept.leaf_password
    assert kept.edge.private_key not in out.read_text()
    assert kept.edge.password not in out.read_text()
    again = CliRunner().invoke(app, [*asked, "--data-dir", str(centre.root)])
    assert again.exit_code == 1 and "added before" in again.output


def test_what_cannot_be_added_removed_or_read(centre: Home, tmp_path: Path) -> None:
    for name in ("", "a b", "-a", "a" * 64, 'a"', "a.b"):
        with pytest.raises(enrolment.NotEnrolled):
            enrolment.add(centre, name, ["k"], LINK, "")
    with pytest.raises(enrolment.NotEnrolled):
        enrolment.remove(centre, "s-1")
    for text in ("", "{}", "[]"):
        (tmp_path / "x").write_text(text)
        with pytest.raises(enrolment.NotEnrolled):
            enrolment.read(tmp_path / "x")
    assert read_links(centre.keys).edges == []


def test_each_store_has_an_account_of_its_own(centre: Home) -> None:
    tls = ensure_certificates(centre.tls)
    given = [enrolment.add(centre, name, ["k"], LINK, "ca") for name in ("s-1", "s-2", "s-3")]
    enrolment.remove(centre, "s-2")
    text = Link(centre, read_links(centre.keys), tls, None).text()
    assert "jetstream" not in text and "s-2" not in text
    for each in (given[0], given[2]):
        assert f'  "{each.store}" {{ users: [ {{ user: "leaf-{each.store}", password: ' in text
        assert json.dumps(each.password) in text
    leaf = Leaf(Home(centre.root / "store").prepare(), "t", None, given[0]).text()
    assert 'domain: "s-1"' in leaf and "sync_interval: always" in leaf
    assert f"tls://leaf-s-1:{given[0].password}@localhost:7422" in leaf
