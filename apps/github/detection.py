"""What a repository at GitHub is and how it would be built, told from a few of its files: nothing is cloned.

Not in charge of who may look: the caller chose the repository by the person's own token (`choices`), and reads with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.github.choices import Choice
from apps.github.client import Client
from apps.github.contents import Contents, Head, TooMuch
from workers.build.git_tree import root_choices
from workers.build.job import BuildSettings
from workers.build.look import Look, look_at
from workers.errors import UserError


@dataclass(frozen=True)
class Detected:
    """`look` None, or one with nothing: `problem` says why. `head` None: there is no such branch. `roots` are the folders
    that could be deployed, "" for the top; `branches` are named from the default one on."""

    branch: str
    head: Head | None = None
    look: Look | None = None
    problem: UserError | None = None
    roots: list[str] = field(default_factory=list)
    branches: list[str] = field(default_factory=list)


def detect_at_github(
    client: Client, choice: Choice, build: BuildSettings, *, branch: str = "", root_directory: str = ""
) -> Detected:
    """As the client may see it. A branch that is not there and an empty repository are problems too."""
    contents = Contents(client, choice.full_name)
    branch = branch or choice.default_branch
    names = sorted(contents.branches(), key=lambda name: (name != choice.default_branch, name))
    try:
        head = contents.head(branch)
    except UserError as error:
        return Detected(branch, problem=error, branches=names)
    entries = contents.entries(head.tree)
    roots = root_choices(entries)
    try:
        look = look_at(contents.files(entries, root_directory), build)
    except UserError as error:
        return Detected(branch, head, problem=error, roots=roots, branches=names)
    too_much = next((e for e in (look.problem, look.compose_problem) if isinstance(e, TooMuch)), None)
    return Detected(branch, head, look, too_much or look.why_nothing or look.problem, roots, names)
