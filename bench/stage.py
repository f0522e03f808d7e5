"""What the figures are taken on: a Slipway of its own, git on loopback, the same by hand. Made at need, all removed."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bench.by_hand import ByHand
from bench.edge_poll import wait_for
from bench.samples import flask_app
from tests.stories.git_server import GitServer, Repository
from tests.stories.slipway import Slipway, until

# As an installation has them; the stories have shorter ones.
USUAL = {"SLIPWAY_LEASE_SECONDS": "30", "SLIPWAY_RECONCILE_SECONDS": "10"}


@dataclass(frozen=True)
class Rounds:
    """How often each thing is done."""

    warm: int = 7
    cold: int = 3
    rollbacks: int = 7
    steady_deploys: int = 50
    steady_rollbacks: int = 10
    ticks: int = 300
    flood: int = 300_000
    requests: int = 50
    idle_seconds: float = 20.0
    webhook_seconds: int = 30
    cold_builds: int = 1
    warm_builds: int = 5
    neighbour_seconds: float = 20.0


QUICK = Rounds(warm=3, cold=1, rollbacks=3, steady_deploys=6, steady_rollbacks=2, ticks=200, flood=200_000, requests=20,
               webhook_seconds=5, warm_builds=3, neighbour_seconds=8.0)  # fmt: skip


@dataclass(frozen=True)
class App:
    """A service that is live, its repository and its host name."""

    slipway: Slipway
    repository: Repository
    id: str
    host: str

    def deploy(self, files: dict[str, str], text: str, *, no_cache: bool = False) -> tuple[float, dict[str, Any]]:
        """Seconds from the trigger to the first answer `text` at the edge, and the deployment once it ended."""
        self.repository.commit(files)
        return self._timed(f"/services/{self.id}/deployments", text, no_cache=no_cache)

    def roll_back(self, release: str, text: str) -> tuple[float, dict[str, Any]]:
        return self._timed(f"/services/{self.id}/rollback", text, release_id=release)

    def _timed(self, path: str, text: str, **body: Any) -> tuple[float, dict[str, Any]]:
        began = time.perf_counter()
        made = self.slipway.api("POST", path, **body)
        wait_for(self.slipway.edge_port, text, host=self.host)
        took = time.perf_counter() - began
        return took, until(lambda: self.drained(made["id"]), 60)

    def drained(self, pk: str) -> dict[str, Any] | None:
        """The deployment, once its predecessor is gone and disturbs nothing that follows."""
        row = self.slipway.deployment(pk)
        ended = [step["name"] for step in row["steps"] if step["finished_at"]]
        return row if row["status"] == "live" and "drain" in ended else None


class Stage:
    """`with Stage(rounds) as stage: stage.flask.deploy(...)`."""

    def __init__(self, rounds: Rounds) -> None:
        self.rounds = rounds
        self._stack = ExitStack()

    def __enter__(self) -> Stage:
        self.folder = Path(tempfile.mkdtemp(prefix="slipway-bench-"))
        self.folder.chmod(0o755)  # PostgreSQL runs under another user.
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.git = self._stack.enter_context(GitServer(self.folder))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def new_slipway(self, name: str, **settings: str) -> Slipway:
        """Not started yet; reset in the end."""
        made = Slipway(self.folder / name, **USUAL, **settings)
        self._stack.callback(made.command, "reset", check=False, FORCE="1")
        return made

    @cached_property
    def slipway(self) -> Slipway:
        made = self.new_slipway("home")
        made.up()
        made.sign_in()
        return made

    @cached_property
    def hand(self) -> ByHand:
        """Warm: it has deployed once."""
        made = self._stack.enter_context(ByHand(self.folder / "hand", self.flask.repository.url))
        self.flask.repository.commit(flask_app("by hand"))
        made.deploy("by hand")
        return made

    @cached_property
    def flask(self) -> App:
        return self.new_app("flask", flask_app("first"))

    def new_app(self, name: str, files: dict[str, str]) -> App:
        repository = self.git.repository(name)
        repository.commit(files)
        made = self.slipway.api("POST", "/apps", project=name, name=name, source_url=repository.url)
        deployment = self.slipway.ended(made["deployment"]["id"], seconds=300)
        if deployment["status"] != "live":
            raise AssertionError(self.slipway.text_of(deployment["id"]))
        service = made["service"]
        host = str(service["urls"][0]).split("//")[1].split(":")[0]
        return App(self.slipway, repository, service["id"], host)
