"""RUN containers that their engine gives no group in common, and how they come into the one that has the limits.

With the cgroup driver systemd an engine tells BuildKit the parent `<slice>:docker:`, and BuildKit's runc, which knows of
no systemd there, takes that and an id for a group's name (`newCgroupParent` of moby's dockerd, `GenerateSpec` of BuildKit).
Engines since 23 go by the client's `--cgroup-parent` instead, which makes no strays; older ones do not look at it. There
nothing says which build a container is of but a mark in its environment, which the client's proxy settings bring there.
Whoever wipes that within the first 20 ms is not known, and has no limit but that of all builds together.

One file with nothing but the standard library, because a container is given its text to run where we may not move
processes. Not in charge of what the limits are. What a step takes within the first 20 ms is not counted.
"""

from __future__ import annotations

import errno
import json
import os
import re
import select
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

STRAY = ".slice:docker:"
MARK = re.compile(rb"slipway-\d{1,10}-[0-9a-f]{32}")
POLL_SECONDS = 0.02
ROUNDS = 20  # For what is forked while it is moved; the next poll finds the rest.
BEGUN = "gathering"

Groups = dict[str, Path]  # By controller.


def homes_of(cgroups: Path, proc: Path = Path("/proc")) -> list[Groups]:
    """For each engine of this machine: where runc makes a group that it is told a name for and no place.

    That is within its caller's group, with cgroup v2 beside it (`initPaths` and `defaultDirPath` of runc's libcontainer).
    """
    is_v1 = not (cgroups / "cgroup.controllers").exists()
    told = [_told(folder / "cgroup") for folder in proc.glob("[0-9]*") if _is_engine(folder)]
    if is_v1:
        return [{name: cgroups / name / own.lstrip("/") for name, own in one.items() if name} for one in told if one]
    return [{"memory": (cgroups / one[""].lstrip("/")).parent if one[""] != "/" else cgroups} for one in told if one]


def _told(file: Path) -> dict[str, str]:
    """The groups of a process by controller; that of cgroup v2 has no name. {} when the process has ended."""
    try:
        lines = [line.split(":", 2) for line in file.read_text().splitlines()]
    except OSError:
        return {}
    return {name: own for _, names, own in lines for name in names.split(",") if name in ("memory", "cpu", "pids", "")}


def _is_engine(folder: Path) -> bool:
    """One of ours: that of a container is numbered there, too, and has builds of its own."""
    try:
        if (folder / "comm").read_text().strip() != "dockerd":
            return False
        numbers = [line for line in (folder / "status").read_text().splitlines() if line.startswith("NSpid:")]
    except OSError:
        return False
    return all(len(line.split()) == 2 for line in numbers)


def gather(homes: Sequence[Groups], groups: Groups, own: str = "") -> int:
    """Put the processes of strays into the groups, and tell how many. Raises OSError where this process may not.

    `own` is the group and mark of one build: its steps go there, and those of other builds are left to them.
    """
    moved = 0
    for home in homes:
        for controller, folder in home.items():
            for stray in _groups(folder, STRAY):
                moved += _place(stray, groups[controller], own, is_stray=True)
    for group in dict.fromkeys(groups.values()) if own else ():
        for step in _groups(group, ""):
            moved += 0 if step.name.startswith(("gathered", "slipway-")) else _place(step, group, own)
    return moved


def _place(step: Path, group: Path, own: str, *, is_stray: bool = False) -> int:
    """A mark without a group is nobody's: whoever wrote the Dockerfile may set as many as they like."""
    marks = _marks(step) if own else {""}
    if marks is None:
        return 0
    if own in marks:
        return _move(step, group / (own or "gathered"))
    is_of_another = any((group / mark).is_dir() for mark in marks)
    return _move(step, group / "gathered") if is_stray and not is_of_another else 0


def _marks(step: Path) -> set[str] | None:
    """All that a step's environment has; None while runc still prepares it."""
    marks = set[str]()
    for pid in _processes(step)[:5]:
        try:
            if Path(f"/proc/{pid}/comm").read_text().startswith("runc:["):
                return None
            marks |= {mark.decode() for mark in MARK.findall(Path(f"/proc/{pid}/environ").read_bytes())}
        except OSError:
            continue  # It has ended, or may not be read.
    return marks


def _groups(folder: Path, named: str) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if named in entry.name and entry.is_dir()]
    except FileNotFoundError:
        return []  # The engine was stopped.


def _move(stray: Path, group: Path) -> int:
    """A group within that of the limits: with cgroup v2 one that has groups may have no processes."""
    moved = 0
    for _ in range(ROUNDS):
        pids = [pid for pid in _processes(stray) if pid != "0"]  # 0 would be ourselves.
        if not pids:
            break
        group.mkdir(exist_ok=True)
        moved += sum(_moves(pid, group / "cgroup.procs") for pid in pids)
    return moved


def _processes(group: Path) -> list[str]:
    try:
        return (group / "cgroup.procs").read_text().split()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENODEV):
            return []  # The step has ended.
        raise


def _moves(pid: str, procs: Path) -> bool:
    try:
        procs.write_text(pid)
    except ProcessLookupError:
        return False  # It has ended.
    return True


@contextmanager
def gathering(
    homes: Callable[[], Sequence[Groups]], groups: Groups, on_trouble: Callable[[OSError], None], own: str = ""
) -> Iterator[None]:
    """Meanwhile, by a thread of this process, which asks for `homes` too. `on_trouble` is called afterwards, by the
    caller's."""
    over, troubles = threading.Event(), list[OSError]()

    def work() -> None:
        try:
            gather_until(lambda: over.wait(POLL_SECONDS), homes(), groups, own)
        except OSError as error:
            troubles.append(error)

    thread = threading.Thread(target=work, name="limits-strays", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        for trouble in troubles:
            on_trouble(trouble)


def gather_until(is_over: Callable[[], bool], homes: Sequence[Groups], groups: Groups, own: str = "") -> None:
    """`is_over` takes its time: about POLL_SECONDS."""
    while not is_over():
        gather(homes, groups, own)


def main(cgroups: str, groups: str, own: str) -> None:
    """In the container: gather until standard input is closed. `groups` are paths beneath `cgroups`, as JSON."""
    top = Path(cgroups)
    homes = homes_of(top)
    print(BEGUN, flush=True)
    targets = {controller: top / path for controller, path in json.loads(groups).items()}
    gather_until(lambda: bool(select.select([sys.stdin], [], [], POLL_SECONDS)[0]), homes, targets, own)


if __name__ == "__main__":
    main(*sys.argv[1:])
