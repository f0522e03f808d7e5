"""Where an installation keeps its things, and the keys it makes once: `<home>/env`.

Not in charge of validating settings (`paas.config`).
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from paas.embedded import postgres, valkey
from paas.supervisor.env_file import read_env, write_env
from workers.errors import PlatformError

SOCKET_PATH_LIMIT = 107  # sockaddr_un.sun_path, less its final NUL.
LONGEST_SOCKET = "/pg/.s.PGSQL.5432.lock"
# As `run_dir` has it. Sockets of the system's servers are in /run and /var/run.
_RUN = r"(?!/(?:var/)?run/)/(?:.+/run|tmp/slipway-[0-9a-f]{8})"
_DATABASE = re.compile(rf"postgresql://slipway@/slipway\?host={_RUN}/pg")
_REDIS = re.compile(rf"unix://{_RUN}/valkey\.sock\?db=0")


@dataclass(frozen=True)
class Household:
    """One installation's folders. `run` holds its sockets and is short enough for them."""

    home: Path
    instance: str

    @property
    def run(self) -> Path:
        return run_dir(self.home, self.instance)

    @property
    def log(self) -> Path:
        return self.home / "log" / "slipway.log"

    @property
    def control(self) -> Path:
        return self.run / "supervisor.sock"

    @property
    def lock(self) -> Path:
        return self.home / "supervisor.pid"

    @property
    def children(self) -> Path:
        return self.home / "children.json"


def home_folder() -> Path:
    """As `paas.config.home` has it, without loading the settings."""
    return Path(os.environ.get("SLIPWAY_HOME") or Path(__file__).resolve().parents[2] / ".slipway").resolve()


def run_dir(home: Path, instance: str) -> Path:
    """`<home>/run`, or a folder of our own in /tmp where the path would be too long for a unix socket.

    Not $XDG_RUNTIME_DIR: it vanishes when its user logs out, and everything goes on in the background.
    """
    beside = home / "run"
    fits = len(os.fsencode(str(beside) + LONGEST_SOCKET)) <= SOCKET_PATH_LIMIT
    return beside if fits else Path("/tmp") / f"slipway-{instance}"


def open_household(home: Path) -> Household | None:
    """The installation in this folder, or None when there is none yet."""
    instance = read_env(home / "env").get("SLIPWAY_INSTANCE")
    return Household(home, instance) if instance else None


def make_household(home: Path) -> Household:
    """The installation in this folder, made when there is none; its folders are ours alone."""
    for folder in (home, home / "log"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = read_env(home / "env")
    wanted = new_keys() | kept
    place = Household(home, wanted["SLIPWAY_INSTANCE"])
    _make_private(place.run)
    wanted |= embedded_addresses(place, kept)
    if wanted != kept:
        write_env(home / "env", wanted)
    return place


def new_keys() -> dict[str, str]:
    return {
        "SLIPWAY_INSTANCE": secrets.token_hex(4),
        "SLIPWAY_SECRET_KEY": secrets.token_urlsafe(48),
        "SLIPWAY_VARIABLE_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "SLIPWAY_HOST_TOKEN": secrets.token_urlsafe(32),
    }


def embedded_addresses(place: Household, kept: dict[str, str]) -> dict[str, str]:
    """The addresses of the embedded servers, for each that the file does not point elsewhere."""
    found = {}
    if is_embedded_database(kept.get("DATABASE_URL", "")):
        found["DATABASE_URL"] = postgres.url(place.run / "pg")
    if is_embedded_redis(kept.get("REDIS_URL", "")):
        found["REDIS_URL"] = valkey.url(place.run)
    return found


def is_embedded_database(url: str) -> bool:
    """Whether it is ours, here or where this home once was. The system's own server may have the same names."""
    return not url or _DATABASE.fullmatch(url) is not None


def is_embedded_redis(url: str) -> bool:
    return not url or _REDIS.fullmatch(url) is not None


def own_servers(settings: Mapping[str, str]) -> list[str]:
    """The settings that name servers which are not ours to empty."""
    embedded = {"DATABASE_URL": is_embedded_database, "REDIS_URL": is_embedded_redis}
    return [name for name, is_ours in embedded.items() if not is_ours(settings.get(name, ""))]


def _make_private(folder: Path) -> None:
    """A folder that only we may enter. In /tmp somebody else might have made it first: then it is not used."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PlatformError(
            "supervisor:platform:run-dir",
            f"{folder} is not a folder of our own, so no socket is put there.",
            hint=f"Remove {folder}, or set SLIPWAY_HOME to a folder with a shorter path.",
        )
