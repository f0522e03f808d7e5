"""What the parts of one service share while it is read: where it stands, and what is found on the way."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field

from workers.build.compose.env_files import EnvFiles
from workers.build.compose.plan import Finding
from workers.build.compose.tree import Tree
from workers.build.compose.values import Values


@dataclass
class Reading:
    """`folder` is where the compose file stands, from the repository's top; `top` is all that it says, with what it
    includes. `needs` are variables without which the service cannot be used."""

    name: str
    folder: str
    env_files: EnvFiles
    top: Tree
    values: Values
    findings: list[Finding] = field(default_factory=list)
    needs: set[str] = field(default_factory=set)

    def ignore(self, key: str, at: Tree, why: str) -> None:
        self.findings.append(Finding("ignored", self.name, key, at.file, at.line, why))

    def refuse(self, key: str, at: Tree, why: str) -> None:
        self.findings.append(Finding("refused", self.name, key, at.file, at.line, why))

    def path(self, told: str) -> str:
        """From the repository's top; one that begins with `..` is outside of it."""
        return posixpath.normpath(posixpath.join(self.folder, told))

    @property
    def is_refused(self) -> bool:
        return any(one.kind == "refused" for one in self.findings)
