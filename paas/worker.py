"""`python -m paas.worker NAME QUEUE SLOTS`: the Celery worker of one queue, as `celery worker` would start it.

Without Celery's command line, which imports an interactive shell that six megabytes of every process would carry.
"""

from __future__ import annotations

import sys

from paas.celery import app


def main(name: str, queue: str, slots: str) -> int:
    worker = app.Worker(
        hostname=f"{name}@slipway",
        queues=[queue],
        pool="threads",
        concurrency=int(slots),
        loglevel="INFO",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
