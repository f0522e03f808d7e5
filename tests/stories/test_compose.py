"""A compose file from import to live and its next change: built, in order, by internal names, with a disk that is kept."""

from __future__ import annotations

import pytest

from tests.stories.git_server import GitServer
from tests.stories.slipway import Slipway, app

pytestmark = [pytest.mark.story, pytest.mark.docker]

COMPOSE = """
services:
  web:
    build: ./web
    ports: ["8080:8000"]
    environment: {STORE: "http://the_store:${STORE_PORT:-9000}/"}
    depends_on: [the_store]
  the_store:
    build: ./store
    command: ["python3", "-u", "main.py"]
    expose: [9000]
    volumes: ["data:/data"]
    healthcheck: {test: ["CMD", "python3", "-c", "import urllib.request as r; r.urlopen('http://localhost:9000')"]}
  cronjob:
    build: ./store
    network_mode: host
volumes: {data: {}}
"""
ASKS = """
import urllib.request
answer = lambda handler: "store said " + urllib.request.urlopen(os.environ["STORE"], timeout=5).read().decode()
"""
COUNTS = """
with open("/data/starts", "a") as file:
    file.write("x")
answer = lambda handler: str(len(open("/data/starts").read()))
"""


def test_it_makes_services_that_speak_to_each_other(slipway: Slipway, git: GitServer) -> None:
    repository = git.repository("composed")
    files = {f"web/{name}": text for name, text in app("web", body=ASKS).items()}
    files |= {f"store/{name}": text for name, text in app("store", body=COUNTS).items()}
    repository.commit({**files, "compose.yml": COMPOSE})
    made = slipway.api("POST", "/compose", source_url=repository.url, project="composed")
    assert [one["service"] for one in made["deployments"]] == ["the_store", "web"]
    refused = [one for one in made["compose"]["findings"] if one["kind"] == "refused"]
    assert [(one["service"], one["key"], one["line"]) for one in refused] == [("cronjob", "network_mode", 16)]
    store, web = (slipway.ended(one["id"]) for one in made["deployments"])
    assert [store["status"], web["status"]] == ["live", "live"], slipway.text_of(web["id"]) + slipway.text_of(
        store["id"]
    )
    assert store["live_at"] < web["live_at"]
    assert slipway.api("GET", f"/services/{store['service_id']}")["urls"] == [], "only its siblings reach it"
    host = slipway.api("GET", f"/services/{web['service_id']}")["urls"][0].split("//")[1].split(":")[0]
    assert slipway.fetch(host).text == "store said 1"
    assert slipway.redeploy(store["service_id"])["status"] == "live"
    assert slipway.fetch(host).text == "store said 2", "the name leads to the new one, which has the disk of the old"
    changed = (
        COMPOSE.replace("8080:8000", "8080:8765").replace("cronjob", "later").replace("    network_mode: host\n", "")
    )
    repository.commit({"compose.yml": changed})
    again = slipway.redeploy(web["service_id"])
    assert again["status"] == "live", slipway.text_of(again["id"])
    assert [one["text"] for one in again["compose"]] == [
        "port: 8765, was 8000.", "later is new, and not made yet. Read the file again to add it."
    ]  # fmt: skip
    assert slipway.fetch(host).text == "store said 2", "it listens where the file says now"
    told = slipway.api("POST", "/compose", source_url=repository.url, project="composed", dry_run=True)
    assert (told["added"], told["kept"], told["changed"]) == (["later"], ["the_store", "web"], {})
