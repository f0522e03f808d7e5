"""What a folder is, before anything is made of it: how it would be built alone, and what its compose file makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workers.build.analyze import analyze
from workers.build.compose.plan import ComposePlan
from workers.build.compose.read import read_compose
from workers.build.files import Files
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.errors import UserError


@dataclass(frozen=True)
class Look:
    """`plan` None: `problem` says why. `compose` None: there is no compose file, or `compose_problem` says why."""

    plan: Plan | None
    problem: UserError | None
    compose: ComposePlan | None
    compose_problem: UserError | None

    @property
    def why_nothing(self) -> UserError | None:
        """Why nothing can be made of it; None when something can."""
        return None if self.plan or self.compose else self.compose_problem or self.problem


def look_at(files: Files, settings: BuildSettings, check: Callable[[], None] = lambda: None) -> Look:
    """Raises nothing of what a person can mend: it stands in the answer. `check` may raise when the time is over."""
    plan, problem, compose, compose_problem = None, None, None, None
    try:
        plan = analyze(files, settings)
    except UserError as error:
        problem = error
    check()
    try:
        compose = read_compose(files, settings.variables, check=check)
    except UserError as error:
        compose_problem = error
    return Look(plan, problem, compose, compose_problem)
