"""`python -m paas.worker NAME QUEUE=SLOTS...`: takes from these Celery queues, as `celery worker` would, and runs the
reconciler's rounds beside them.

Without Celery's command line, which imports an interactive shell that six megabytes of every process would carry.
"""

from __future__ import annotations

import sys

import django

from paas.celery import app
from paas.slots import give_slots

django.setup()

from apps.deployments import rounds  # noqa: E402 - Django must be set up first


def main(name: str, *queues: str) -> int:
    slots = {queue: int(count) for queue, _, count in (each.partition("=") for each in queues)}
    worker = app.Worker(
        hostname=f"{name}@slipway",
        loglevel="INFO",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        **give_slots(app, slots),
    )
    stopping = rounds.start()
    worker.start()
    stopping.set()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
