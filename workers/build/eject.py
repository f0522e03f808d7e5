"""The Dockerfile of a plan as files that people own: they build anywhere, with Docker alone. Pure.

Not in charge of whose plan it is, nor of a .dockerignore that the repository has already.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workers.build.cache_marks import unmarked
from workers.build.dockerfile import IGNORED, VARIABLES, dockerfile_for, support_files
from workers.build.eject_notes import head_of, notes_of
from workers.build.outside import OUTSIDE
from workers.build.plan import Plan
from workers.build.public_bases import PublicBase, public_bases
from workers.build.recipes import blocks
from workers.errors import UserError

OURS = ".slipway"  # Where files of ours stand in the repository: hidden, so that no server of static files shows it.
SUPPORT = re.compile(r"--mount=type=secret,id=(\w+),target=([^,]+),mode=0444,required=true")
DIGEST = re.compile(r'; : [0-9a-f]{12}"]$')  # For what is a secret; of a file in the context BuildKit takes its own.
SHELL = ' ["/bin/sh", "-ec", '
# Between commands of the layer that makes the user, and between the lines that it writes: where a line may break.
BREAKS = re.compile(r"(?<=; )(?=(?:mkdir|printf|chown|command|python3) )|(?<=' )(?='(?:export|if) )")


@dataclass(frozen=True)
class Ejected:
    """`files` by path, told from `folder` of the repository ("" is its top), which is the context of the build; `path` is
    the Dockerfile's among them. `notes` are for people: a title, a colon, sentences."""

    folder: str
    path: str
    files: dict[str, str]
    notes: tuple[str, ...]

    @property
    def dockerfile(self) -> str:
        return self.files[self.path]


def ejected(plan: Plan, *, folder: str = "", cache_scope: str = "app", variables: Iterable[str] = ()) -> Ejected:
    """`folder` is the service's root directory, `variables` are names. UserError when there is nothing to give.

    `cache_scope` (letters, digits, `-`) stands in the names of caches, for everybody to read who reads the file.
    """
    _require_own(plan)
    context = "" if plan.within else posixpath.normpath(posixpath.join(folder.strip("/"), plan.root_directory))
    context = "" if context == "." else context
    path = posixpath.join(plan.within, "Dockerfile")
    bases = public_bases(plan)
    text = _owned(plan, bases, cache_scope)
    files = {path: f"{head_of(text, path, bases)}\n{text}", ".dockerignore": _ignored(plan, path)}
    files |= {f"{OURS}/{file.name}": file.read_text() for file in support_files(plan).values()}
    return Ejected(context, path, files, notes_of(plan, context, path, files, sorted(variables)))


def _require_own(plan: Plan) -> None:
    if plan.language == "dockerfile":
        raise UserError(
            "eject:user:own-dockerfile",
            "This service brings its own Dockerfile.",
            hint=f"It is {plan.dockerfile or 'Dockerfile'} in the repository: there is nothing to eject.",
            status=409,
        )
    if plan.language in OUTSIDE:
        raise UserError(
            "eject:user:built-outside",
            f"This service is built by {OUTSIDE[plan.language].title}, without a Dockerfile.",
            hint="Choose Slipway as its builder, and deploy it: then there is one.",
            status=409,
        )
    if not plan.start:
        raise UserError(
            "eject:user:no-web",
            "Nothing of this service serves, and a Dockerfile of its own always does.",
            hint="Give it a start command, or leave its build to Slipway.",
            status=409,
        )


def _owned(plan: Plan, bases: Sequence[PublicBase], cache_scope: str) -> str:
    built, run_on, static = bases
    text = dockerfile_for(plan, built.reference, cache_scope, run_base=run_on.reference, static_base=static.reference)
    stages = [line for base in dict.fromkeys(bases) if f"FROM {base.reference} " in text for line in base.stage]
    files = {name: f"{OURS}/{file.name}" for name, file in support_files(plan).items()}
    return "\n".join(_line(line, files) for line in [*stages, *unmarked(text).split("\n")])


def _line(line: str, files: dict[str, str]) -> str:
    """A RUN with its mounts beneath each other, and files of ours from the context."""
    head, shell, command = line.partition(SHELL)
    if not line.startswith("RUN ") or not shell:
        return line
    mounts = [
        SUPPORT.sub(lambda m: f"--mount=type=bind,source={files[m[1]]},target={m[2]}", one) for one in head.split()[1:]
    ]
    command = BREAKS.sub(r"\\\n        ", command) if blocks.ACCOUNT[0] in command else DIGEST.sub('"]', command)
    return "RUN " + " \\\n    ".join([*mounts, shell.lstrip() + command])


def _ignored(plan: Plan, path: str) -> str:
    kept = [f"!{OURS}"] if support_files(plan) else []
    return "\n".join([*IGNORED, VARIABLES, path, ".dockerignore", *kept, ""])
