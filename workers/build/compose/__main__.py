"""`python -m workers.build.compose DIR` prints what the compose file of a folder becomes, as JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from workers.build.compose.read import read_compose
from workers.build.files import FolderFiles
from workers.errors import UserError


def main(arguments: list[str]) -> int:
    """Print the plan of a folder. 0, 1 when its file cannot be used, 2 when called wrongly or without one."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print("usage: python -m workers.build.compose DIR", file=sys.stderr)
        return 2
    try:
        plan = read_compose(FolderFiles(Path(arguments[0])), {})
    except UserError as error:
        print(json.dumps({"error": error.as_dict()}, indent=2))
        return 1
    print(json.dumps(asdict(plan) if plan else None, indent=2))
    return 0 if plan else 2


sys.exit(main(sys.argv[1:]))
