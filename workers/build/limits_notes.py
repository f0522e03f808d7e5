"""Notes on the builds that run on a machine, a file each, named by the process that holds its limits to it.

All installations keep them in one folder, because they share the engine, and those whose builder this is as well. With
nothing but the standard library and its siblings, because a container is given their text. Not in charge of the limits.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from uuid import uuid4

from workers.build.limits_group import OWN, PIDS, quota, remove_over, write
from workers.file_lock import locked

ACTIVE = Path("/run/slipway/builds")


def new_note(folder: Path) -> Path:
    """Not made yet."""
    return folder / f"{os.getpid()}-{uuid4().hex}"


def own_name(note: Path) -> str:
    """Of the control group of the build alone."""
    return f"{OWN}{note.name}"


def write_note(note: Path, memory_bytes: int, cpus: float) -> None:
    note.write_text(json.dumps([memory_bytes, cpus]))


def sum_of(folder: Path) -> tuple[int, float, int]:
    """What the running builds may use together: bytes, CPUs and processes; 0 for no limit."""
    running = [json.loads(note.read_text()) for note in folder.glob("*-*") if _lives(note)]
    memory_bytes, cpus = sum(one[0] for one in running), sum(one[1] for one in running)
    return memory_bytes, quota(cpus), PIDS * len(running)


def enter(note: Path, groups: dict[str, Path], memory_bytes: int, cpus: float) -> None:
    """For who may write the groups."""
    with locked(note.parent / "lock"):
        write_note(note, memory_bytes, cpus)
        write(groups, *sum_of(note.parent))


def leave(note: Path, groups: dict[str, Path]) -> None:
    with locked(note.parent / "lock"):
        note.unlink(missing_ok=True)
        remove_over(groups, note.parent)
        write(groups, *sum_of(note.parent))


def _lives(note: Path) -> bool:
    """Whether the build's process is there; the note of one that was killed is removed."""
    if Path(f"/proc/{note.name.partition('-')[0]}").exists():
        return True
    note.unlink(missing_ok=True)
    return False
