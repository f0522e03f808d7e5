"""What a service keeps of its compose file beyond its settings: how it runs, and who is waited for. JSON-ready."""

from __future__ import annotations

from dataclasses import dataclass, field

from workers.build.compose.plan import ComposeService


@dataclass(frozen=True)
class Run:
    """As `ComposeService` has it. `name` stays the one by which siblings reach it, whatever it is called later."""

    name: str
    file: str
    line: int
    is_public: bool
    command: list[str] | None = None
    entrypoint: list[str] | None = None
    user: str = ""
    health_command: list[str] | None = None
    depends_on: list[str] = field(default_factory=list)
    build_args: dict[str, str] = field(default_factory=dict)
    target: str = ""

    @property
    def place(self) -> str:
        return f"{self.file}, line {self.line}"


def run_of(one: ComposeService) -> Run:
    return Run(
        name=one.name,
        file=one.file,
        line=one.line,
        is_public=one.is_public,
        command=one.command,
        entrypoint=one.entrypoint,
        user=one.user,
        health_command=one.health_command,
        depends_on=one.depends_on,
        build_args=one.build_args,
        target=one.target,
    )
