"""Gives a process the name that `ps` and `top` show. Not in charge of which name."""

from __future__ import annotations

import ctypes
from pathlib import Path

PR_SET_NAME = 15
_ARG_START = 47  # proc_pid_stat(5), counted from 0.


def set_title(title: str) -> None:
    """Writes over the command line that the kernel shows, within the room it had, and sets the short name."""
    short = title.encode()[:15]
    ctypes.CDLL(None).prctl(PR_SET_NAME, ctypes.c_char_p(short), 0, 0, 0)
    start, end = _argument_area()
    room = end - start
    if room > 0:
        ctypes.memmove(start, title.encode()[: room - 1].ljust(room, b"\0"), room)


def _argument_area() -> tuple[int, int]:
    before, _, fields = Path("/proc/self/stat").read_text().rpartition(")")
    numbers = ["", "", *fields.split()]
    return int(numbers[_ARG_START]), int(numbers[_ARG_START + 1])
