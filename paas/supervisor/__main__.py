"""`python -m paas.supervisor up|restart|down|reset|status|logs|link|token`, as the Makefile calls it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from paas.supervisor import commands
from paas.supervisor.household import home_folder
from workers.errors import SlipwayError


def is_set(name: str, default: str = "0") -> bool:
    return os.environ.get(name, default) not in ("", "0")


COMMANDS: dict[str, Callable[[Path], int]] = {
    "up": commands.up,
    "restart": commands.restart,
    "down": commands.down,
    "reset": lambda home: commands.reset(home, force=is_set("FORCE")),
    "status": lambda home: commands.status(home, as_json=os.environ.get("FORMAT") == "json"),
    "logs": lambda home: commands.logs(home, follow=is_set("FOLLOW", "1")),
    "link": lambda home: commands.run_management(home, "link"),
    "token": lambda home: commands.run_management(home, "token"),
    "announce": commands.announce_home,
}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print(f"usage: python -m paas.supervisor {'|'.join(COMMANDS)}", file=sys.stderr)
        return 2
    try:
        return COMMANDS[arguments[0]](home_folder())
    except SlipwayError as problem:
        print(f"{problem.message} {problem.hint}".strip(), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
