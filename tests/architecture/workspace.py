"""What the architecture tests look at: the tree and its modules."""

import ast
import importlib
import pkgutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import contracts

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("gateway", "identity", "profile", "points", "campaign")


def committed() -> list[Path]:
    """Files git knows, or would: neither ignored nor deleted."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return sorted(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def sources() -> list[Path]:
    """Every Python file of the repository."""
    return [path for path in committed() if path.suffix == ".py"]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """(name, lines) of every function in a file, from `def` to its end."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield node.name, node.end_lineno - node.lineno + 1


def contract_modules() -> list[ModuleType]:
    """Every module of contracts."""
    found = pkgutil.walk_packages(contracts.__path__, prefix="contracts.")
    return [importlib.import_module(info.name) for info in found]


def relative(path: Path) -> str:
    """For messages."""
    return str(path.relative_to(ROOT))
