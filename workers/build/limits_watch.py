"""The limits of one build, on the machine of an engine that is not this one: made, watched and removed.

With nothing but the standard library and its siblings, because a container there is given their text to run. It lives as
long as the build: its standard input is closed then, by us or with us. It notes the build as one of that machine's own,
which may run builds itself. Not in charge of what the limits are.
"""

from __future__ import annotations

import json
import select
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from workers.build.limits_enforced import Enforced, kills
from workers.build.limits_group import PIDS, groups_of, make, make_own, own_of, parent_of, quota
from workers.build.limits_notes import enter, leave, new_note, own_name
from workers.build.limits_strays import POLL_SECONDS, gather_until, homes_of
from workers.build.limits_written import Written

LOOK_SECONDS = 0.5


def main(cgroups: str, notes: str, host: str, limits: str, disk: str, gathers: str) -> None:
    """`limits` is `[bytes, cpus]`, `disk` `[folder, bytes, floor]`, null for any amount; `host` is where the machine's
    root is seen. A line with the group's names first, one when the build has to end for the disk, last how it went.
    """
    top, (memory_bytes, cpus) = Path(cgroups), json.loads(limits)
    groups = groups_of(top)
    with limited(groups, Path(notes), memory_bytes, cpus) as own:
        memory = own_of(groups, own)["memory"]
        limit = Enforced(memory_bytes, memory, own, kills_before=kills(memory))
        print(json.dumps({"own": own, "parent": parent_of(top, own)}), flush=True)
        if told := json.loads(disk):
            folder, most, floor = told
            written = Written(Path(host, folder.lstrip("/")), memory, most, floor, Path(host))
            threading.Thread(target=_tell, args=(written,), daemon=True).start()
        is_gathering = json.loads(gathers)
        gather_until(_is_over, homes_of(top) if is_gathering else (), groups, own if is_gathering else "")
        print(json.dumps({"was_met": limit.was_met(), "has_killed": limit.has_killed()}), flush=True)


@contextmanager
def limited(groups: dict[str, Path], notes: Path, memory_bytes: int, cpus: float) -> Iterator[str]:
    note = new_note(notes)
    make(groups)
    try:
        enter(note, groups, memory_bytes, cpus)
        make_own(groups, own_name(note), memory_bytes, quota(cpus), PIDS)
        yield own_name(note)
    finally:
        with suppress(OSError):  # The others hold more than their sum: the next one mends it.
            leave(note, groups)


def _tell(written: Written) -> None:
    while (verdict := written.look()) is None:
        time.sleep(LOOK_SECONDS)
    print(json.dumps(verdict._asdict()), flush=True)


def _is_over() -> bool:
    return bool(select.select([sys.stdin], [], [], POLL_SECONDS)[0])
