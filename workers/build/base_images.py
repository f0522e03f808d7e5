"""The image that generated builds start from: pulled where a registry can be reached, else made on this machine.

Made once for all installations of a machine. `python -m workers.build.base_images KIND` makes it beforehand.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from workers.build.base_families import FAMILIES, Family, Own, family_of, npm_version, official_image, own_images
from workers.build.base_make import make_from_distribution, make_from_npm
from workers.build.images import inspected
from workers.build.job import Report
from workers.build.mends import to_version
from workers.build.version_spec import parse, satisfies
from workers.docker_cli import client_env, pull_argv, working_client
from workers.errors import PlatformError, SlipwayError, UserError
from workers.file_lock import locked
from workers.image_reference import parse_image
from workers.process import Completed, TimedOut, run

PULL_SECONDS = 300.0
ANSWER_SECONDS = 10.0  # A registry that has said nothing by then cannot be reached.
FORGET_SECONDS = 600.0
# What a host's own sources can give, best first: its suite and those that stand beside it on the same mirror.
SUITES = {"bookworm": ("trixie", "bookworm"), "trixie": ("trixie", "bookworm")}
NO_SUCH_IMAGE = re.compile(
    r"manifest unknown|manifest for .* not found|resolve reference .*: not found"  # The last with containerd's store.
    r"|repository does not exist|denied|unauthorized"
)
VERSION = re.compile(r"(?<![\w.])(?:go|v)?(\d+(?:\.\d+)*)")


@dataclass(frozen=True)
class BaseImage:
    """`reference` is what stands after FROM; `image_id` is what it was when it was looked at."""

    reference: str
    image_id: str
    version: str
    reasons: tuple[str, ...]


def ensure_base(
    kind: str, version: str, *, report: Report, cache_dir: Path, labels: Mapping[str, str] | None = None
) -> BaseImage:
    """An image of this machine's engine with the language in a version that `version` ("" is any) allows.

    `kind` is `static` or one of the families. `labels` are not put on it, since it is shared by all builds; they mark
    the containers that look into it. Raises UserError `build:user:version-not-available`, PlatformError when it can
    neither be pulled nor made.
    """
    family = family_of(kind)
    asked = "" if kind == "static" else version
    try:
        return _ensured(family, asked, report, cache_dir, labels or {})
    except PlatformError as error:
        if not family.otherwise:
            raise
        report.line(f"{error.message} What the distribution has is used instead, where it fits.", level="err")
        return _ensured(FAMILIES[family.otherwise], asked, report, cache_dir, labels or {})


def _ensured(family: Family, asked: str, report: Report, cache_dir: Path, labels: Mapping[str, str]) -> BaseImage:
    looking = _Looking(working_client(cache_dir), family, cache_dir, labels, report)
    own = own_images(family, asked, suites())
    wanted = [_where_to_pull(official_image(family, v)) for v in wanted_versions(family, asked)]
    ways: tuple[Callable[[], Iterable[BaseImage]], ...] = (
        # Other versions that fit come last: they are here for somebody else.
        lambda: looking.at(*wanted[:1], *(o.reference for o in own), *wanted[1:]),
        lambda: _pulled_or_made(looking, asked, wanted, own),
    )
    there = list[BaseImage]()
    for base in chain.from_iterable(way() for way in ways):
        if fits(family, asked, base.version):
            return replace(base, reasons=(*base.reasons, *stand_in(family, asked, base.version)))
        there.append(base)
    known = {base.reference for base in there}
    others = {o.version for o in own if o.version and o.reference not in known}
    raise _not_available(family, asked, {base.version for base in there} | others)


def _where_to_pull(official: str) -> str:
    """The mirror of Docker Hub is a setting of this machine's, like its indexes of packages."""
    mirror = os.environ.get("SLIPWAY_HUB_MIRROR", "").rstrip("/")
    return parse_image(official).from_mirror(mirror) if mirror else official


def stand_in(family: Family, asked: str, have: str) -> tuple[str, ...]:
    """What is said when a patch release stands in for the one that was named."""
    exact = re.fullmatch(r"v?(\d+(?:\.\d+)+)", asked)
    if exact is None or parse(have)[: len(parse(exact[1]))] == parse(exact[1]):
        return ()
    return (f"version: {family.title} {have} stands in for {exact[1]}, which is another release of the same",)


def _not_available(family: Family, asked: str, versions: set[str]) -> UserError:
    rejected = sorted(versions, key=parse)
    has = f"this machine has {family.title} {', '.join(rejected)}" if rejected else "this machine has none"
    one = f"Ask for {family.title} {rejected[-1]} (or for a range that holds it), or bring" if rejected else "Bring"
    return UserError(
        "build:user:version-not-available",
        f"The repository asks for {family.title} {asked}, and {has}.",
        hint=f"{one} a Dockerfile; other versions need a registry that this machine can reach.",
        change=to_version(family, rejected[-1]) if rejected else None,
    )


def _pulled_or_made(looking: _Looking, asked: str, wanted: Sequence[str], own: Sequence[Own]) -> list[BaseImage]:
    """One at a time on this machine; what another build has made meanwhile is taken."""
    family, report = looking.family, looking.report
    with locked(looking.cache_dir / f"base-{family.name}.lock", report.check):
        for reference in wanted[:1]:
            if pull(looking.client, reference, looking.cache_dir, report):
                return list(looking.at(reference))
        there = list(looking.at(*(o.reference for o in own)))
        if any(fits(family, asked, base.version) for base in there):
            return there
        known = {base.reference for base in there}
        lacking = [o for o in own if o.reference not in known and may_fit(family, asked, o.version)]
        if not lacking:
            return there
        return list(looking.at(_made(looking, asked, lacking).reference))


def _made(looking: _Looking, asked: str, lacking: Sequence[Own]) -> Own:
    family, report = looking.family, looking.report
    if not family.npm:
        return make_from_distribution(looking.client, family, lacking, host_suite(), report)[0]
    node, base = (
        ensure_base(kind, "", report=report, cache_dir=looking.cache_dir, labels=looking.labels).reference
        for kind in ("node-distribution", "debian")
    )
    make_from_npm(looking.client, family, npm_version(family, asked), lacking[0], node, base, report)
    return lacking[0]


@dataclass(frozen=True)
class _Looking:
    """Looks at images that are there, and remembers which version is in which."""

    client: str
    family: Family
    cache_dir: Path
    labels: Mapping[str, str]
    report: Report

    def at(self, *references: str) -> Iterator[BaseImage]:
        """Those that are there, in the order of `references`; the engine is asked as they are taken."""
        for reference in references:
            for told in inspected(reference).values():
                yield self._found(reference, str(told["Id"]))

    def _found(self, reference: str, image_id: str) -> BaseImage:
        version = self._version(image_id, reference)
        reason = f"base image: {reference}, which has {self.family.title} {version}"
        return BaseImage(reference, image_id, version, (reason,))

    def _version(self, image_id: str, reference: str) -> str:
        memory = self.cache_dir / "base-versions" / image_id.removeprefix("sha256:")
        if memory.exists():
            return memory.read_text()
        labels = [f"--label={name}={value}" for name, value in self.labels.items()]
        program, *options = self.family.version_argv
        argv = [self.client, "run", "--rm", "--network=none", f"--entrypoint={program}", *labels, reference, *options]
        done = _docker(argv, self.report)
        version = version_in(done.tail)
        if done.returncode or not version:
            raise PlatformError(
                "engine:platform:base-broken", f"The base image {reference} does not start: {done.tail}"
            )
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(version)
        return version


def version_in(lines: Sequence[str]) -> str:
    """The first version that a program names of itself: `Python 3.13.5`, `go version go1.24.4 linux/amd64`."""
    found = (VERSION.search(line) for line in lines if not line.startswith("WARNING"))
    return next((match[1] for match in found if match), "")


def wanted_versions(family: Family, asked: str) -> list[str]:
    """What to ask a registry for, best first: those of our own that fit, else exactly the one that is asked for."""
    if not family.official:
        return []
    ours = [version for version in family.versions if fits(family, asked, version)]
    exact = re.fullmatch(r"(===)?v?(\d+(?:\.\d+)*)", asked)
    if ours or not exact:
        return ours
    return [exact[2] if exact[1] else ".".join(map(str, parse(asked)[: family.significant]))]


def fits(family: Family, asked: str, have: str) -> bool:
    return satisfies(asked, have, significant=family.significant)


def may_fit(family: Family, asked: str, known: str) -> bool:
    """Whether it is worth making an image that is known to have `known`, whose patch level one sees only then."""
    exact = re.fullmatch(r"===(\d+(?:\.\d+)*)", asked)
    if exact:
        return parse(exact[1])[: len(parse(known))] == parse(known)
    return not known or fits(family, asked, known) or fits(family, asked, f"{known}.999")


def _docker(argv: Sequence[str], report: Report, seconds: float = 60.0) -> Completed:
    try:
        return run(argv, env=client_env(os.environ), check=report.check, timeout_seconds=seconds)
    except TimedOut as error:
        raise PlatformError("engine:platform:slow", f"The engine did not answer: {error}.") from error


def pull(client: str, reference: str, cache_dir: Path, report: Report) -> bool:
    """Whether the registry gave the image. Silence counts as unreachable, and is remembered for ten minutes."""
    memory = cache_dir / f"registry-unreachable-{parse_image(reference).host}"
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


def host_suite() -> str:
    """The name of this machine's release of its distribution, "" where it says none."""
    return platform.freedesktop_os_release().get("VERSION_CODENAME", "")


def suites() -> tuple[str, ...]:
    """The suites to try; none where the host is not Debian or Ubuntu."""
    suite = host_suite()
    return SUITES.get(suite, (suite,) if suite else ())


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
    parser.add_argument("kind", choices=[*FAMILIES, "static"])
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
