"""`huiyuan evaluate experiment` on a file."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from allinone.cli import app


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two groups of 200; every third of the contacted buys, every tenth of the others."""
    rows = [
        f"u{n},{'mail' if n % 2 else 'control'},{int(n % 6 == 1 if n % 2 else n % 20 == 0)}"
        for n in range(400)
    ]
    path = tmp_path / "experiment.csv"
    path.write_text("unit,variant,outcome\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def run(file: Path, out: Path, *more: str) -> Result:
    """The command, in this process."""
    command = ["evaluate", "experiment", str(file), "--report", str(out), *more]
    return CliRunner().invoke(app, command)


def test_a_file_is_judged(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    done = run(file, out, "--randomised", "yes", "--shares", "control=1,mail=1")
    assert done.exit_code == 0, done.output
    made = json.loads(out.read_text(encoding="utf-8"))
    assert made["causal"] and made["effects"][0]["significant"]
    assert made["uplift"] == []


def test_what_chance_did_not_draw_is_refused(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    assert run(file, out, "--randomised", "no").exit_code == 0
    assert json.loads(out.read_text(encoding="utf-8"))["verdict"] == "not causal"


def test_faults_are_said(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    assert run(file, out, "--randomised", "yes", "--shares", "mail").exit_code == 2
    assert run(file, out, "--randomised", "yes", "--control", "nobody").exit_code == 1
    assert run(tmp_path / "none.csv", out, "--randomised", "no").exit_code == 1
    assert not out.exists()
