"""docker-compose.yml against the settings, commands, ports and health paths of the code.

No container engine is at hand where the tests run; what can be checked without one is.
"""

import importlib
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from allinone.home import SERVICES
from allinone.servers import nats, postgres
from allinone.services import INNER
from chassis.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
CONTAINERS: dict[str, Any] = COMPOSE["services"]


def _known_settings(service: str) -> set[str]:
    module = importlib.import_module(f"{service}_service.settings")
    classes = [each for each in vars(module).values() if isinstance(each, type)]
    fields = {name for each in classes if issubclass(each, Settings) for name in each.model_fields}
    return {f"HUIYUAN_{name.upper()}" for name in fields}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_run_by_its_command_with_settings_that_exist(service: str) -> None:
    container = CONTAINERS[service]
    assert container["command"] == ["python", "-m", "chassis.serve", f"{service}_service.app"]
    given = container["environment"]
    assert set(given) <= _known_settings(service)
    needed = {"SERVICE", "DATABASE_URL", "NATS_URL", "REDIS_URL", "BIND", "INTERNAL_TOKEN"}
    assert {f"HUIYUAN_{name}" for name in needed} <= set(given)
    assert given["HUIYUAN_SERVICE"] == service
    assert given["HUIYUAN_DEV"] == "false"
    assert (
        f"//huiyuan_{service}:${{HUIYUAN_{service.upper()}_PASSWORD}}@postgres"
        in (given["HUIYUAN_DATABASE_URL"])
    )


@pytest.mark.parametrize("service", SERVICES)
def test_health_asks_readyz_where_the_service_listens(service: str) -> None:
    container = CONTAINERS[service]
    port = container["environment"]["HUIYUAN_BIND"].rpartition(":")[2]
    scheme, host = ("https", "localhost") if service == "gateway" else ("http", "127.0.0.1")
    command = container["healthcheck"]["test"]
    assert command[:3] == ["CMD", "python", "-c"]
    assert f"'{scheme}://{host}:{port}/readyz'" in command[3]
    compile(command[3], "healthcheck", "exec")


def test_the_gateway_knows_every_service_and_serves_tls() -> None:
    gateway = CONTAINERS["gateway"]
    environment = gateway["environment"]
    for service in INNER:
        port = CONTAINERS[service]["environment"]["HUIYUAN_BIND"].rpartition(":")[2]
        assert environment[f"HUIYUAN_{service.upper()}_URL"] == f"http://{service}:{port}"
        assert "ports" not in CONTAINERS[service], "only the gateway is published"
    assert gateway["ports"] == ["8443:8443"]
    mounts = {each.split(":")[1] for each in gateway["volumes"]}
    for name in ("TLS_CERT", "TLS_KEY", "KEY_DIR"):
        assert any(environment[f"HUIYUAN_{name}"].startswith(mount) for mount in mounts)


def test_servers_are_the_versions_the_platform_is_built_for() -> None:
    images = {name: CONTAINERS[name]["image"] for name in ("postgres", "nats", "redis")}
    assert images == {"postgres": "postgres:18", "nats": "nats:2-alpine", "redis": "redis:7"}


def test_everything_waits_for_what_it_needs() -> None:
    for service in SERVICES:
        waits = CONTAINERS[service]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}
        assert waits["nats"] == waits["redis"] == {"condition": "service_healthy"}
    assert CONTAINERS["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_migration_gets_the_password_of_every_role() -> None:
    passwords = {f"HUIYUAN_{service.upper()}_PASSWORD" for service in SERVICES}
    assert passwords | {"HUIYUAN_DATABASE_URL"} == set(CONTAINERS["migrate"]["environment"])


def test_every_variable_is_in_the_example() -> None:
    example = (ROOT / "infra" / "compose.env.example").read_text()
    offered = set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))
    assert set(re.findall(r"\$\{([A-Z_]+)", TEXT)) == offered


def test_mounted_files_and_volumes_exist() -> None:
    for container in CONTAINERS.values():
        for mount in container.get("volumes", []):
            source = mount.split(":")[0]
            assert (ROOT / source).is_file() if source[0] == "." else source in COMPOSE["volumes"]


def test_postgres_has_the_settings_of_the_embedded_server() -> None:
    conf = (ROOT / "infra" / "postgres" / "postgresql.conf").read_text()
    lines = [line.split(" = ") for line in conf.splitlines() if not line.startswith("#")]
    settings = {name: value.strip("'") for name, value in lines}
    assert settings.pop("listen_addresses") == "*"
    embedded = {k: v for k, v in postgres.SETTINGS.items() if k != "listen_addresses"}
    assert settings == embedded


def test_nats_accepts_its_configuration() -> None:
    conf = ROOT / "infra" / "nats" / "nats.conf"
    checked = subprocess.run(
        [str(nats.binary()), "-c", str(conf), "-t"],
        env={**os.environ, "NATS_TOKEN": "token"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    for line in ("max_payload: 8MB", "sync_interval: always"):
        assert line in conf.read_text()


def test_the_image_installs_pinned_dependencies_and_every_package() -> None:
    dockerfile = (ROOT / "infra" / "Dockerfile").read_text()
    assert "FROM python:3.12-slim" in dockerfile
    assert "--require-hashes -r requirements.lock" in dockerfile
    assert "\nUSER huiyuan" in dockerfile
    for package in (*(f"services/{name}" for name in SERVICES), "libs/contracts", "libs/chassis"):
        assert f"./{package}" in dockerfile
