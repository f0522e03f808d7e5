"""Runtime logs of real containers: nothing lost, nothing twice, nothing secret."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest

from tests.workers.agent.conftest import DOCKER, Host, next_release
from workers.agent.follow import Follow, nanoseconds
from workers.desired import Service

pytestmark = pytest.mark.docker
LINES = 200_000


def numbers(host: Host, service: Service) -> list[int]:
    return [int(text.split()[1]) for text in host.control.texts(service=service.id) if text.startswith("line ")]


def test_it_loses_no_line_of_a_flood_across_rotations(host: Host, service: Service) -> None:
    """200,000 lines are about 36 MB in the engine's file, which is rotated every 8 MB."""
    flooding = next_release(service, FLOOD=str(LINES))
    started = time.monotonic()
    host.control.publish(flooding)
    last = f"line {LINES - 1} "
    host.control.wait(lambda: any(x["text"].startswith(last) for x in host.control.lines[-50:]), 200, "the flood")
    print(f"{LINES / (time.monotonic() - started):.0f} lines a second, start of the container included")
    assert numbers(host, service) == list(range(LINES))
    host.control.lines.clear()


def test_it_neither_loses_nor_doubles_lines_when_it_is_killed(host: Host, service: Service) -> None:
    flooding = next_release(service, FLOOD="20000")
    host.control.publish(flooding)
    host.control.wait(lambda: len(numbers(host, service)) > 2000, why="the first lines")
    host.stop_agent(signal.SIGKILL)
    host.start_agent()
    host.control.wait(lambda: len(numbers(host, service)) >= 20000, why="the rest")
    time.sleep(0.2)
    assert numbers(host, service) == list(range(20000))


def test_it_redacts_secrets(host: Host, service: Service) -> None:
    release = service.release.model_copy(update={"variables": {"SECRET": "open-sesame"}, "secret_names": ["SECRET"]})
    host.control.publish(service.model_copy(update={"release": release}))
    host.control.step(service.deployment, "drain")
    host.control.wait(lambda: host.control.texts(service=service.id), why="a line")
    assert host.control.texts(service=service.id)[0] == "boot [redacted]"


def test_it_tells_no_secret_in_an_error_nor_in_last_lines(host: Host, service: Service) -> None:
    """Cut or not: the sentence repeats the last 200 letters that the app printed."""
    secret = "x" * 150 + "open-sesame" + "y" * 150
    bad = next_release(service, SECRET=secret, EXIT="1", SAY=f"can not connect to {secret}")
    host.control.publish(
        bad.model_copy(update={"release": bad.release.model_copy(update={"secret_names": ["SECRET"]})})
    )
    told = host.control.step(bad.deployment, "health", "failed")["error"]
    assert told["message"].endswith("The last that it printed: can not connect to [redacted]")
    host.control.wait(lambda: host.control.texts(deployment=bad.deployment), why="last lines")
    everything = str(host.control.reports) + str(host.control.lines)
    assert "sesame" not in everything and "yyyyyyyy" not in everything


def test_it_loses_no_line_of_a_container_that_is_made_anew_under_the_same_name(host: Host, service: Service) -> None:
    host.control.publish(service)
    host.control.step(service.deployment, "drain")
    (first,) = host.containers(service)
    host.control.wait(lambda: host.control.texts(service=service.id) == ["boot "])
    subprocess.run([DOCKER, "rm", "-f", first.id], check=True, capture_output=True)
    host.control.wait(lambda: host.control.texts(service=service.id) == ["boot ", "boot "])
    (second,) = host.containers(service)
    assert second.name == first.name
    assert {x["container"] for x in host.control.lines if x["service"] == service.id} == {first.id, second.id}


def test_it_follows_the_other_logs_when_one_position_is_broken(host: Host, service: Service) -> None:
    host.control.publish(service)
    host.control.step(service.deployment, "drain")
    (container,) = host.containers(service)
    host.control.wait(lambda: host.control.texts(service=service.id) == ["boot "])
    host.stop_agent()
    (host.home / "agent" / "positions" / f"{container.id}.json").write_bytes(b"")
    host.start_agent()
    second = next_release(service)
    host.control.publish(second)
    host.control.step(second.deployment, "drain")
    assert any(text.startswith("where this log stood was lost") for text in host.control.texts(service=service.id))


def test_it_cuts_a_huge_line(host: Host, service: Service) -> None:
    host.control.publish(huge := next_release(service, HUGE="1000000"))
    host.control.step(huge.deployment, "drain")
    host.control.wait(lambda: len(host.control.texts(service=service.id)) > 1, why="the line")
    text = host.control.texts(service=service.id)[1]
    assert text == "h" * 65536 + " [cut here: the line is longer than 64 KB]"


def test_it_ships_the_last_words_of_a_container_that_is_removed_by_hand(host: Host, service: Service) -> None:
    host.control.publish(service)
    host.control.step(service.deployment, "drain")
    identifier = host.containers(service)[0].id
    host.engine.stop(identifier, 0)
    subprocess.run([DOCKER, "rm", "-f", identifier], capture_output=True)
    host.control.wait(lambda: "boot " in host.control.texts(service=service.id), why="the line")


def test_it_follows_over_the_engine_when_files_may_not_be_read(host: Host, service: Service) -> None:
    host.control.publish(service)
    host.control.step(service.deployment, "drain")
    follow = Follow(host.engine, host.containers(service)[0].id)
    deadline = time.monotonic() + 30
    while not (lines := follow.read(10, 1 << 20)) and time.monotonic() < deadline:
        time.sleep(0.05)
    follow.close()
    assert [line.text for line in lines] == ["boot "]
    assert lines[0].end.offset == nanoseconds(lines[0].at)
