"""From a git URL to a live URL, again, and back: under steady load, with faulty apps, with two pushes at once."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.stories.git_server import GitServer, Repository
from tests.stories.load import Load
from tests.stories.slipway import Slipway, app, until

pytestmark = [pytest.mark.story, pytest.mark.docker]


@pytest.fixture
def shop(slipway: Slipway, git: GitServer, request: pytest.FixtureRequest) -> tuple[Repository, dict[str, Any]]:
    """A live app of its own for each test: its repository and its deployment."""
    name = request.node.name[:36].strip("-_").replace("_", "-").removeprefix("test-it-")
    repository = git.repository(name)
    repository.commit(app("one"))
    made = slipway.deploy_app(name, repository.url)
    assert made["status"] == "live", slipway.text_of(made["id"])
    return repository, made


def host_of(slipway: Slipway, deployment: dict[str, Any]) -> str:
    return str(slipway.api("GET", f"/services/{deployment['service_id']}")["urls"][0]).split("//")[1].split(":")[0]


def test_it_redeploys_and_rolls_back_without_a_failed_request(slipway: Slipway, shop: Any) -> None:
    repository, first = shop
    host = host_of(slipway, first)
    with Load(slipway.edge_port, host, rate=200) as load:
        for text in ("two", "three"):
            repository.commit(app(text))
            made = slipway.redeploy(first["service_id"])
            assert made["status"] == "live", slipway.text_of(made["id"])
            assert slipway.fetch(host).text == text
        back = slipway.api("POST", f"/services/{first['service_id']}/rollback")
        assert slipway.ended(back["id"])["status"] == "live"
        assert slipway.fetch(host).text == "two"
        time.sleep(1)
    assert load.failures == [] and load.count > 200
    assert set(load.bodies) == {"one", "two", "three"}
    assert [step["name"] for step in slipway.deployment(made["id"])["steps"]][:7] == [
        "fetch", "analyze", "build", "release", "start", "health", "switch",
    ]  # fmt: skip
    said = slipway.text_of(made["id"])
    assert "docker build --file=Dockerfile " in said and "--label=" not in said and str(slipway.home) not in said
    assert "build" not in [step["name"] for step in slipway.deployment(back["id"])["steps"]]
    assert slipway.api("GET", f"/services/{first['service_id']}")["auto_deploy_paused_at"] is not None
    until(lambda: len(slipway.containers("--filter", f"label=slipway.service={first['service_id']}")) == 1, 40)


def test_it_reuses_a_build_of_the_same_commit(slipway: Slipway, shop: Any) -> None:
    _, first = shop
    again = slipway.redeploy(first["service_id"])
    assert again["status"] == "live" and again["build_id"] == first["build_id"]
    assert next(s for s in again["steps"] if s["name"] == "build")["status"] == "skipped"


def test_it_injects_variables_at_the_next_deploy_and_hides_secrets(slipway: Slipway, shop: Any) -> None:
    repository, first = shop
    canary = "canary-4d1f0a77c2"
    values = {"COLOUR": "blue"}
    slipway.api("POST", f"/services/{first['service_id']}/variables", values=values)
    slipway.api("POST", f"/services/{first['service_id']}/variables", values={"KEY": canary}, is_secret=True)
    code = 'print("key is", os.environ["KEY"], flush=True)\nanswer = lambda handler: os.environ["COLOUR"]'
    repository.commit(app("unused", body=code))
    made = slipway.redeploy(first["service_id"])
    assert made["status"] == "live", slipway.text_of(made["id"])
    assert slipway.fetch(host_of(slipway, first)).text == "blue"

    def runtime_log() -> list[str]:
        page = slipway.api("GET", f"/services/{first['service_id']}/logs?after=0&limit=1000")
        return [line["text"] for line in page["lines"] if line["text"].startswith("key is")]

    assert until(runtime_log, 60) == ["key is [redacted]"]
    assert canary not in slipway.text_of(made["id"])
    assert canary not in slipway.http.get(f"/api/v1/services/{first['service_id']}/variables").text


@pytest.mark.parametrize(
    ("name", "files", "settings", "code", "words"),
    [
        ("failing-build", {"build.sh": "exit 3\n"}, {"build_command": "echo about to fail && sh build.sh"},
         "build:user:", "about to fail"),
        ("exits-at-once", {"main.py": "import sys\nprint('no config', flush=True)\nsys.exit(4)\n"}, {},
         "health:user:", "no config"),
        ("never-listens", {"main.py": "import time\nprint('thinking', flush=True)\ntime.sleep(600)\n"},
         {"health_deadline_seconds": 8}, "health:user:", "8000"),
        ("localhost-only", {"main.py": app("x")["main.py"].replace("0.0.0.0", "127.0.0.1")},
         {"health_deadline_seconds": 8}, "health:user:", "127.0.0.1"),
        ("out-of-memory", {"main.py": "x = bytearray(400_000_000)\nimport time\ntime.sleep(60)\n"},
         {"memory_mb": 64}, "health:user:", "memory"),
    ],
)  # fmt: skip
def test_it_says_why_an_app_does_not_go_live(
    slipway: Slipway, git: GitServer, name: str, files: dict[str, str], settings: dict[str, Any], code: str, words: str
) -> None:
    repository = git.repository(name)
    repository.commit({**app("x"), **files})
    made = slipway.deploy_app(name, repository.url, **settings)
    error = made["error"]
    assert made["status"] == "failed" and error["code"].startswith(code), made
    assert words in slipway.text_of(made["id"]) + error["message"] + error["hint"]
    assert error["message"] and error["hint"]
    until(lambda: not slipway.containers("--all", "--filter", f"label=slipway.service={made['service_id']}"), 60)


def test_it_mends_an_app_that_listens_on_another_port(slipway: Slipway, git: GitServer) -> None:
    repository = git.repository("other-port")
    repository.commit({"main.py": app("mended")["main.py"].replace('int(os.environ["PORT"])', "7777")})
    made = slipway.deploy_app("other-port", repository.url, health_deadline_seconds=8)
    assert made["error"]["code"] == "health:user:other-port", made
    assert made["error"]["remedy"]["change"] == {"port": "7777"}
    again = slipway.ended(slipway.api("POST", f"/deployments/{made['id']}/mend")["id"])
    assert again["status"] == "live", again
    assert slipway.fetch(host_of(slipway, again)).text == "mended"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"branch": "no-such-branch"}, "source:user:"),
        ({"branch": "--upload-pack=touch${IFS}/tmp/slipway-pwned;"}, "source:user:"),
        ({"root_directory": "../../etc"}, "build:user:"),
        ({"source_url": "http://127.0.0.1:1/none.git"}, "source:user:"),
    ],
)
def test_it_says_what_is_wrong_with_a_source(
    slipway: Slipway, git: GitServer, change: dict[str, str], code: str
) -> None:
    repository = git.repository("sourced")
    repository.commit(app("x"))
    settings = {"source_url": repository.url, **change}
    name = f"wrong-{abs(hash(tuple(change.items()))) % 10_000}"
    answer = slipway.http.post("/api/v1/apps", json={"project": name, "name": name, **settings})
    error = answer.json()
    if answer.status_code == 201:
        made = slipway.ended(answer.json()["deployment"]["id"])
        assert made["status"] == "failed"
        error = made["error"]
    assert error["code"].split(":")[1] == "user" and error["message"] and error["hint"], error


def test_it_leaves_a_live_app_alone_when_a_deploy_fails(slipway: Slipway, shop: Any) -> None:
    repository, first = shop
    host = host_of(slipway, first)
    repository.commit({"main.py": "raise SystemExit(1)\n"})
    with Load(slipway.edge_port, host, rate=50) as load:
        made = slipway.redeploy(first["service_id"])
    assert made["status"] == "failed"
    assert load.failures == [] and set(load.bodies) == {"one"}
    assert slipway.deployment(first["id"])["status"] == "live"


def test_it_brings_the_old_release_back_when_the_new_one_crashes(slipway: Slipway, shop: Any) -> None:
    repository, first = shop
    host = host_of(slipway, first)
    crash = 'answer = lambda handler: os._exit(7) if handler.path == "/crash" else GREETING'
    repository.commit(app("two", body=crash))
    made = slipway.redeploy(first["service_id"])
    assert made["status"] == "live"
    slipway.fetch(host, "/crash")
    until(lambda: slipway.deployment(made["id"])["status"] == "failed", 60)
    until(lambda: slipway.fetch(host).text == "one", 60)
    error = slipway.deployment(made["id"])["error"]
    assert error["code"] == "deploy:user:crashed-after-switch" and "7" in error["message"]
    newest = slipway.api("GET", f"/deployments?service_id={first['service_id']}")["items"][0]
    assert newest["trigger"] == "automatic" and newest["release_id"] == first["release_id"]


def test_it_deploys_the_newest_of_two_pushes_in_a_second(slipway: Slipway, shop: Any) -> None:
    repository, first = shop
    ids = []
    for text in ("two", "three", "four"):
        repository.commit(app(text))
        ids.append(slipway.api("POST", f"/services/{first['service_id']}/deployments")["id"])
    ended = [slipway.ended(pk)["status"] for pk in ids]
    assert ended[-1] == "live" and set(ended[:-1]) <= {"live", "superseded"}
    assert slipway.fetch(host_of(slipway, first)).text == "four"


def test_it_cancels_a_build_and_leaves_nothing_running(slipway: Slipway, shop: Any) -> None:
    repository, first = shop
    slipway.api("PATCH", f"/services/{first['service_id']}", build_command="sleep 293")
    repository.commit(app("two"))
    made = slipway.api("POST", f"/services/{first['service_id']}/deployments")
    until(lambda: _processes("sleep 293") and _processes(made["id"]), 120, lambda: slipway.text_of(made["id"]))
    other = slipway.api("POST", "/apps", project="next", name="next", source_url=repository.url)["deployment"]["id"]
    asked_at = datetime.now(UTC)
    slipway.api("POST", f"/deployments/{made['id']}/cancel")
    ended = slipway.ended(made["id"], seconds=60)
    assert ended["status"] == "cancelled"
    assert datetime.fromisoformat(ended["finished_at"]) - asked_at < timedelta(seconds=10)
    until(lambda: not _processes("sleep 293") and not _processes(made["id"]), 60)
    until(lambda: slipway.deployment(other)["status"] != "pending", 60)  # In the slot that is free.
    assert slipway.fetch(host_of(slipway, first)).text == "one"


def test_a_volume_outlives_deploys_and_its_service(slipway: Slipway, git: GitServer) -> None:
    count = 'open("/data/n", "a").write("x")\nanswer = lambda handler: str(len(open("/data/n").read()))'
    repository = git.repository("voluminous")
    repository.commit(app("x", body=count))
    made = slipway.deploy_app("voluminous", repository.url, volumes={"data": "/data"})
    assert made["status"] == "live", slipway.text_of(made["id"])
    again = slipway.redeploy(made["service_id"], no_cache=True)
    assert again["status"] == "live" and slipway.fetch(host_of(slipway, made)).text == "2"
    volume = slipway.api("GET", f"/volumes?service_id={made['service_id']}")["items"][0]
    slipway.api("DELETE", f"/services/{made['service_id']}?confirm=voluminous")
    until(lambda: not slipway.containers("--all", "--filter", f"label=slipway.service={made['service_id']}"), 60)
    name = f"slipway-{slipway.instance}-{volume['id']}"
    assert name in slipway.docker("volume", "ls", "--quiet")
    slipway.api("DELETE", f"/volumes/{volume['id']}?confirm=data")
    until(lambda: name not in slipway.docker("volume", "ls", "--quiet"), 60)


def test_a_domain_is_routed_at_once_and_belongs_to_one(slipway: Slipway, shop: Any) -> None:
    _, first = shop
    made = slipway.api("POST", f"/services/{first['service_id']}/domains", host="Shop.Example.Com")
    assert made["host"] == "shop.example.com"
    until(lambda: slipway.fetch("shop.example.com").text == "one", 60)
    taken = slipway.api("POST", f"/services/{first['service_id']}/domains", status=409, host="shop.example.com")
    assert taken["code"] == "domain:user:taken" and taken["hint"]
    slipway.api("DELETE", f"/domains/{made['id']}")
    until(lambda: slipway.fetch("shop.example.com").status_code == 404, 60)


def _processes(words: str) -> list[str]:
    from pathlib import Path

    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode().strip()
        except OSError:
            continue
        if words in line:
            found.append(path.parts[2])
    return found
