"""Builders beside Dockerfiles of our own: commands that may be on this host. Not in charge of how one is run."""

from __future__ import annotations

from dataclasses import dataclass

from workers.build.builder import far_builder
from workers.build.supply.tool import find
from workers.errors import PlatformError, UserError

OWN = "slipway"


@dataclass(frozen=True)
class Outside:
    """`setting` names the program where it is not on the PATH under its own name."""

    title: str
    command: str
    setting: str
    home: str


OUTSIDE = {
    "railpack": Outside("Railpack", "railpack", "SLIPWAY_RAILPACK", "https://railpack.com"),
    "buildpacks": Outside("Cloud Native Buildpacks", "pack", "SLIPWAY_PACK", "https://buildpacks.io"),
}


def builds_itself(language: str) -> bool:
    """Whether people tell only what is run: the rest is said by a Dockerfile or found out by a builder."""
    return language == "dockerfile" or language in OUTSIDE


def who_builds(language: str) -> str:
    return OUTSIDE[language].title if language in OUTSIDE else "the Dockerfile"


def required(name: str, told: str) -> str:
    """The program of a builder; `told` is what its setting says. UserError when it is not on this host."""
    one = OUTSIDE[name]
    program = find(one.command, told)
    if program is None:
        raise UserError(
            "build:user:no-builder",
            f"This service is built by {one.title}, and the command {told or one.command} is not on this host.",
            hint=f"An operator installs it ({one.home}) or names it in {one.setting}; or choose another builder in the "
            "service's settings.",
        )
    return program


def require_near(name: str) -> None:
    """PlatformError where builds run on another machine's engine: a builder's programs and sockets are of this one."""
    if far := far_builder():
        raise PlatformError(
            "build:platform:builder-elsewhere",
            f"{OUTSIDE[name].title} can use this host's own engine only, and builds run at {far}.",
            hint="Choose another builder in the service's settings.",
            retry=False,
        )
