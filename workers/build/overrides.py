"""What is told over the analysis, and by whom: the service's settings, then slipway.toml, then RAILPACK_* and NIXPACKS_*.

The nearer to the person who deploys, the stronger: a service's setting can mend what a repository says of itself, and
what was written for Slipway wins over what was written for another tool. Packages add up instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from workers.build import foreign
from workers.build.files import Files, FilesBeneath
from workers.build.job import BuildSettings
from workers.build.outside import OUTSIDE
from workers.build.plan import Origin
from workers.build.slipway_toml import SlipwayToml, place, read_slipway_toml

NAMES = tuple(name for name in SlipwayToml.model_fields if name != "packages")
# A start command and a folder of static files replace each other: whoever tells one leaves no room for a weaker other.
EXCLUSIVE = {"start_command": "static_dir", "static_dir": "start_command"}
SERVICE = Origin("service", "set in the service's settings")


@dataclass(frozen=True)
class Overrides:
    """`settings` as they are in the end, `origins` by the setting's name, and the folder that they hold for."""

    settings: BuildSettings
    files: Files
    origins: dict[str, Origin] = field(default_factory=dict)
    packages: tuple[tuple[str, Origin], ...] = ()


def overrides_of(files: Files, settings: BuildSettings) -> Overrides:
    """Raises `UserError` for a mistake in slipway.toml or in a variable, and for a root directory that is not there."""
    found, lines = read_slipway_toml(files)
    builder = settings.builder or found.builder
    foreign_ones = {} if builder in OUTSIDE else foreign.settings_in(settings.variables)  # Railpack reads its own.
    layers: list[dict[str, tuple[Any, Origin]]] = [
        {name: (getattr(settings, name), SERVICE) for name in NAMES if getattr(settings, name)},
        {name: (getattr(found, name), _of_file(lines, name)) for name in NAMES if getattr(found, name)},
        {name: (value, _of_variable(by)) for name, (value, by) in foreign_ones.items()},
    ]
    told: dict[str, tuple[Any, Origin]] = {}
    for layer in layers:
        taken = set(told)
        told |= {name: one for name, one in layer.items() if name not in taken and EXCLUSIVE.get(name) not in taken}
    values = {name: value for name, (value, _) in told.items()}
    root = "" if settings.root_directory else found.root_directory
    return Overrides(
        replace(settings, **values),
        FilesBeneath(files, root) if root else files,
        {name: origin for name, (_, origin) in told.items()},
        (
            *((name, SERVICE) for name in settings.packages),
            *((name, _of_file(lines, "packages")) for name in found.packages),
        ),
    )


def _of_file(lines: dict[str, int], name: str) -> Origin:
    return Origin("file", f"set in {place(lines.get(name, 0))}")


def _of_variable(name: str) -> Origin:
    return Origin("variable", f"set by {name}")
