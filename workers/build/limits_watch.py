"""The limits of one build, on the machine of an engine that is not this one: made, watched and removed.

With nothing but the standard library and its siblings, because a container there is given their text to run. It lives as
long as the build: its standard input is closed then, by us or with us. Not in charge of what the limits are.
"""

from __future__ import annotations

import json
import select
import sys
from pathlib import Path

from workers.build.limits_enforced import Enforced, kills
from workers.build.limits_group import everywhere, groups_of, make, make_own, own_of, parent_of, quota, remove
from workers.build.limits_strays import POLL_SECONDS, gather_until, homes_of


def main(cgroups: str, own: str, gathers: str) -> None:
    """`own` is `[name, bytes, cpus, pids]`. First a line with the group's name for the client, last one with how it went."""
    top, (name, memory_bytes, cpus, pids) = Path(cgroups), json.loads(own)
    groups = groups_of(top)
    make(groups)
    make_own(groups, name, memory_bytes, quota(cpus), pids)
    memory = own_of(groups, name)["memory"]
    limit = Enforced(memory_bytes, memory, name, kills_before=kills(memory))
    print(json.dumps({"parent": parent_of(top, name)}), flush=True)
    gather_until(_is_over, homes_of(top) if json.loads(gathers) else (), groups, name if json.loads(gathers) else "")
    print(json.dumps({"was_met": limit.was_met(), "has_killed": limit.has_killed()}), flush=True)
    for group in everywhere(groups):
        remove(group / name)


def _is_over() -> bool:
    return bool(select.select([sys.stdin], [], [], POLL_SECONDS)[0])
