"""A process that has imported everything once and forks the Python children on request, so that they share its memory.

A forked child behaves as `python -m <module> <arguments>` would: a session, exit code and output of its own. Not in
charge of when a child is started or stopped (`paas.supervisor.daemon`), only of saying how it ended.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from paas.embedded.processes import die_with_parent
from paas.supervisor.memory import COLLECT_AFTER, settle
from paas.supervisor.titles import set_title

MAX_MESSAGE = 256 * 1024
PRELOADED = (
    "uvicorn",
    "uvicorn.loops.uvloop",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
    "workers.docker",
    "workers.agent.converge",
    "workers.agent.metrics",
    "httpx2",
    "httpcore2",
    "truststore",
    "encodings.idna",
    "celery.app.log",
    "celery.backends.base",
    "celery.contrib.django.task",
    "celery.worker.autoscale",
    "celery.worker.consumer.delayed_delivery",
    "celery.worker.strategy",
    "billiard.pool",
    "celery.apps.worker",
    "celery.concurrency.thread",
    "celery.worker.consumer",
    "celery.worker.components",
    "celery.app.amqp",
    "celery.app.events",
    "celery.app.control",
    "celery.events.state",
    "kombu.transport.redis",
    "redis.asyncio",
    "psycopg_pool",
    "psycopg.types.json",
    "channels_redis.core",
    "django.core.management.commands.migrate",
    "django.db.backends.postgresql.base",
    "django.contrib.messages.storage.fallback",
    "django.contrib.sessions.serializers",
    "paas.worker",
    "paas.asgi",
)


def preload() -> None:
    """Everything that more than one child needs, imported by a single thread: a fork copies no other."""
    import django
    from django.conf import settings
    from django.urls import get_resolver

    django.setup()
    settings.LOGGING_CONFIG = None  # Done; whoever sets Django up again need not go through every logger.
    for name in PRELOADED:
        importlib.import_module(name)
    celery = importlib.import_module("paas.celery").app
    celery.loader.import_default_modules()
    celery.finalize(auto=True)
    get_resolver().check()
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        raise RuntimeError(f"Something imported by the control plane started {threads - 1} thread(s) at import.")


class Zygote:
    """Serves one connection to the supervisor until it closes."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, _nothing)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(connection, selectors.EVENT_READ)
        self._selector.register(self._wake_read, selectors.EVENT_READ)

    def serve(self) -> dict[str, Any] | None:
        """Returns what a freshly forked child shall be, in that child; None in the zygote itself, at its end."""
        self._send({"ready": True})
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._connection:
                    message, descriptors, _, _ = socket.recv_fds(self._connection, MAX_MESSAGE, 2)
                    if not message:
                        return None
                    order = json.loads(message)
                    if self._fork(order, descriptors) == 0:
                        return dict(order)
                else:
                    os.read(self._wake_read, 4096)
            self._reap()

    def _fork(self, order: dict[str, Any], descriptors: list[int]) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_child(parent, descriptors)
            return 0
        for descriptor in descriptors:
            os.close(descriptor)
        self._send({"forked": order["id"], "pid": pid})
        return pid

    def _become_child(self, parent: int, descriptors: list[int]) -> None:
        die_with_parent(parent, signal.SIGKILL)()
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._selector.close()
        self._connection.close()
        os.close(self._wake_read)
        os.close(self._wake_write)
        for target, descriptor in zip((1, 2), descriptors, strict=True):
            os.dup2(descriptor, target)
            os.close(descriptor)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._send({"exited": pid, "code": os.waitstatus_to_exitcode(status)})

    def _send(self, message: dict[str, Any]) -> None:
        self._connection.send(json.dumps(message).encode())


def become(order: dict[str, Any]) -> NoReturn:
    """Be `python -m <module> <arguments>`, in this process."""
    set_title(f"slipway: {order['name']}")
    gc.set_threshold(*COLLECT_AFTER)
    gc.enable()
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    module, *arguments = order["module_argv"]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit(0)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """A handler must exist for the wake-up to be written."""


def main(import_everything: Callable[[], None] = preload) -> None:
    """`python -m paas.supervisor.zygote <number of the inherited socket>`."""
    gc.disable()
    set_title("slipway: zygote")
    connection = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import_everything()
    settle()
    print("preloaded", flush=True)
    order = Zygote(connection).serve()
    if order is not None:
        become(order)


if __name__ == "__main__":
    main()
