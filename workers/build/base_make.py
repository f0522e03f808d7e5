"""Makes a base image on this machine: from the distribution's packages, or from a program that npm has.

Not in charge of which one is wanted and of what is there already (`workers.build.base_images`).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO

from workers.build import base_recipe as recipe
from workers.build.apt_sources import AptSource, for_suite, kept_options, parse_deb822, parse_one_line
from workers.build.base_families import Family, Own
from workers.build.job import BuildSettings, Report
from workers.build.mends import to_version
from workers.build.secrets import Share, write_secrets
from workers.docker_cli import BuildCall, build_argv, client_env, import_argv, remove_images_argv, tag_argv
from workers.errors import PlatformError, UserError
from workers.process import Completed, TimedOut, end_group, run, tied_argv

MAKE_SECONDS = 900.0
NO_SUCH_VERSION = re.compile(r"ETARGET|notarget|EINVALIDTAGNAME|E404")


def make_from_distribution(
    client: str, family: Family, candidates: Sequence[Own], host_suite: str, report: Report
) -> tuple[Own, list[str]]:
    """The first of `candidates` that can be made, and what went wrong with those before it.

    Raises PlatformError `engine:platform:base-not-made` when none can.
    """
    sources, said = host_sources(), list[str]()
    for own in candidates:
        lines = [source.line() for source in for_suite(sources, host_suite, own.suite)]
        if not lines:
            said.append("apt on this machine names no source of its own distribution")
            continue
        report.line(f"Making the base image {own.reference} (once for this machine, half a minute or more)")
        try:
            problem = _bootstrap(client, family, own, lines, report)
        except FileNotFoundError as error:
            raise PlatformError(
                "engine:platform:no-mmdebstrap",
                f"No base image can be pulled, and {error} is not installed to make one.",
                hint="apt-get install mmdebstrap",
                retry=False,
            ) from error
        if not problem:
            return own, said
        said.append(f"{own.suite}: {problem}")
        report.line(f"{own.reference} could not be made: {problem}", level="err")
    raise PlatformError(
        "engine:platform:base-not-made",
        f"The base image for {family.title} can neither be pulled nor made ({'; '.join(said) or 'nothing to try'}).",
        hint=f"As root type: {Path(sys.executable)} -m workers.build.base_images {family.name}",
    )


def make_from_npm(client: str, family: Family, asked: str, own: Own, node: str, base: str, report: Report) -> None:
    """Raises UserError when npm has no such version, PlatformError when it cannot be reached."""
    report.line(f"Making the base image {own.reference} from npm's package {family.npm} (once for this machine)")
    with TemporaryDirectory(prefix="slipway-base-") as name:
        folder = Path(name)
        (folder / "context").mkdir()
        (folder / "Dockerfile").write_text(recipe.npm_dockerfile(family, asked, node, base))
        call = BuildCall(
            folder / "context",
            folder / "Dockerfile",
            own.reference,
            secrets=write_secrets(folder / "secrets", BuildSettings(), Share()),
        )
        argv = build_argv(client, call)
        report.command(argv)
        done = _docker(argv, report, MAKE_SECONDS)
    if done.returncode == 0:
        return
    text = "\n".join(done.tail)
    newest = re.search(r"newest: ([\w.-]+)", text)
    if NO_SUCH_VERSION.search(text):
        has = f"; its newest is {newest[1]}" if newest else ""
        raise UserError(
            "build:user:version-not-available",
            f"The repository asks for {family.title} {asked}, which npm does not have{has}.",
            hint=f"Ask for {family.title} {' or '.join(family.versions) or 'as npm has it'}, or bring a Dockerfile.",
            change=to_version(family, family.versions[0]) if family.versions else None,
        )
    raise PlatformError(
        "engine:platform:base-not-made",
        f"The base image for {family.title} could not be made from npm: {' '.join(done.tail[-3:])[:500]}",
    )


def _docker(argv: Sequence[str], report: Report, seconds: float = 60.0) -> Completed:
    try:
        return run(argv, env=client_env(os.environ), check=report.check, timeout_seconds=seconds)
    except TimedOut as error:
        raise PlatformError("engine:platform:slow", f"The engine did not answer: {error}.") from error


def _bootstrap(client: str, family: Family, own: Own, sources: list[str], report: Report) -> str:
    """mmdebstrap piped into `docker import`. Gives what went wrong, "" when nothing did."""
    make = recipe.bootstrap_argv(family, own.suite, kept_options(apt_settings()), own.version)
    take = import_argv(client, recipe.image_changes(family))
    report.command(make)
    report.command(take)
    piped = _piped(make, take, "\n".join(sources) + "\n", report)
    if piped.problem:
        # What was taken in until then is half a system, and would be found by the next build.
        if piped.image_id:
            _docker(remove_images_argv(client, [piped.image_id]), report)
        return piped.problem
    _docker(tag_argv(client, piped.image_id, own.reference), report)
    return ""


@dataclass(frozen=True)
class _Piped:
    image_id: str
    problem: str


def _piped(make: Sequence[str], take: Sequence[str], given: str, report: Report) -> _Piped:
    with TemporaryFile() as sources, TemporaryFile() as make_said, TemporaryFile() as take_said, ExitStack() as stack:
        sources.write(given.encode())
        sources.seek(0)
        maker = subprocess.Popen(
            tied_argv(make), stdin=sources, stdout=subprocess.PIPE, stderr=make_said, start_new_session=True
        )
        stack.callback(end_group, maker)
        assert maker.stdout is not None
        taker = subprocess.Popen(
            tied_argv(take),
            stdin=maker.stdout,
            stdout=subprocess.PIPE,
            stderr=take_said,
            env=client_env(os.environ),
            start_new_session=True,
        )
        stack.callback(end_group, taker)
        maker.stdout.close()  # Only the taker reads: when it ends, the maker must notice.
        deadline = time.monotonic() + MAKE_SECONDS
        while taker.poll() is None or maker.poll() is None:
            report.check()
            if time.monotonic() > deadline:
                return _Piped("", f"it took longer than {MAKE_SECONDS:g} s")
            time.sleep(0.05)
        assert taker.stdout is not None
        image_id = taker.stdout.read().decode().strip()
        taker.stdout.close()
        for child, said in ((maker, make_said), (taker, take_said)):
            if child.returncode:
                return _Piped(image_id, _last_words(said) or f"exit {child.returncode}")
        return _Piped(image_id, "")


def _last_words(file: IO[bytes]) -> str:
    file.seek(0)
    lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if line.startswith("E:")]
    return " ".join((told or lines)[-2:])[:500]


def apt_settings() -> str:
    """All of what apt is set to on this machine."""
    return subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True, timeout=30).stdout


def host_sources() -> list[AptSource]:
    """Where apt on this machine gets packages from."""
    folder = Path("/etc/apt")
    one_line = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*.list"))]
    found = [source for path in one_line if path.exists() for source in parse_one_line(path.read_text())]
    for path in sorted((folder / "sources.list.d").glob("*.sources")):
        found += parse_deb822(path.read_text())
    return found
