"""What a repository is and how it would be built, told before anything is made. Runs in the web process, under a time limit.

Not in charge of building: nothing of the repository is run, and nothing of it is kept.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings
from django.db import connection

from apps.projects.turns import Turns
from workers import git
from workers.build.fetch import fetch, reachable
from workers.build.files import FolderFiles
from workers.build.job import BuildSettings, Source, Workspace
from workers.build.look import Look, look_at
from workers.errors import Stopped, UserError

SECONDS = 20.0
_detections = Turns(3)  # A clone is heavy for a web process.
_lookups = Turns(3)  # Apart from those, so that a page which asks for branches does not hold up its own form.


@dataclass(frozen=True)
class Detection:
    branch: str  # The default one by its name when none was asked for.
    commit: str
    message: str
    look: Look
    host_key: str = ""  # Of an ssh server that was met for the first time, or again.


class Deadline:
    """A `workers.build.job.Report` that keeps nothing and ends the work when its time is over."""

    def __init__(self, seconds: float) -> None:
        self.ends_at = time.monotonic() + seconds

    def line(self, text: str, *, level: str = "out") -> None:
        self.check()

    def command(self, argv: Sequence[str]) -> None:
        self.check()

    def check(self) -> None:
        if time.monotonic() > self.ends_at:
            raise Stopped("deadline")


def detect(source: Source, build: BuildSettings, *, who: Hashable, seconds: float = SECONDS) -> Detection:
    """Raises UserError `source:user:...` or `build:user:...` with what to change. One at a time for each person."""
    release_connection()
    with _detections.taken_by(who):
        return _detect(source, build, seconds)


def _detect(source: Source, build: BuildSettings, seconds: float) -> Detection:
    deadline = Deadline(seconds)
    folder = _folder()
    try:
        workspace = Workspace(cache=folder / "cache", scratch=folder / "scratch")
        for made in (workspace.cache, workspace.scratch):
            made.mkdir(parents=True)
        checkout = fetch(
            source,
            workspace,
            deadline,
            allowed_files=settings.SLIPWAY.home / "samples",
            allow_private=settings.SLIPWAY.allow_private_sources,
        )
        look = look_at(FolderFiles(checkout.folder, checkout.top), build, deadline.check)
        if (problem := look.why_nothing) is not None:
            raise problem
        pinned = _pinned(source, checkout.host_key)
        branch = source.branch or _heads(pinned, folder, deadline).default
        return Detection(branch, checkout.commit, checkout.message, look, checkout.host_key)
    except Stopped as stop:
        raise _slow(seconds) from stop
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def branches_of(source: Source, *, who: Hashable, seconds: float = 8.0) -> list[str]:
    """Names of its branches, the default one first. Nothing is cloned."""
    release_connection()
    with _lookups.taken_by(who):
        found = _branches(source, seconds)
    return sorted(found.heads, key=lambda name: (name != found.default, name))[:200]


def _branches(source: Source, seconds: float) -> git.Branches:
    folder = _folder()
    try:
        return _heads(source, folder, Deadline(seconds))
    except Stopped as stop:
        raise _slow(seconds) from stop
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _heads(source: Source, folder: Path, deadline: Deadline) -> git.Branches:
    with reachable(
        source,
        folder / "ssh",
        allowed_files=settings.SLIPWAY.home / "samples",
        allow_private=settings.SLIPWAY.allow_private_sources,
    ) as remote:
        return git.branches(remote, token=source.token, check=deadline.check)


def _pinned(source: Source, host_key: str) -> Source:
    """What is asked next is asked of the same ssh server."""
    return replace(source, key=replace(source.key, host_key=host_key)) if source.key and host_key else source


def _folder() -> Path:
    """Of one detection alone. One that a killed process left is removed by the cleaning."""
    return Path(settings.SLIPWAY.home) / "detect" / secrets.token_hex(8)


def release_connection() -> None:
    """Back to the pool: requests that wait for somebody's git server must not hold up all the others."""
    if not connection.in_atomic_block:
        connection.close()


def _slow(seconds: float) -> UserError:
    return UserError(
        "source:user:slow",
        f"The repository could not be read within {seconds:g} s.",
        hint="Try again. When it is very large, create the service over the API: a build has more time.",
        status=422,
    )
