"""Ports for the servers of tests."""

from __future__ import annotations

import random
import socket
from contextlib import suppress


def free_port() -> int:
    """One below those that the kernel gives to whoever asks for any, and that edges take for their own use: nobody takes it
    before the test does."""
    while True:
        port = random.randrange(15_000, 21_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("", port))
            return port
