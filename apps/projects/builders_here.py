"""Which builders a service can be given: those whose commands are on this host."""

from __future__ import annotations

from django.conf import settings

from apps.projects.models import BUILDERS
from workers.build.outside import OUTSIDE
from workers.build.supply.tool import find


def lacking() -> dict[str, str]:
    """Builder -> the command that is not here."""
    told = {"railpack": settings.SLIPWAY.railpack, "buildpacks": settings.SLIPWAY.pack}
    names = {name: told[name] or one.command for name, one in OUTSIDE.items()}
    return {name: command for name, command in names.items() if find(command) is None}


def offered(chosen: str) -> list[tuple[str, str]]:
    """Choices of a form. What is chosen stays, also where its command went meanwhile."""
    gone = lacking()
    here = [(name, title) for name, title in BUILDERS if name not in gone]
    return [
        *here,
        *((name, f"{OUTSIDE[name].title} ({gone[name]} is not on this host)") for name in gone if name == chosen),
    ]


def help_on_lacking() -> str:
    gone = lacking()
    told = " and ".join(f"{OUTSIDE[name].title} ({command})" for name, command in gone.items())
    return f"Not on this host: {told}." if told else ""
