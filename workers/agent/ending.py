"""Waits until the agent is told to end. Not in charge of how it ends (`workers.agent.__main__`)."""

from __future__ import annotations

import signal
import socket

END_SECONDS = 5


class Ending:
    """Made in the main thread; from then on SIGTERM and SIGINT only end `wait`.

    Setting an Event in a handler would not do: the handler runs in the main thread, which sleeps on when the kernel
    gives the signal to another one, and which may hold the Event's lock at that moment. A byte wakes it always.
    """

    def __init__(self) -> None:
        self._told, telling = socket.socketpair()
        telling.setblocking(False)
        signal.set_wakeup_fd(telling.detach(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)

    def wait(self) -> None:
        """After it returns the process has `END_SECONDS`; then the kernel ends it, whatever holds it up."""
        self._told.recv(1)
        signal.alarm(END_SECONDS)
