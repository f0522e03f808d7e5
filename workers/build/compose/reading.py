"""What the parts of one compose service share while it is read: where it stands, and what is found on the way."""

from __future__ import annotations

from dataclasses import dataclass, field

from workers.build.compose.env_files import EnvFiles
from workers.build.compose.plan import Finding
from workers.build.compose.tree import Tree
from workers.build.compose.values import Values


@dataclass
class Reading:
    """`folder` is where the compose file stands, from the repository's top; `top` is the whole file."""

    name: str
    file: str
    folder: str
    env_files: EnvFiles
    top: Tree
    values: Values
    findings: list[Finding] = field(default_factory=list)

    def ignore(self, key: str, line: int, why: str) -> None:
        self.findings.append(Finding("ignored", self.name, key, self.file, line, why))

    def refuse(self, key: str, line: int, why: str) -> None:
        self.findings.append(Finding("refused", self.name, key, self.file, line, why))

    @property
    def is_refused(self) -> bool:
        return any(one.kind == "refused" for one in self.findings)
