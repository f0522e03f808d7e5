"""What a builder from outside made becomes one of our images: with our labels, and a start command that can be replaced.

A start command, a release command and further processes of ours are given to the image as its command. Railpack's stand
behind a shell, those of buildpacks in a program of their own: both would take ours for arguments.
"""

from __future__ import annotations

import json
import re
import secrets as random
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workers.build.image_labels import labels_for
from workers.build.job import BuildSettings, BuiltImage, Checkout, Report, Workspace
from workers.build.labelled import labelled
from workers.build.outside import OUTSIDE
from workers.build.plan import Origin, Plan
from workers.build.plan_origins import said
from workers.docker import Engine
from workers.errors import UserError

LAUNCHER = "/cnb/lifecycle/launcher"  # Sets what the layers of buildpacks say of PATH and the like, then runs the rest.
NO_TEXT = re.compile("[\0\ud800-\udfff]")  # Nothing further on can keep these.
METADATA = "io.buildpacks.build.metadata"


@dataclass(frozen=True)
class Start:
    """`before` is what every command of the image is run by, `command` the one that starts it, `line` as people read it."""

    before: tuple[str, ...]
    command: tuple[str, ...]
    line: str
    folder: str = ""

    def instructions(self) -> list[str]:
        found = [f"WORKDIR {json.dumps(self.folder)}"] if self.folder else []
        return [*found, f"ENTRYPOINT {json.dumps(self.before)}", f"CMD {json.dumps(self.command)}"]


def start_of(config: Mapping[str, Any]) -> Start:
    """`config` is the image's own. UserError for what cannot be understood: a builder image may write anything."""
    try:
        found = _told_by(config)
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise _strange() from error
    if NO_TEXT.search(f"{found.line}{found.folder}"):
        raise _strange()
    return found


def _strange() -> UserError:
    return UserError(
        "build:user:strange-image",
        "The image was built, but how it is started is told in no way that is known here.",
        hint="Set a start command that is plain text, or choose another builder in the service's settings.",
    )


def _told_by(config: Mapping[str, Any]) -> Start:
    label = (config.get("Labels") or {}).get(METADATA)
    if label:
        return _start_of_buildpacks(json.loads(label))
    command = (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ()))
    return Start((), command, command[2] if command[1:2] == ("-c",) and command[2:] else shlex.join(command))


def _start_of_buildpacks(told: Mapping[str, Any]) -> Start:
    default = told.get("buildpack-default-process-type") or "web"
    known = [one for one in told.get("processes") or () if one["type"] == default]
    if not known:
        return Start((LAUNCHER, "--"), (), "")
    process = known[0]
    command = process["command"] if isinstance(process["command"], list) else [process["command"]]
    command = [*command, *(process.get("args") or ())]
    if not process.get("direct"):
        command = ["bash", "-c", " ".join(command)]
    line = command[2] if command[:2] == ["bash", "-c"] and command[2:] else shlex.join(command)
    return Start((LAUNCHER, "--"), tuple(command), line, process.get("working-dir") or "")


def finished(
    source: str, checkout: Checkout, settings: BuildSettings, workspace: Workspace, report: Report, shared: Path
) -> BuiltImage:
    """`source` is a name of the image, and goes. UserError when nothing says how it is started."""
    engine = Engine("")
    try:
        config = engine.image(source)["Config"]
        start = start_of(config)
        _check(config, start, settings)
        labels = labels_for(checkout, workspace)
        folder = workspace.scratch / f"finish-{random.token_hex(4)}"
        image = labelled(source, labels, folder, report, shared, instructions=start.instructions())
    finally:
        engine.remove_image(source)
    if start.line:
        report.line(f"start command: {start.line}")
    return replace(image, start=start.line)


def with_start(plan: Plan, line: str) -> Plan:
    """The plan of what was built, with the command that the builder found where nobody told another."""
    if plan.start:
        return plan
    return said(plan, "start", Origin("image", f"`{line}`, found by {OUTSIDE[plan.language].title}"))


def _check(config: Mapping[str, Any], start: Start, settings: BuildSettings) -> None:
    if config.get("OnBuild"):  # It would run when our labels are put on, without a build's limits.
        raise UserError(
            "image:user:onbuild",
            "What was built has ONBUILD commands of its base image, which are not run here.",
            hint="Choose a builder whose run image has none.",
        )
    if not start.command and not settings.start_command:
        raise UserError(
            "build:user:no-start-command",
            "The image was built, but nothing says how to start it.",
            hint="Add a Procfile with a line such as `web: <command>`, or set the start command in the service's settings.",
        )
