"""Sends an image to the installation's registry, where the hosts that run it get it from. Not in charge of which one."""

from __future__ import annotations

from workers.build.job import Report
from workers.docker import Engine
from workers.errors import SlipwayError
from workers.image_reference import Login, parse_image

BUILT = "slipway/build:"


def registry_of(place: str) -> str:
    """The host of `registry.example.com/slipway`."""
    return parse_image(f"{place}/app").host


def push_image(image: str, repository: str, tag: str, login: Login | None, engine: Engine, report: Report) -> str:
    """The reference by digest under which it is there. PlatformError `push:platform:...`."""
    name = f"{repository}:{tag}"
    engine.tag(image, repository, tag)
    report.command(["docker", "push", name])
    try:
        digest = engine.push(name, login, report.check)
    except BaseException:
        engine.remove_image(name)
        raise
    # The engine removes an image by its id only while all its names are of one repository.
    for other in engine.image(image)["RepoTags"]:
        if other.startswith(BUILT):
            engine.remove_image(other)
    return f"{repository}@{digest}"


def is_there(reference: str, login: Login | None, engine: Engine) -> bool:
    """Whether the registry still has what was pushed."""
    try:
        return engine.registry_digest(reference, login) == reference.rpartition("@")[2]
    except SlipwayError:
        return False
