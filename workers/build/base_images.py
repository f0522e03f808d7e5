"""The image that generated builds start from: pulled where a registry can be reached, else made from the distribution.

Made once for all installations of a machine. `python -m workers.build.base_images KIND` makes it beforehand.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from workers.build import base_recipe as recipe
from workers.build.apt_sources import AptSource, for_suite, kept_options, parse_deb822, parse_one_line
from workers.build.base_recipe import Kind
from workers.build.job import Report
from workers.build.version_spec import parse, satisfies
from workers.docker_cli import (
    client_env,
    import_argv,
    inspect_argv,
    pull_argv,
    remove_images_argv,
    tag_argv,
    working_client,
)
from workers.errors import PlatformError, SlipwayError, UserError
from workers.file_lock import locked
from workers.process import Completed, TimedOut, end_group, run, tied_argv

PULL_SECONDS = 300.0
ANSWER_SECONDS = 10.0  # A registry that has said nothing by then cannot be reached.
FORGET_SECONDS = 600.0
MAKE_SECONDS = 600.0
PREFERRED_SUITE = {"bookworm": "trixie"}
SIGNIFICANT = {"python": 2, "node": 1}
NO_SUCH_IMAGE = re.compile(r"manifest unknown|manifest for .* not found|repository does not exist|denied|unauthorized")


@dataclass(frozen=True)
class BaseImage:
    """`reference` is what stands after FROM; `image_id` is what it was when it was looked at."""

    reference: str
    image_id: str
    version: str
    reasons: tuple[str, ...]


def ensure_base(
    kind: Kind, version: str, *, report: Report, cache_dir: Path, labels: Mapping[str, str] | None = None
) -> BaseImage:
    """An image of this machine's engine with the language in a version that `version` ("" is any) allows.

    `labels` are not put on it, since it is shared by all builds; they mark the containers that look into it.
    Raises UserError `build:user:version-not-available`, PlatformError when it can neither be pulled nor made.
    """
    family = recipe.family(kind)
    client = working_client(cache_dir)
    asked = "" if kind == "static" else version
    wanted = wanted_versions(family, asked)
    suites = _suites()
    ours = [recipe.own_image(family, suite) for suite in suites]
    looking = _Looking(client, family, cache_dir, dict(labels or {}), report)
    there = looking.at(*(recipe.official_image(family, v) for v in wanted), *ours)
    if not any(_fits(family, asked, base.version) for base in there):
        there += _pulled_or_made(looking, wanted, suites, has_own=any(base.reference in ours for base in there))
    for base in there:
        if _fits(family, asked, base.version):
            return base
    rejected = sorted({base.version for base in there})
    name = family.capitalize()
    raise UserError(
        "build:user:version-not-available",
        f"The repository asks for {name} {asked}, and this machine has {name} {', '.join(rejected)}.",
        hint=f"Ask for {name} {rejected[0]} (or for a range that holds it), or bring a Dockerfile; other versions need "
        "a registry that this machine can reach.",
    )


def _pulled_or_made(
    looking: _Looking, wanted: Sequence[str], suites: Sequence[str], *, has_own: bool
) -> list[BaseImage]:
    """One at a time on this machine; what another build has made meanwhile is taken."""
    with locked(looking.cache_dir / f"base-{looking.family}.lock", looking.report.check):
        for reference in (recipe.official_image(looking.family, version) for version in wanted[:1]):
            if pull(looking.client, reference, looking.cache_dir, looking.report):
                return looking.at(reference)
        if has_own:
            return []
        return looking.at(*(recipe.own_image(looking.family, suite) for suite in suites)) or [_make(looking, suites)]


def _is_json(line: str) -> bool:
    return line.startswith('["')


@dataclass(frozen=True)
class _Looking:
    """Looks at images that are there, and remembers which version is in which."""

    client: str
    family: str
    cache_dir: Path
    labels: Mapping[str, str]
    report: Report

    def at(self, *references: str) -> list[BaseImage]:
        """Those that are there, in the order of `references`."""
        done = _docker(inspect_argv(self.client, *references), self.report)
        ids = {tag: image for image, _, tags in map(json.loads, filter(_is_json, done.tail)) for tag in tags}
        return [self._found(reference, ids[reference]) for reference in references if reference in ids]

    def _found(self, reference: str, image_id: str) -> BaseImage:
        version = self._version(image_id, reference)
        reason = f"base image: {reference}, which has {self.family.capitalize()} {version}"
        return BaseImage(reference, image_id, version, (reason,))

    def _version(self, image_id: str, reference: str) -> str:
        memory = self.cache_dir / "base-versions" / image_id.removeprefix("sha256:")
        if memory.exists():
            return memory.read_text()
        labels = [f"--label={name}={value}" for name, value in self.labels.items()]
        argv = [self.client, "run", "--rm", "--network=none", *labels, reference, *recipe.VERSION_ARGV[self.family]]
        done = _docker(argv, self.report)
        if done.returncode or not done.tail:
            raise PlatformError(
                "engine:platform:base-broken", f"The base image {reference} does not start: {done.tail}"
            )
        version = done.tail[-1].removeprefix("Python ").lstrip("v").strip()
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(version)
        return version


def wanted_versions(family: str, asked: str) -> list[str]:
    """The versions to ask a registry for, best first: those of our own that fit, else exactly the one that is asked for."""
    ours = [version for version in recipe.DEFAULT_VERSIONS[family] if _fits(family, asked, version)]
    if ours or not re.fullmatch(r"v?\d+(\.\d+)*", asked):
        return ours
    return [".".join(map(str, parse(asked)[: SIGNIFICANT[family]]))]


def _fits(family: str, asked: str, have: str) -> bool:
    return satisfies(asked, have, significant=SIGNIFICANT[family])


def _docker(argv: Sequence[str], report: Report, seconds: float = 60.0) -> Completed:
    try:
        return run(argv, env=client_env(os.environ), check=report.check, timeout_seconds=seconds)
    except TimedOut as error:
        raise PlatformError("engine:platform:slow", f"The engine did not answer: {error}.") from error


def pull(client: str, reference: str, cache_dir: Path, report: Report) -> bool:
    """Whether the registry gave the image. Silence counts as unreachable, and is remembered for ten minutes."""
    memory = cache_dir / "registry-unreachable"
    if memory.exists() and time.time() - memory.stat().st_mtime < FORGET_SECONDS:
        return False
    argv = [part for part in pull_argv(client, reference) if part != "--quiet"]
    report.command(argv)
    begin, has_answered = time.monotonic(), False

    def on_line(text: str, level: str) -> None:
        nonlocal has_answered
        has_answered = has_answered or (level == "out" and bool(text))

    def check() -> None:
        report.check()
        if not has_answered and time.monotonic() - begin > ANSWER_SECONDS:
            raise TimedOut(argv, ANSWER_SECONDS, ())

    try:
        done = run(argv, env=client_env(os.environ), on_line=on_line, check=check, timeout_seconds=PULL_SECONDS)
        if done.returncode == 0:
            return True
        if NO_SUCH_IMAGE.search("\n".join(done.tail)):
            return False  # The registry is there, the image is not.
    except TimedOut:
        report.line(f"The registry did not give {reference} in time")
    memory.parent.mkdir(parents=True, exist_ok=True)
    memory.touch()
    report.line(f"{reference} cannot be pulled here; until it can be, what the distribution has is used")
    return False


def _make(looking: _Looking, suites: Sequence[str]) -> BaseImage:
    sources = _host_sources()
    said: list[str] = []
    for suite in suites:
        lines = [source.line() for source in for_suite(sources, suites[-1], suite)]
        reference = recipe.own_image(looking.family, suite)
        if not lines:
            said.append("apt on this machine names no source of its own distribution")
            continue
        looking.report.line(f"Making the base image {reference} (once for this machine, about half a minute)")
        try:
            problem = _bootstrap(looking, suite, lines, reference)
        except FileNotFoundError as error:
            raise PlatformError(
                "engine:platform:no-mmdebstrap",
                f"No base image can be pulled, and {error} is not installed to make one.",
                hint="apt-get install mmdebstrap",
                retry=False,
            ) from error
        if not problem:
            return looking.at(reference)[0]
        said.append(f"{suite}: {problem}")
        looking.report.line(f"{suite} could not be made: {problem}", level="err")
    raise PlatformError(
        "engine:platform:base-not-made",
        f"The base image for {looking.family} can neither be pulled nor made ({'; '.join(said)}).",
        hint=f"As root type: {Path(sys.executable)} -m workers.build.base_images {looking.family}",
    )


def _bootstrap(looking: _Looking, suite: str, sources: list[str], reference: str) -> str:
    """mmdebstrap piped into `docker import`. Gives what went wrong, "" when nothing did."""
    make = recipe.bootstrap_argv(looking.family, suite, kept_options(_output(["apt-config", "dump"])))
    take = import_argv(looking.client, recipe.image_changes(looking.family))
    looking.report.command(make)
    looking.report.command(take)
    piped = _piped(make, take, "\n".join(sources) + "\n", looking.report)
    if piped.problem:
        # What was taken in until then is half a system, and would be found by the next build.
        if piped.image_id:
            _docker(remove_images_argv(looking.client, [piped.image_id]), looking.report)
        return piped.problem
    _docker(tag_argv(looking.client, piped.image_id, reference), looking.report)
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


def _output(argv: Sequence[str]) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=30).stdout


def _host_sources() -> list[AptSource]:
    folder = Path("/etc/apt")
    one_line = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*.list"))]
    found = [source for path in one_line if path.exists() for source in parse_one_line(path.read_text())]
    for path in sorted((folder / "sources.list.d").glob("*.sources")):
        found += parse_deb822(path.read_text())
    return found


def _suites() -> list[str]:
    """The suites to try, the host's own last; none where the host is not Debian or Ubuntu."""
    release = platform.freedesktop_os_release()
    suite = release.get("VERSION_CODENAME", "")
    preferred = PREFERRED_SUITE.get(suite)
    return [name for name in (preferred, suite) if name]


class _Printed:
    """A report on standard error, for the command line."""

    def line(self, text: str, *, level: str = "out") -> None:
        print(text, file=sys.stderr)

    def command(self, argv: Sequence[str]) -> None:
        print("$", shlex.join(argv), file=sys.stderr)

    def check(self) -> None:
        """Nobody stops it but Ctrl-C."""


def main(argv: Sequence[str]) -> int:
    """`python -m workers.build.base_images KIND [VERSION] [--cache-dir DIR]`: prints the reference of the image."""
    parser = argparse.ArgumentParser(prog="python -m workers.build.base_images", description=__doc__)
    parser.add_argument("kind", choices=["python", "node", "static"])
    parser.add_argument("version", nargs="?", default="")
    parser.add_argument("--cache-dir", type=Path, default=Path.home() / ".cache" / "slipway")
    told = parser.parse_args(argv)
    try:
        base = ensure_base(told.kind, told.version, report=_Printed(), cache_dir=told.cache_dir)
    except SlipwayError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return 1
    print(base.reference)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
