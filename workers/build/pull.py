"""Step pull: an image of a registry, pinned to what its tag names now, becomes one of ours, with our labels.

It is no build: nothing of the image is run or changed. Not in charge of who may read it (the login decides).
"""

from __future__ import annotations

import hashlib
import secrets as random
from collections.abc import Callable
from pathlib import Path

from workers.build.job import BuiltImage, Report, Workspace
from workers.build.labelled import labelled
from workers.build.plan import Origin, Plan
from workers.docker import Engine
from workers.errors import UserError
from workers.file_lock import locked
from workers.git_remote import check_unproxied
from workers.image_reference import HUB, ImageReference, Login

PULLED = "slipway/pulled"
DEFAULT_PORT = 8000


def check_registry(reference: ImageReference, *, allow_private: bool) -> None:
    """UserError when its registry is where none may be, or nowhere. To be called before the engine asks it anything."""
    if reference.host == HUB:
        return
    try:
        check_unproxied(f"https://{reference.host}/", allow_private=allow_private)
    except UserError as error:
        raise UserError(
            "image:user:registry-refused",
            f"{reference.host} is no registry that images can be pulled from: its name is unknown here, or leads where "
            "this installation does not read.",
            hint="Check how the host of the image is spelt, and use a registry with an address of its own.",
            retry=error.retry,
        ) from error


def resolve(reference: ImageReference, login: Login | None, engine: Engine) -> str:
    """The digest that a reference names now. UserError when its registry doesn't tell."""
    return reference.digest or engine.registry_digest(reference.named, login)


def pull_image(
    reference: ImageReference,
    digest: str,
    login: Login | None,
    engine: Engine,
    workspace: Workspace,
    report: Report,
    machine_cache: Path,
) -> tuple[Plan, BuiltImage]:
    """The image in the engine under our labels, and how it is run."""
    report.line(f"{reference.named} is {digest}")
    source = fetch(reference, digest, login, engine, report.check, machine_cache)
    try:
        labels = workspace.labels | {
            "org.opencontainers.image.base.name": reference.named,
            "org.opencontainers.image.base.digest": digest,
        }
        image = labelled(source, labels, workspace.scratch / "pull", report, machine_cache)
    finally:
        engine.remove_image(source)
    return image_plan(reference, engine.image(image.digest)["Config"]), image


def fetch(
    reference: ImageReference,
    digest: str,
    login: Login | None,
    engine: Engine,
    check: Callable[[], None],
    machine_cache: Path,
) -> str:
    """A name in the engine that is this pull's alone. What the pull itself named is let go of again.

    One at a time for each repository, or one would let go of what another has just pulled.
    """
    pinned, tag = reference.at(digest), random.token_hex(8)
    lock = f"pull-{hashlib.sha256(reference.repository.encode()).hexdigest()[:16]}.lock"
    with locked(machine_cache / lock, check):
        was_there = engine.has_image(pinned)
        try:
            engine.pull(pinned, login, check)
            _refuse_triggers(reference, engine.image(pinned)["Config"])
            engine.tag(pinned, PULLED, tag)
        finally:
            if not was_there:
                engine.remove_image(pinned)
    return f"{PULLED}:{tag}"


def _refuse_triggers(reference: ImageReference, config: dict[str, object]) -> None:
    """Our labels are put on by a build, without a build's limits: it must not run anything."""
    if config.get("OnBuild"):
        raise UserError(
            "image:user:onbuild",
            f"{reference.named} is made to build others on: it has ONBUILD commands, which are not run here.",
            hint="Deploy a repository whose Dockerfile begins with FROM this image, or an image that was built so.",
        )


def image_plan(reference: ImageReference, config: dict[str, object]) -> Plan:
    """`config` is the image's own. The smallest TCP port that it exposes is where the app listens."""
    exposed = config.get("ExposedPorts") or {}
    assert isinstance(exposed, dict)
    ports = sorted(int(port.partition("/")[0]) for port in exposed if port.endswith("/tcp"))
    if ports:
        port = Origin("image", "because the image exposes it" + (", the smallest of several" if ports[1:] else ""))
    else:
        port = Origin("default", "because the image exposes none")
    number = ports[0] if ports else DEFAULT_PORT
    return Plan(
        "image",
        port=number,
        reasons=(f"image: {reference.named}, pulled and not built", f"port: {number}, {port.detail}"),
        origins={"start": Origin("image", "the image's own"), "port": port},
    )
