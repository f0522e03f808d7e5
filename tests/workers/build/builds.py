"""Builds for tests on the real engine: each one's images carry a random instance and are removed afterwards."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from workers.build.clean import remove_images
from workers.build.image import build_image
from workers.build.job import BuildSettings, BuiltImage, Checkout, Workspace
from workers.build.plan import Plan
from workers.build.secrets import Share
from workers.docker_cli import working_client
from workers.errors import Stopped

MACHINE_CACHE = Path.home() / ".cache" / "slipway"
DOCKERFILE = Plan(language="dockerfile", dockerfile="Dockerfile")


@dataclass
class Lines:
    """A report that keeps what it is told, and can ask to stop `stop_after` seconds from its first line that matches."""

    stop_at: str = ""
    lines: list[str] = field(default_factory=list)
    commands: list[list[str]] = field(default_factory=list)
    stopped_at: float = 0.0

    def line(self, text: str, *, level: str = "out") -> None:
        self.lines.append(text)

    def command(self, argv: Sequence[str]) -> None:
        self.commands.append(list(argv))

    def check(self) -> None:
        if self.stop_at and self.stop_at in self.lines:
            self.stopped_at = self.stopped_at or time.monotonic()
            raise Stopped("cancelled")


@dataclass
class Builder:
    top: Path
    instance: str
    report: Lines = field(default_factory=Lines)
    number: int = 0
    machine_cache: Path = MACHINE_CACHE

    def build(
        self, plan: Plan = DOCKERFILE, settings: BuildSettings | None = None, *, share: Share | None = None
    ) -> BuiltImage:
        """Build the folder `app`, in a scratch folder of its own."""
        self.number += 1
        workspace = Workspace(
            cache=self.top / "cache",
            scratch=self.top / f"scratch-{self.number}",
            labels={"slipway.instance": self.instance},
        )
        checkout = Checkout(self.app, self.app, "a" * 40, "A message", "Alice")
        return build_image(
            checkout,
            plan,
            settings or BuildSettings(),
            workspace,
            self.report,
            share=share,
            machine_cache=self.machine_cache,
        )

    @property
    def app(self) -> Path:
        return self.top / "app"

    def write(self, **files: str) -> None:
        self.app.mkdir(exist_ok=True)
        for name, text in files.items():
            (self.app / name.replace("__", ".")).write_text(text)


@contextmanager
def builder(top: Path) -> Iterator[Builder]:
    made = Builder(top, secrets.token_hex(4))
    try:
        yield made
    finally:
        remove_images(working_client(MACHINE_CACHE), f"slipway.instance={made.instance}", lambda: (), Lines())
