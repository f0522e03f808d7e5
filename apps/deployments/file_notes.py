"""What people are told of a compose file that changed: each note with its line, and without a value of a variable. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from apps.deployments.said import Said
from apps.projects.models import Service
from workers.build.compose.plan import ComposeService
from workers.build.compose.run import Run
from workers.build.shell_line import line_of

Kind = Literal["changed", "kept", "told", "new", "gone"]
LABELS = {
    "port": "port", "replicas": "instances", "memory_mb": "memory", "cpus": "CPUs", "pids": "processes at most",
    "health_path": "health path", "health_deadline_seconds": "health deadline", "image": "image",
    "root_directory": "build context", "dockerfile": "Dockerfile", "command": "command", "entrypoint": "entrypoint",
    "user": "user", "health_command": "health check", "depends_on": "depends_on", "build_args": "build arguments",
    "target": "build target",
}  # fmt: skip
UNITS = {"memory_mb": " MB", "health_deadline_seconds": " s"}
LONGEST = 200
RUN = ("command", "entrypoint", "user", "health_command", "depends_on", "build_args", "target")


@dataclass(frozen=True)
class Note:
    """What came of a change of the file: `changed` with this release, `kept` because a person set another value, `told`
    because it is for a person to do; a service that is `new` in it, or `gone` from it."""

    kind: Kind
    file: str
    line: int
    text: str

    @property
    def words(self) -> str:
        return f"{self.file}, line {self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


class Telling:
    """The notes of one service, each with the line at which the file has it."""

    def __init__(self, run: Run, service: Service) -> None:
        self.run, self.service = run, service
        self.notes: list[Note] = []

    def _note(self, kind: Kind, text: str) -> None:
        self.notes.append(Note(kind, self.run.file, self.run.line, text))

    def of_settings(
        self, settings: dict[str, Any], taken: dict[str, Any], kept: list[str], said: dict[str, Any]
    ) -> None:
        for name, value in taken.items():
            self._note("changed", f"{LABELS[name]}: {_shown(value, name)}, was {_shown(settings[name], name)}.")
        for name in kept:
            here, there = _shown(settings[name], name), _shown(said[name], name)
            self._note("kept", f"{LABELS[name]}: {there} in the file; {here} stays, as it was set here.")

    def of_run(self, ran: Run) -> None:
        wins = {"command": self.service.start_command, "health_command": self.service.health_path}
        for name in RUN:
            old, new = getattr(ran, name), getattr(self.run, name)
            if old != new and wins.get(name):
                text = f"{_shown(new, name)} in the file; {_shown(wins[name])} stays, as it was set here."
                self._note("kept", f"{LABELS[name]}: {text}")
            elif old != new:
                self._note("changed", f"{LABELS[name]}: {_shown(new, name)}, was {_shown(old, name)}.")

    def of_variables(self, before: Said, now: Said, values: dict[str, str], kept: list[str]) -> None:
        """Names only: a value may be secret."""
        gone = sorted(before.environment.keys() - now.environment.keys())
        for names, kind, what in (
            (sorted(values), "changed", "as in the file now"),
            (kept, "kept", "changed in the file; what was set here stays"),
            (gone, "told", "no longer in the file; they stay until you delete them"),
        ):
            if names:
                self._note(kind, f"variables {', '.join(names)}: {what}.")  # type: ignore[arg-type]

    def of_the_rest(self, before: Said, now: Said, fresh: dict[str, str]) -> None:
        for path, name in fresh.items():
            self._note("changed", f"volume: {name} at {path}.")
        for path, name in before.volumes.items():
            if now.volumes.get(path) != name:
                self._note("told", f"volume: {name} is no longer at {path} in the file. Here it stays, with its data.")
        if ("image" in before.settings) != ("image" in now.settings):
            self._note(
                "told", "it is built there in place of an image, or the other way round. Set its source on its page."
            )
        if now.is_public and not before.is_public:
            self._note("told", "ports: it is published in the file now. Give it a domain for that.")
        if before.is_public and not now.is_public:
            self._note("told", "ports: it is no longer published in the file. Its domains stay until you remove them.")


def neighbours(
    before: Said, now: Said, own: str, here: set[str], there: Mapping[str, ComposeService], file: str
) -> list[Note]:
    """Services that came into the file or went from it. `here` are those that are made, `there` all that it has."""
    new = sorted(set(now.names) - set(before.names) - here)
    gone = sorted((set(before.names) - there.keys() - {own}) & here)
    notes = [Note("new", one.file, one.line, f"{one.name} is new, and not made yet. Read the file again to add it.")
             for one in map(there.__getitem__, new)]  # fmt: skip
    return notes + [Note("gone", file, 0, f"{name} is no longer in the file. It stays as it is until you delete it.")
                    for name in gone]  # fmt: skip


def _shown(value: Any, name: str = "") -> str:
    text = "the image's own" if name == "entrypoint" and value is None else _text(value)
    return f"{text[:LONGEST]}…" if len(text) > LONGEST else text + UNITS.get(name, "")


def _text(value: Any) -> str:
    if isinstance(value, list):
        return line_of(value) or "none"
    if isinstance(value, dict):
        return " ".join(f"{name}={one}" for name, one in value.items()) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if value not in (None, "") else "none"
