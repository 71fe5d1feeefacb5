"""Pin every third-party package of the workspace, with hashes, into requirements.lock.

Reads the dependencies of all pyproject.toml files and tools/requirements-dev.in, and lets
`uv pip compile` resolve them for every platform. `--upgrade` and the like are passed on to it.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OWN = "huiyuan-"
HEAD = "# Made by `make lock` out of every pyproject.toml and tools/requirements-dev.in.\n"


def dependencies() -> list[str]:
    """Third-party requirements of all packages."""
    found: set[str] = set()
    for path in sorted(ROOT.glob("*/*/pyproject.toml")):
        project = tomllib.loads(path.read_text())["project"]
        found.update(line for line in project["dependencies"] if not line.startswith(OWN))
    development = (ROOT / "tools/requirements-dev.in").read_text().splitlines()
    found.update(line for line in development if line and not line.startswith("#"))
    return sorted(found)


def main() -> int:
    """Compile; the lock names no index and no machine."""
    lock = ROOT / "requirements.lock"
    command = [
        "uv", "pip", "compile", "-", "--universal", "--python-version=3.11", "--generate-hashes",
        "--no-header", "--no-annotate", "--no-emit-index-url", "--quiet",
        f"--output-file={lock}", *sys.argv[1:],
    ]  # fmt: skip
    done = subprocess.run(command, input="\n".join(dependencies()), text=True, check=False)
    if done.returncode == 0:
        lock.write_text(HEAD + lock.read_text())
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
