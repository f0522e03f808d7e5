"""The agent's wait for SIGTERM, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TO_ANOTHER_THREAD = """
thread = threading.Thread(target=threading.Event().wait, daemon=True)
thread.start()
threading.Timer(0.1, lambda: signal.pthread_kill(thread.ident, signal.SIGTERM)).start()
"""
BEFORE_IT_WAITS = "os.kill(os.getpid(), signal.SIGTERM)"


def ended(when: str, afterwards: str = "os._exit(7)") -> int:
    """How a process ends that is sent SIGTERM."""
    program = ["import os, signal, threading", "from workers.agent import ending", "ending.END_SECONDS = 1"]
    program += ["made = ending.Ending()", when, "made.wait()", afterwards]
    return subprocess.run([sys.executable, "-c", "\n".join(program)], cwd=ROOT, timeout=60).returncode


@pytest.mark.parametrize("when", [TO_ANOTHER_THREAD, BEFORE_IT_WAITS])
def test_it_hears_the_signal_whoever_gets_it_and_whenever(when: str) -> None:
    assert ended(when) == 7


def test_it_does_not_end_later_than_it_may() -> None:
    started = time.monotonic()
    assert ended(BEFORE_IT_WAITS, "threading.Event().wait()") < 0
    assert time.monotonic() - started < 30
