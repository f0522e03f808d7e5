"""What the agent keeps on disk: the newest document and what it remembers of each service. Owner-readable only.

Not in charge of log positions (`workers.agent.positions`).
"""

from __future__ import annotations

import json
import os
import sys
import threading
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from workers.desired import Document, StepName


@dataclass(frozen=True)
class Attempt:
    """One deployment's try, as the document named it."""

    deployment: str
    fence: int


@dataclass(frozen=True)
class Memory:
    """What is known of a service. `error` is why `failed` failed; `observed` is None while the window is open."""

    live: Attempt | None = None
    release: str = ""
    switched_at: float = 0.0
    observed: bool | None = None
    observed_error: dict[str, Any] | None = None
    failed: Attempt | None = None
    failed_step: StepName = "start"
    error: dict[str, Any] | None = None
    released: Attempt | None = None  # Its release command has run.

    @classmethod
    def load(cls, raw: dict[str, Any]) -> Memory:
        attempts = {name: Attempt(**raw[name]) for name in ("live", "failed", "released") if raw.get(name)}
        return cls(**{**raw, **attempts})


@dataclass
class Store:
    folder: Path
    _memories: dict[str, Memory] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        path = self.folder / "state.json"
        try:
            raw = json.loads(path.read_text())
            self._memories = {service: Memory.load(memory) for service, memory in raw.items()}
        except FileNotFoundError:
            return
        except (ValueError, TypeError) as error:
            set_aside(path, error)

    def document(self) -> Document | None:
        """The newest document that was ever seen."""
        path = self.folder / "document.json"
        try:
            return Document.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            set_aside(path, error)
            return None

    def keep_document(self, document: Document) -> None:
        write_private(self.folder / "document.json", document.model_dump_json().encode())

    def memory(self, service: str) -> Memory:
        """`service` is a `Service.key`, here and below."""
        return self._memories.get(service, Memory())

    def remember(self, service: str, **changes: Any) -> Memory:
        """On disk when it returns."""
        with self._lock:
            memory = replace(self.memory(service), **changes)
            self._keep({**self._memories, service: memory})
        return memory

    def forget(self, service: str) -> None:
        with self._lock:
            if service in self._memories:
                self._keep({key: memory for key, memory in self._memories.items() if key != service})

    def rename(self, old: str, new: str) -> None:
        """Does nothing when something is remembered of `new` already."""
        with self._lock:
            if old in self._memories and new not in self._memories:
                self._keep({new if key == old else key: memory for key, memory in self._memories.items()})

    def services(self) -> set[str]:
        """The keys of services of which something is remembered."""
        return set(self._memories)

    def _keep(self, memories: dict[str, Memory]) -> None:
        """On disk first: what could not be written is not remembered, and is tried again."""
        raw = {service: asdict(memory) for service, memory in memories.items()}
        write_private(self.folder / "state.json", json.dumps(raw).encode())
        self._memories = memories


def set_aside(path: Path, error: Exception) -> None:
    """Torn, or of another version: the control plane's next document and the engine's labels tell the same."""
    print(f"{path.name} is not understood and is set aside: {error}", file=sys.stderr, flush=True)
    path.replace(path.with_name(f"{path.name}.broken"))


def write_private(path: Path, content: bytes) -> None:
    """Whole or not at all, mode 0600."""
    draft = path.with_name(f"{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # Else the name may outlive a power cut, and the content not.
    draft.replace(path)
