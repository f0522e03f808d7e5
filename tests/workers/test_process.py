from __future__ import annotations

import os
import sys
import time
from itertools import count
from pathlib import Path

import pytest

from workers.errors import Stopped
from workers.lines import LineSplitter
from workers.process import TimedOut, run


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_it_gives_lines_with_their_level_and_the_exit_code() -> None:
    seen: list[tuple[str, str]] = []
    done = run(
        python("import sys; print('a', flush=True); print('b', file=sys.stderr, flush=True); sys.exit(3)"),
        timeout_seconds=10,
        on_line=lambda text, level: seen.append((text, level)),
    )
    assert done.returncode == 3
    assert sorted(seen) == [("a", "out"), ("b", "err")]
    assert sorted(done.tail) == ["a", "b"]


def test_it_hands_over_standard_input() -> None:
    given = b"x" * 300_000 + b"\nend"
    done = run(python("import sys; print(len(sys.stdin.read()))"), timeout_seconds=10, stdin=given)
    assert done.tail == (str(len(given)),)


def test_it_kills_the_whole_group_when_time_is_up(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = f"""
import signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "60"])
open({str(note)!r}, "w").write(str(child.pid))
print("working", flush=True)
time.sleep(60)
"""
    begin = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        run(python(code), timeout_seconds=5)
    assert time.monotonic() - begin < 30
    assert caught.value.tail == ("working",)
    ends_at = time.monotonic() + 30  # The kernel kills when it comes to it.
    while is_alive(int(note.read_text())):
        assert time.monotonic() < ends_at
        time.sleep(0.01)


def test_it_stops_when_the_check_raises() -> None:
    calls: list[float] = []

    def check() -> None:
        calls.append(time.monotonic())
        if len(calls) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(["sleep", "60"], timeout_seconds=60, check=check)
    assert max(b - a for a, b in zip(calls, calls[1:], strict=False)) < 5


def test_it_checks_under_a_flood_of_lines() -> None:
    calls = count(1)

    def check() -> None:
        if next(calls) == 4:
            raise Stopped("cancelled")

    with pytest.raises(Stopped):
        run(python("while True: print(1)"), timeout_seconds=30, on_line=lambda text, level: None, check=check)


def test_it_does_not_wait_for_a_daemon_that_holds_the_output(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = f"""
import subprocess
child = subprocess.Popen(["sleep", "30"], start_new_session=True)
open({str(note)!r}, "w").write(str(child.pid))
"""
    begin = time.monotonic()
    done = run(python(code), timeout_seconds=20)
    os.kill(int(note.read_text()), 9)
    assert done.returncode == 0
    assert time.monotonic() - begin < 15


def test_it_leaves_no_zombie() -> None:
    before = _children()
    for _ in range(3):
        run(["true"], timeout_seconds=10)
    assert _children() <= before


def _children() -> set[str]:
    return {pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()}


def test_it_ends_the_child_when_its_own_process_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, '.'); from workers.process import run; run(['sleep', '47'], timeout_seconds=60)"
    )
    pid = os.posix_spawn(sys.executable, python(code), dict(os.environ))
    child = _first_child(pid)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    deadline = time.monotonic() + 30
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(child)


def _first_child(pid: int) -> int:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children and Path(f"/proc/{children[0]}/comm").read_text().strip() == "sleep":
            return int(children[0])
        time.sleep(0.02)
    raise AssertionError("the child never started")


def test_it_says_which_program_is_missing() -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        run(["no-such-program"], timeout_seconds=1)


def test_it_drops_nul_and_replaces_broken_utf8() -> None:
    assert LineSplitter().feed(b"a\0b\xff\n") == ["ab\ufffd"]


def test_it_joins_a_character_split_over_chunks() -> None:
    splitter = LineSplitter()
    assert splitter.feed("é".encode()[:1]) == []
    assert splitter.feed("é".encode()[1:] + b"\n") == ["é"]


def test_it_keeps_the_last_state_of_a_progress_line() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b"10%\r20%\r") == []
    assert splitter.feed(b"30%\r\nnext\r\n") == ["30%", "next"]


def test_it_cuts_a_huge_line_and_says_so() -> None:
    splitter = LineSplitter(max_line_bytes=10)
    assert splitter.feed(b"x" * 8) == []
    assert splitter.feed(b"x" * 8 + b"\nok\n") == ["xxxxxxxxxx [line cut: 6 bytes dropped]", "ok"]


def test_it_gives_the_last_line_without_its_newline() -> None:
    splitter = LineSplitter()
    splitter.feed(b"end")
    assert splitter.flush() == ["end"]
    assert splitter.flush() == []
