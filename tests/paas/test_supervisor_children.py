"""Children, for real: started, waited for, restarted, stopped, and never left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from paas.embedded import processes
from paas.supervisor.child import Child
from paas.supervisor.control import ask, serve
from paas.supervisor.daemon import end_leftovers
from paas.supervisor.journal import Journal
from paas.supervisor.launch import ROOT, ForkServer, execute
from paas.supervisor.programs import Program, Ready

BARE_ZYGOTE = """
import sys
sys.path[:0] = [{root!r}, {here!r}]
from paas.supervisor.zygote import main
import sample
main(lambda: None)
"""
SAMPLE = """
import os, sys, time
LOADED_BY = os.getpid()
if __name__ == "__main__":
    import sample
    print("hello from", os.getpid(), sample.LOADED_BY, *sys.argv[1:], flush=True)
    print("and stderr", file=sys.stderr, flush=True)
    if "stay" in sys.argv:
        time.sleep(60)
    sys.exit(int(os.environ.get("CODE", 0)))
"""


def python(code: str, **more: object) -> Program:
    return Program("sample", argv=[sys.executable, "-c", code], **more)  # type: ignore[arg-type]


async def until(condition: object, seconds: float = 30) -> None:
    assert callable(condition)
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "log")


@pytest.fixture
async def forks(tmp_path: Path, journal: Journal) -> AsyncIterator[ForkServer]:
    (tmp_path / "sample.py").write_text(SAMPLE)
    (tmp_path / "zygote.py").write_text(BARE_ZYGOTE.format(root=str(ROOT), here=str(tmp_path)))
    server = ForkServer(dict(os.environ), [sys.executable, str(tmp_path / "zygote.py")])
    zygote = Child(Program("zygote", ready=Ready(line="preloaded")), server.start_zygote, journal, lambda: None)
    zygote.start()
    server.zygote = zygote  # type: ignore[attr-defined]
    yield server
    server.close()
    await zygote.stop()


async def test_it_is_ready_when_the_program_says_so(journal: Journal) -> None:
    program = python("import time; time.sleep(0.3); print('now', flush=True); time.sleep(60)", ready=Ready(line="now"))
    child = Child(program, execute, journal, lambda: None)
    child.start()
    await until(lambda: child.state == "starting")
    await asyncio.wait_for(child.became_ready.wait(), 30)
    assert child.status()["state"] == "running"
    await child.stop()
    assert child.status()["state"] == "stopped"
    assert child.status()["pid"] is None


async def test_it_starts_a_dead_one_again_and_counts(journal: Journal) -> None:
    child = Child(python("import time; time.sleep(60)"), execute, journal, lambda: None)
    child.start()
    await until(lambda: child.state == "running")
    first = child.status()["pid"]
    os.kill(first, signal.SIGKILL)
    await until(lambda: child.state == "running" and child.restarts == 1)
    assert child.status()["pid"] != first
    assert child.last_exit == -9
    await child.stop()


async def test_it_backs_off_and_says_so(journal: Journal) -> None:
    child = Child(python("import sys; print('bad news'); sys.exit(3)"), execute, journal, lambda: None)
    child.start()
    await until(lambda: child.restarts == 3)
    assert child.last_exit == 3
    await child.stop()
    assert journal.tail("sample")[-1] == "bad news"
    assert "sample ended with exit code 3; starts again in 0.2 s" in journal.tail("supervisor")
    assert "sample ended with exit code 3; starts again in 0.8 s" in journal.tail("supervisor")


async def test_it_says_when_a_program_is_missing(journal: Journal) -> None:
    child = Child(Program("sample", argv=["/nonexistent"]), execute, journal, lambda: None)
    child.start()
    await until(lambda: child.restarts == 1)
    await child.stop()
    assert any("could not be started" in line for line in journal.tail("supervisor"))


async def test_it_kills_what_does_not_stop_with_all_it_started(journal: Journal) -> None:
    code = (
        "import signal,subprocess,sys,time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "p=subprocess.Popen([sys.executable,'-c','import time; time.sleep(60)']); print(p.pid,flush=True); time.sleep(60)"
    )
    child = Child(python(code, ready=Ready(line=""), stop_seconds=0.3), execute, journal, lambda: None)
    child.start()
    await until(lambda: bool(journal.tail("sample")))
    grandchild = int(journal.tail("sample")[0])
    await child.stop()
    await until(lambda: processes.identity(grandchild) is None)


async def test_it_hurries_when_asked_twice(journal: Journal) -> None:
    code = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on',flush=True); time.sleep(60)"
    child = Child(python(code, ready=Ready(line="on"), stop_seconds=60), execute, journal, lambda: None)
    child.start()
    await asyncio.wait_for(child.became_ready.wait(), 30)
    stopping = asyncio.create_task(child.stop())
    await asyncio.sleep(0.1)
    child.hurry()
    await asyncio.wait_for(stopping, 30)
    assert child.last_exit == -9


async def test_it_forks_children_that_share_what_was_imported(forks: ForkServer, journal: Journal) -> None:
    out: list[str] = []
    error: list[str] = []
    env = dict(os.environ) | {"CODE": "7"}
    running = await forks.fork(Program("one", module_argv=["sample", "a b"], env=env), out.append, error.append)
    assert await running.finished() == 7
    hello, _, pid, loaded_by, *rest = out[0].split(" ")
    assert (hello, int(pid), rest) == ("hello", running.pid, ["a", "b"])
    assert int(loaded_by) == forks.zygote.running.pid  # type: ignore[attr-defined]
    assert error == ["and stderr"]


async def test_it_gives_a_fork_a_name_and_a_session_of_its_own(forks: ForkServer) -> None:
    out: list[str] = []
    program = Program("worker-quick", module_argv=["sample", "stay"], env=dict(os.environ))
    running = await forks.fork(program, out.append)
    await until(lambda: bool(out))
    command_line = Path(f"/proc/{running.pid}/cmdline").read_bytes().rstrip(b"\0")
    assert command_line == b"slipway: worker-quick"
    assert processes.command_name(running.pid) == "slipway: worker"
    assert os.getsid(running.pid) == running.pid
    running.signal(signal.SIGTERM)
    assert await running.finished() == -signal.SIGTERM


async def test_it_brings_forks_back_when_the_zygote_is_killed(forks: ForkServer, journal: Journal) -> None:
    program = Program("worker", module_argv=["sample", "stay"], env=dict(os.environ), ready=Ready(line="hello"))
    child = Child(program, forks.fork, journal, lambda: None)
    child.start()
    await asyncio.wait_for(child.became_ready.wait(), 30)
    first = child.status()["pid"]
    os.kill(forks.zygote.running.pid, signal.SIGKILL)  # type: ignore[attr-defined]
    await until(lambda: child.state == "running" and child.restarts == 1)
    assert processes.identity(first) is None
    await child.stop()


async def test_it_stops_a_child_that_waits_for_a_zygote(tmp_path: Path, journal: Journal) -> None:
    server = ForkServer(dict(os.environ))
    child = Child(Program("worker", module_argv=["sample"]), server.fork, journal, lambda: None)
    child.start()
    await asyncio.sleep(0.05)
    server.close()
    await asyncio.wait_for(child.stop(), 30)


def test_its_children_do_not_outlive_a_kill(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys\n"
        "from paas.supervisor.launch import execute\n"
        "from paas.supervisor.programs import Program\n"
        "async def main():\n"
        "    child = await execute(Program('x', argv=['sleep', '60']), print)\n"
        "    print(child.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert processes.identity(child) is not None
        parent.kill()
    deadline = time.monotonic() + 30
    while processes.identity(child) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes.identity(child) is None


def test_it_ends_what_a_killed_one_left_but_no_stranger(tmp_path: Path) -> None:
    left, stranger = (subprocess.Popen(["sleep", "60"]) for _ in range(2))
    known, other = processes.identity(left.pid), processes.identity(stranger.pid)
    assert known is not None
    assert other is not None
    record = tmp_path / "children.json"
    record.write_text(json.dumps([[known.pid, known.started], [other.pid, other.started - 1]]))
    end_leftovers(record)
    assert left.wait(timeout=30) == -signal.SIGTERM
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


async def test_it_answers_on_a_socket_of_its_own(tmp_path: Path) -> None:
    async def answer(request: dict[str, object]) -> dict[str, object]:
        return {"heard": request}

    server = await serve(tmp_path / "s.sock", answer)
    assert oct((tmp_path / "s.sock").stat().st_mode & 0o777) == "0o600"
    assert await asyncio.to_thread(ask, tmp_path / "s.sock", {"command": "x"}) == {"heard": {"command": "x"}}
    server.close()
