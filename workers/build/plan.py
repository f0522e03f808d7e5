"""What an analysis found: how to build and start a folder, and why. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Origin:
    """Where a value of a plan came from. `kind` is service, file, variable, procfile, dockerfile, image, detected or
    default: `file` is slipway.toml. `detail` is for people: "`web` in the Procfile"."""

    kind: str
    detail: str


@dataclass(frozen=True)
class Plan:
    """How a folder is built and started.

    `language` is one of the module names of `workers.build.languages`, `dockerfile`, or one of `workers.build.outside`,
    whom `builder` names too then, with a `builder_image` where it has one. `version` is the language's,
    as the repository asks for it ("" when it does not); `run_version` is what it runs on where that may be another one
    than what builds it. Commands are shell lines that run inside the container only;
    "" means none. `processes` maps process types of a Procfile to shell lines; `web` repeats `start`, and is absent
    when a Dockerfile's own command starts the app. `port` is what the app is told in `PORT`. `static_dir` is the folder
    that the bundled static server serves ("" when an own server runs). `reasons` has one sentence for each choice, for
    people; `origins` says of each value, by its name here, where it came from. `root_directory` is the folder beneath the
    one that was looked at which the repository itself names. `dependency_files` are all that `install` reads (none means
    the whole folder), so that a change of source alone installs nothing; `install_project` is the part of the install
    that needs the source.
    `within` is the service's folder where the whole repository is installed and built, "" for a folder that stands
    alone; commands run in it, and files and folders are told from it, but `dependency_files` from the repository's top.
    `keeps` is the only folder that `start` needs of what was built, "" when that is not known.
    `package_manager_version` "" means any. `system_packages` are the distribution's, there when it is built and when it
    runs; `build_packages` are there for the build alone.
    """

    language: str
    framework: str = ""
    version: str = ""
    run_version: str = ""
    package_manager: str = ""
    package_manager_version: str = ""
    install: str = ""
    install_project: str = ""
    dependency_files: tuple[str, ...] = ()
    build: str = ""
    start: str = ""
    release: str = ""
    processes: dict[str, str] = field(default_factory=dict)
    port: int = 8000
    static_dir: str = ""
    dockerfile: str = ""
    root_directory: str = ""
    within: str = ""
    keeps: str = ""
    system_packages: tuple[str, ...] = ()
    build_packages: tuple[str, ...] = ()
    suggested_variables: dict[str, str] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    origins: dict[str, Origin] = field(default_factory=dict)
    builder: str = ""
    builder_image: str = ""

    def as_dict(self) -> dict[str, object]:
        """JSON-ready: tuples as lists."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Plan:
        """As `as_dict` told it, perhaps before all of today's values were there."""
        known: dict[str, Any] = {one.name: told[one.name] for one in fields(cls) if one.name in told}
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in known.items()}
        return cls(**values | {"origins": {name: Origin(**one) for name, one in known.get("origins", {}).items()}})
