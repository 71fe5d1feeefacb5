"""What must not be in the repository, and what must be in its documents."""

import ast
import os
import re
import socket
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from pathlib import Path
from urllib.parse import urlsplit

from tests.architecture.workspace import ROOT, SERVICES, committed, relative
from tools.generate_docs import settings_rows

INDEX_VARIABLES = re.compile(r"^(PIP|UV)_.*(INDEX|LINKS|HOST|URL)")


def workplace() -> set[str]:
    """Names of the machine this runs on: they have no place in what is committed."""
    names = {str(ROOT), str(Path.home()), socket.gethostname()}
    for variable, value in os.environ.items():
        if INDEX_VARIABLES.match(variable):
            names.update(urlsplit(word).hostname or urlsplit(word).path for word in value.split())
    return {name for name in names if len(name) > 5 and name != "localhost"}


def test_no_committed_file_names_this_workplace() -> None:
    found = [
        f"{relative(path)}: {name}"
        for path in committed()
        for name in workplace()
        if name.encode() in path.read_bytes()
    ]
    assert found == []


def test_the_lock_names_packages_and_hashes_only() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    pinned = re.split(r"\n(?=\S)", lock)
    assert all("==" in block and "--hash=sha256:" in block for block in pinned if block[0] != "#")


def test_the_lock_has_every_dependency() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    pinned = set(re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE))
    wanted = {
        re.split(r"[<>=\[;~! ]", requirement)[0].lower()
        for path in ROOT.glob("*/*/pyproject.toml")
        for requirement in tomllib.loads(path.read_text())["project"]["dependencies"]
    }
    assert {name for name in wanted if not name.startswith("huiyuan-")} <= pinned


def declared(package: Path) -> set[str]:
    """Distributions a package names, and those of the workspace's packages it depends on."""
    found: set[str] = set()
    for requirement in tomllib.loads(package.read_text())["project"]["dependencies"]:
        name = re.split(r"[<>=\[;~! ]", requirement)[0].lower()
        found.add(name)
        if name.startswith("huiyuan-"):
            (inner,) = ROOT.glob(f"*/{name.removeprefix('huiyuan-')}/pyproject.toml")
            found |= declared(inner)
    return found


def imported(folder: Path) -> set[str]:
    """Top-level modules that the code of a package imports."""
    found = set()
    for path in folder.glob("*/**/*.py"):
        if "tests" in path.relative_to(folder).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names


def distributions(module: str, homes: Mapping[str, list[str]]) -> set[str]:
    """Who brings a module: distributions, by normalised name."""
    own = f"huiyuan-{module.removesuffix('_service')}"
    return {re.sub(r"[-_.]+", "-", name).lower() for name in homes.get(module, [own])}


def test_packages_declare_what_they_import() -> None:
    homes = packages_distributions()
    missing = [
        f"{relative(package)}: {module}"
        for package in sorted(ROOT.glob("*/*/pyproject.toml"))
        for module in sorted(imported(package.parent))
        if not distributions(module, homes)
        & (declared(package) | {f"huiyuan-{package.parent.name}"})
    ]
    assert missing == []


def test_every_variable_in_the_code_is_a_documented_setting() -> None:
    known = {variable for variable, *_ in settings_rows()}
    used = {
        name
        for path in committed()
        if path.suffix in (".py", ".yml", ".yaml", ".sh") or path.name == "Dockerfile"
        for name in re.findall(r"\bHUIYUAN_[A-Z][A-Z_]*[A-Z]\b", path.read_text())
    }
    assert used <= known


def test_links_in_documents_lead_somewhere() -> None:
    broken = [
        f"{relative(path)}: {target}"
        for path in committed()
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())
        if not (path.parent / target).exists()
    ]
    assert broken == []


def test_paths_named_in_documents_exist() -> None:
    """CONTRIBUTING names the exact files: they must be there."""
    roots = "|".join(["libs", "services", "infra", "tests", "tools", "docs"])
    missing = [
        f"{relative(path)}: {name}"
        for path in (ROOT / "CONTRIBUTING.md", ROOT / "ARCHITECTURE.md", ROOT / "README.md")
        for name in re.findall(rf"`((?:{roots})/[\w./-]+)`", path.read_text())
        if not (ROOT / name).exists()
    ]
    assert missing == []


def test_every_service_is_in_the_architecture() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    assert all(service in text for service in SERVICES)


def test_migrations_of_a_service_follow_one_another() -> None:
    """Two branches that each add one would fork the history: the later one is renumbered."""
    line = re.compile(r'^(?:down_)?revision(?:: .*)? = "?(\w+)"?$', re.MULTILINE)
    for service in SERVICES:
        folder = ROOT / "services" / service / f"{service}_service" / "migrations" / "versions"
        found = [line.findall(path.read_text()) for path in sorted(folder.glob("*.py"))]
        assert found, service
        before = ["None", *(revision for revision, _ in found)]
        assert [down for _, down in found] == before[:-1], service
