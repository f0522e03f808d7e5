"""What a team has: projects, their environments and services, and the variables, domains and volumes of those."""

from __future__ import annotations

from typing import Any

from django.db import models

from apps.accounts.access import Actor
from apps.projects.models.belongings import Domain, Registry, Volume
from apps.projects.models.project import NEAREST, Environment, EnvironmentKind, Project
from apps.projects.models.service import BUILDERS, Service
from apps.projects.models.variable import Variable
from apps.projects.setting_checks import check_globs, check_image, check_packages, finite  # Migrations name them so.

__all__ = [
    "BUILDERS",
    "NEAREST",
    "Domain",
    "Environment",
    "EnvironmentKind",
    "Project",
    "Registry",
    "Service",
    "Variable",
    "Volume",
    "check_globs",
    "check_image",
    "check_packages",
    "finite",
    "scoped",
]


def scoped(model: type[Any], actor: Actor, through: str) -> models.QuerySet[Any]:
    """Rows of `model` whose team, reached by `through` (`project__team`), is one of the actor's."""
    return model._default_manager.filter(**{f"{through}__in": actor.teams})  # type: ignore[no-any-return]
