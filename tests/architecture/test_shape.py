"""The shape of the code: who imports whom, how long things are, what has no place where."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.architecture.workspace import ROOT, SERVICES, functions, relative, sources

LINES_A_FUNCTION, LINES_A_FILE = 70, 400


def test_import_rules_are_kept() -> None:
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [lint, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_functions_and_files_are_short() -> None:
    long = [
        f"{relative(path)}: {name} has {lines} lines"
        for path in sources()
        for name, lines in functions(path)
        if lines > LINES_A_FUNCTION
    ] + [
        f"{relative(path)} has {lines} lines"
        for path in sources()
        if (lines := len(path.read_text().splitlines())) > LINES_A_FILE
    ]
    assert long == []


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of every call in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def in_services() -> list[Path]:
    return [
        path
        for path in sources()
        if path.parts[len(ROOT.parts)] == "services" and "tests" not in path.parts
    ]


def test_no_dependency_takes_a_thread() -> None:
    """FastAPI hands a plain function to a thread and waits for it; all it does is look up."""
    plain = [
        f"{relative(path)}:{node.lineno} {node.name}"
        for path in sources()
        for tree in [ast.parse(path.read_text())]
        for asked in [{ast.unparse(call.args[0]) for call in ast.walk(tree)
                       if isinstance(call, ast.Call) and call.args
                       and ast.unparse(call.func) == "Depends"}]
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name in asked
    ]  # fmt: skip
    assert plain == []


def test_services_take_time_and_ids_from_chassis() -> None:
    """A year is replayed in minutes, the same every time: no clock and no id of one's own."""
    forbidden = (
        "datetime.now",
        "datetime.utcnow",
        "date.today",
        "time.time",
        "uuid4",
        "uuid.uuid4",
    )
    found = [
        f"{relative(path)}:{line} {name}"
        for path in in_services()
        for line, name in calls(path)
        if name in forbidden or name.startswith("random.")
    ]
    assert found == []


def test_routers_only_route() -> None:
    found = [
        f"{relative(path)}:{node.lineno}"
        for path in in_services()
        if path.name == "router.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Try)
    ]
    assert found == []


def test_transactions_are_committed_by_chassis_alone() -> None:
    found = [
        f"{relative(path)}:{line}"
        for path in in_services()
        for line, name in calls(path)
        if name.endswith((".commit", ".rollback"))
    ]
    assert found == []


def test_tests_wait_for_conditions_not_for_time() -> None:
    found = [
        f"{relative(path)}:{line}"
        for path in sources()
        if path.name.startswith(("test_", "conftest"))
        for line, name in calls(path)
        if name in ("time.sleep", "sleep")
    ]
    assert found == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_its_root_files(service: str) -> None:
    package = ROOT / "services" / service / f"{service}_service"
    wanted = {"app", "tables", "settings"}  # a large schema is a package, a page a feature
    assert wanted <= {path.stem for path in package.iterdir()}
    assert list((package / "migrations/versions").glob("0001_*.py"))


@pytest.mark.parametrize("service", SERVICES)
def test_migrations_are_one_chain(service: str) -> None:
    """Two that were written at once have to be put one after the other."""
    folder = ROOT / "services" / service / f"{service}_service/migrations/versions"
    files = sorted(folder.glob("[0-9]*.py"))
    assert len({path.name[:4] for path in files}) == len(files)
    chain = [
        re.findall(r'^(?:down_)?revision = "?(\w+)"?$', path.read_text(), re.MULTILINE)
        for path in files
    ]
    assert [down for _, down in chain] == ["None", *(own for own, _ in chain[:-1])]
