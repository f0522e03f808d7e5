"""`python -m bench [--quick] [--only name,name] [--write]`: takes the figures and prints their table.

On loopback, bounded, and with everything of it removed at the end, also after Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import time
from collections.abc import Callable

from bench import (
    analysis,
    browser_log,
    builds,
    deploys,
    every_build,
    first_app,
    log_lines,
    memory,
    neighbours,
    on_screen,
    pages,
    start_up,
    steady,
    webhooks,
)
from bench.stage import QUICK, Rounds, Stage
from bench.table import Figure, document
from tests.stories.slipway import ROOT

FIGURES: dict[str, Callable[[Stage], list[Figure]]] = {
    "up": start_up.start_up,
    "memory": memory.fresh,
    "first-app": first_app.first_app,
    "warm": deploys.warm,
    "cold": deploys.cold,
    "rollback": deploys.rollback,
    "push": webhooks.push_to_live,
    "steady": steady.steady,
    "neighbours": neighbours.while_building,
    "analysis": analysis.analysis,
    "builds": builds.builds,
    "builds-all": every_build.every_build,
    "webhooks": webhooks.acknowledged,
    "lines": log_lines.lines,
    "log-viewer": browser_log.viewer,
    "on-screen": on_screen.on_screen,
    "pages": pages.pages,
    "memory-used": memory.used,
}


NAMED_ONLY = ("builds-all",)  # An hour, for a page of its own.


def wanted(only: str) -> list[str]:
    """Names in the order in which they are taken. Raises ArgumentTypeError."""
    names = [name for name in only.split(",") if name]
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        raise argparse.ArgumentTypeError(f"no figure {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    return [name for name in FIGURES if name in names or not (names or name in NAMED_ONLY)]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench", description="Takes the figures and prints their table.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--only", type=wanted, default=wanted(""), metavar="NAME,NAME", help=", ".join(FIGURES))
    parser.add_argument("--write", action="store_true", help="write the table to docs/figures.md")
    told = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # Raised, so that what was made is removed.
    taken: list[Figure] = []
    where = machine()  # Before the run, whose own load is no news.
    try:
        with Stage(QUICK if told.quick else Rounds()) as stage:
            for name in told.only:
                taken += _take(name, stage)
    except KeyboardInterrupt:
        return 130
    finally:
        text = document(taken, where)
        print(text, flush=True)
    if told.write:
        (ROOT / "docs" / "figures.md").write_text(text)
    return 1 if any(figure.is_met is False for figure in taken) else 0


def _take(name: str, stage: Stage) -> list[Figure]:
    print(f"{name} ...", file=sys.stderr, end=" ", flush=True)
    began = time.monotonic()
    figures = FIGURES[name](stage)
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return figures


def machine() -> str:
    """What the figures depend on. A load of others makes every difference larger."""
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    busy = " (busy with other things: take the figures again on a quiet machine)" if load > cores / 4 else ""
    return (
        f"{cores} cores, {memory_gb:.0f} GB, Linux {platform.release().partition('-')[0]}, "
        f"Python {platform.python_version()}; load before the run {load:.1f}{busy}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
