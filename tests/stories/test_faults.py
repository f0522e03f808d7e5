"""Everything is killed once: workers, agent, supervisor, Valkey, PostgreSQL. Apps answer all the while; nothing is lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.stories.git_server import GitServer, Repository
from tests.stories.load import Load
from tests.stories.slipway import Slipway, app, until

pytestmark = [pytest.mark.story, pytest.mark.docker]


@pytest.fixture(scope="module")
def live(slipway: Slipway, git: GitServer) -> tuple[Repository, dict[str, Any], str]:
    repository = git.repository("sturdy")
    repository.commit(app("0"))
    made = slipway.deploy_app("sturdy", repository.url)
    assert made["status"] == "live", slipway.text_of(made["id"])
    host = slipway.api("GET", f"/services/{made['service_id']}")["urls"][0].split("//")[1].split(":")[0]
    return repository, made, host


def wipe(folder: Path) -> None:
    """Though whose it is may be at work in it."""
    for parent, _, names in os.walk(folder):
        for name in names:
            Path(parent, name).unlink(missing_ok=True)


@pytest.fixture
def load(slipway: Slipway, live: Any) -> Iterator[Load]:
    """Requests all through the test; none of them may fail."""
    with Load(slipway.edge_port, live[2], rate=50) as found:
        yield found
    assert found.failures == [] and found.count > 20


def begin(slipway: Slipway, live: Any, text: str, *, slow: str) -> str:
    """A deployment that is slow in its build or in its health check."""
    repository, made, _ = live
    command = "sleep 8" if slow == "build" else ""
    slipway.api("PATCH", f"/services/{made['service_id']}", build_command=command)
    repository.commit(app(text, body="time.sleep(3)" if slow == "health" else ""))
    pk = slipway.api("POST", f"/services/{made['service_id']}/deployments")["id"]
    until(lambda: slipway.deployment(pk)["step"] == slow, 120, lambda: str(slipway.deployment(pk)))
    return str(pk)


def ended_live(slipway: Slipway, live: Any, pk: str, text: str) -> dict[str, Any]:
    made = slipway.ended(pk)
    assert made["status"] == "live", (made, slipway.text_of(pk))
    assert slipway.fetch(live[2]).text == text
    service = made["service_id"]
    until(lambda: len(slipway.containers("--all", "--filter", f"label=slipway.service={service}")) == 1, 120)
    return made


def test_a_build_worker_killed_in_a_build_is_replaced(slipway: Slipway, live: Any, load: Load) -> None:
    worker = slipway.pid("worker")  # Asked before: it takes as long as a short build does.
    pk = begin(slipway, live, "1", slow="build")
    os.kill(worker, signal.SIGKILL)
    made = ended_live(slipway, live, pk, "1")
    assert made["attempt"] == 2


def test_a_build_worker_stopped_in_a_build_gives_it_back(slipway: Slipway, live: Any, load: Load) -> None:
    worker = slipway.pid("worker")
    pk = begin(slipway, live, "2", slow="build")
    os.kill(worker, signal.SIGTERM)
    assert ended_live(slipway, live, pk, "2")["attempt"] == 1


def test_workers_killed_in_the_switch_change_nothing(slipway: Slipway, live: Any, load: Load) -> None:
    worker = slipway.pid("worker")
    pk = begin(slipway, live, "3", slow="health")
    os.kill(worker, signal.SIGKILL)
    ended_live(slipway, live, pk, "3")


def test_an_agent_killed_in_the_middle_goes_on(slipway: Slipway, live: Any, load: Load) -> None:
    agent = slipway.pid("agent")
    pk = begin(slipway, live, "4", slow="health")
    os.kill(agent, signal.SIGKILL)
    ended_live(slipway, live, pk, "4")


def test_valkey_killed_and_wiped_loses_no_deployment(slipway: Slipway, live: Any, load: Load) -> None:
    valkey = slipway.pid("valkey")
    pk = begin(slipway, live, "5", slow="build")
    os.kill(valkey, signal.SIGKILL)
    wipe(slipway.home / "valkey")
    repository, made, _ = live
    repository.commit(app("6"))
    waiting = slipway.api("POST", f"/services/{made['service_id']}/deployments")["id"]
    assert slipway.ended(pk)["status"] in ("live", "superseded")
    ended_live(slipway, live, waiting, "6")


def test_postgresql_restarted_in_a_build_loses_nothing(slipway: Slipway, live: Any, load: Load) -> None:
    postgres = slipway.pid("postgres")
    pk = begin(slipway, live, "7", slow="build")
    os.kill(postgres, signal.SIGKILL)
    until(lambda: slipway.http.get("/readyz").status_code == 200, 120)
    ended_live(slipway, live, pk, "7")


def test_a_restart_of_the_control_plane_is_not_noticed(slipway: Slipway, live: Any, load: Load) -> None:
    before = slipway.containers()
    slipway.command("restart")
    assert slipway.containers() == before
    repository, made, _ = live
    slipway.api("PATCH", f"/services/{made['service_id']}", build_command="")
    repository.commit(app("8"))
    ended_live(slipway, live, slipway.api("POST", f"/services/{made['service_id']}/deployments")["id"], "8")


def test_apps_answer_while_the_control_plane_is_dead(slipway: Slipway, live: Any, load: Load) -> None:
    status = slipway.status()
    pids = [int(p["pid"]) for p in status["processes"] if p["name"] != "edge" and p["pid"]]
    os.kill(int((slipway.home / "supervisor.pid").read_text().split()[0]), signal.SIGKILL)
    for pid in pids:
        with suppress(ProcessLookupError):  # Ended with the supervisor.
            os.kill(pid, signal.SIGKILL)
    time.sleep(2)
    assert slipway.fetch(live[2]).text == "8"
    slipway.up()
    assert slipway.deployment(live[1]["id"])["status"] == "superseded"
    assert slipway.fetch(live[2]).text == "8"


def test_a_container_removed_by_hand_comes_back(slipway: Slipway, live: Any) -> None:
    import subprocess

    service = live[1]["service_id"]
    before = slipway.containers("--filter", f"label=slipway.service={service}")
    subprocess.run(["/usr/bin/docker", "rm", "--force", *before], check=True, capture_output=True)
    until(lambda: slipway.fetch(live[2]).text == "8", 60)


def test_a_log_flood_loses_no_line(slipway: Slipway, git: GitServer) -> None:
    lines = 100_000
    flood = f"""
def flood():
    time.sleep(2)
    for n in range({lines}):
        print("flood", n)
    sys.stdout.flush()
threading.Thread(target=flood).start()"""
    repository = git.repository("flood")
    repository.commit(app("x", body=flood))
    made = slipway.deploy_app("flood", repository.url)
    assert made["status"] == "live", slipway.text_of(made["id"])
    seen: list[int] = []
    after, numbers = 0, []

    def all_there() -> bool:
        nonlocal after
        while True:
            page = slipway.api("GET", f"/services/{made['service_id']}/logs?after={after}&limit=1000")
            if not page["lines"]:
                return len(seen) >= lines
            after = page["lines"][-1]["seq"]
            numbers.extend(line["seq"] for line in page["lines"])
            seen.extend(int(line["text"].split()[1]) for line in page["lines"] if line["text"].startswith("flood "))

    until(all_there, 120, lambda: f"{len(seen)} of {lines}")
    assert seen == list(range(lines))
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_lost_worker_with_a_newer_push_waiting_holds_nobody_up(slipway: Slipway, live: Any, load: Load) -> None:
    worker = slipway.pid("worker")
    pk = begin(slipway, live, "9", slow="build")
    repository, made, _ = live
    repository.commit(app("10"))
    newer = slipway.api("POST", f"/services/{made['service_id']}/deployments")["id"]
    os.kill(worker, signal.SIGKILL)
    assert slipway.ended(pk)["status"] == "superseded"
    ended_live(slipway, live, newer, "10")


def test_an_app_that_prints_its_secret_while_failing_gives_it_away_nowhere(slipway: Slipway, git: GitServer) -> None:
    canary = "canary-b81c72d0aa"
    repository = git.repository("leaky")
    repository.commit(app("x", body='print("key", os.environ["KEY"], flush=True)\nsys.exit(3)'))
    made = slipway.deploy_app("leaky", repository.url, secrets={"KEY": canary})
    built = slipway.deploy_app(
        "leaky-build", repository.url, secrets={"KEY": canary}, build_command='echo "$KEY" && false'
    )
    for row in (made, built):
        assert row["status"] == "failed"
        assert canary not in str(row) + slipway.text_of(row["id"])
    assert "[redacted]" in slipway.text_of(made["id"]) and "[redacted]" in slipway.text_of(built["id"])
    assert canary not in slipway.log(2000)


def test_a_repository_with_undecodable_names_fails_and_frees_its_slot(slipway: Slipway, git: GitServer) -> None:
    repository = git.repository("latin")
    repository.commit(app("x"))
    folder = repository.work / os.fsdecode(b"caf\xe9")
    folder.mkdir(exist_ok=True)
    (folder / "x").write_text("x")
    repository.commit({"more.txt": "x"})
    made = slipway.deploy_app("latin", repository.url, root_directory="missing")
    assert made["status"] == "failed" and made["error"]["code"] == "build:user:root-directory-missing"
