"""What the engine tells of what it holds, in records. Not in charge of asking (`workers.docker`)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Container:
    """One line of the engine's list. `state` is the engine's word: created, running, restarting, exited, dead."""

    id: str
    name: str
    state: str
    labels: dict[str, str]
    created: int = 0

    def label(self, name: str) -> str:
        """The value of `slipway.<name>`, or ""."""
        return self.labels.get(f"slipway.{name}", "")


@dataclass(frozen=True)
class Network:
    id: str
    name: str
    subnets: tuple[str, ...]
    labels: dict[str, str]


@dataclass(frozen=True)
class Event:
    """Something happened to a container of ours. `exit_code` only with `die`."""

    action: str
    container: str
    service: str
    exit_code: int | None
