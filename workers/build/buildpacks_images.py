"""The images of a build by buildpacks: the builder, what its apps run on, and the lifecycle. Pulled here: pack pulls none.

Whoever names one decides what it may be. An operator's may be one that only this host has. What a service names, and what
the labels of that builder name, is looked at first and comes from its registry anew, by nobody's login: an image that the
engine has already may be another team's. Not in charge of what they do.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workers.build.images import inspected
from workers.build.job import Report
from workers.docker_cli import anonymous, client_env, pull_argv
from workers.errors import UserError
from workers.image_reference import ImageReference, parse_image
from workers.process import run

METADATA = "io.buildpacks.builder.metadata"
PULL_SECONDS = 900.0
Look = Callable[[ImageReference], None]


@dataclass(frozen=True)
class Images:
    """Names under which the engine has them."""

    builder: str
    run: str
    lifecycle: str


def images_of(client: str, builder: str, lifecycle: str, look: Look | None, config: Path, report: Report) -> Images:
    """`look` raises for a registry where none may be; None where an operator named the builder. `config` is made."""
    env = anonymous(client_env(os.environ), config)
    name = _pulled(client, builder, look, env, report, "builder image")
    told = inspected(name)[name]
    run_image = run_image_of((told.get("Config") or {}).get("Labels") or {})
    return Images(
        pinned(name, told.get("RepoDigests") or []),
        _pulled(client, run_image, look, env, report, "run image"),
        _pulled(client, lifecycle, None, env, report, "lifecycle"),
    )


def run_image_of(labels: Mapping[str, str]) -> str:
    """The one that a builder's labels name first. UserError where they name none."""
    try:
        told = json.loads(labels.get(METADATA, ""))
        found = [*(told.get("images") or []), told["stack"]["runImage"]][0]["image"]
        return parse_image(str(found)).named
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, UserError) as error:
        raise UserError(
            "build:user:no-run-image",
            "The builder image does not say on which image its apps run.",
            hint="Name an image that is a builder of Cloud Native Buildpacks in the service's settings.",
        ) from error


def pinned(name: str, digests: Sequence[str]) -> str:
    """By its digest, which is none of the names that pack trusts: it runs all phases of those with the engine's socket."""
    return next(iter(digests), name)


def _pulled(client: str, image: str, look: Look | None, env: Mapping[str, str], report: Report, what: str) -> str:
    reference = parse_image(image)
    if look is not None:
        look(reference)
    name = reference.named
    argv = pull_argv(client, name)
    report.command(argv)
    pulled = run(argv, env=dict(env), check=report.check, timeout_seconds=PULL_SECONDS)
    if pulled.returncode and (look is not None or not inspected(name)):
        raise UserError(
            "build:user:no-builder-image",
            f"The {what} {image[:200]} cannot be pulled{'' if look else ', and is not on this host'}.",
            hint="Correct the builder image in the service's settings, or choose another builder. "
            f"{' '.join(pulled.tail[-1:])[:300]}",
        )
    digests = inspected(name)[name].get("RepoDigests") or []
    report.line(f"{what}: {name} ({str([*digests, 'made on this host'][0]).rpartition('@')[2]})")
    return name
