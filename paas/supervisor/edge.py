"""`python -m paas.supervisor.edge start|stop`: the embedded edge of this installation, in a process that ends.

Not in charge of how the edge is made (`workers.edge`); keeps the engine's SDK out of the supervisor's memory.
"""

from __future__ import annotations

import sys

from paas.config import config
from workers.edge import EdgeSettings, start_edge, stop_edge
from workers.errors import SlipwayError


def main(command: str) -> int:
    settings = config()
    try:
        if command == "stop":
            stop_edge(settings.instance)
        else:
            start_edge(EdgeSettings(settings.instance, settings.routes_dir, settings.edge_port))
    except SlipwayError as problem:
        print(f"{problem.message} {problem.hint}".strip(), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
