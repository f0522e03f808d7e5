"""The agent's process: `python -m workers.agent`. Wires the parts together and ends them in order.

Ending it leaves every container and route as it is.
"""

from __future__ import annotations

import os
import sys
import threading

from workers.agent.client import ControlPlane
from workers.agent.config import AgentConfig, config_from
from workers.agent.converge import Converger
from workers.agent.ending import Ending
from workers.agent.environments import Environments
from workers.agent.log_positions import Positions
from workers.agent.log_reader import LogReader
from workers.agent.log_ways import LogWays
from workers.agent.logs import LogShipper
from workers.agent.metrics import Metrics
from workers.agent.names import Names
from workers.agent.networks import Networks
from workers.agent.reporter import Reporter
from workers.agent.store import Store
from workers.agent.world import World
from workers.docker import Engine
from workers.docker_records import Event
from workers.errors import PlatformError, SlipwayError
from workers.traefik import Routes


class Agent:
    def __init__(self, config: AgentConfig) -> None:
        self._config = config
        self._stopping = threading.Event()
        self._control = ControlPlane(config.api_url, config.host_token)
        self._engine = Engine(config.instance)
        store = Store(config.data_dir)
        environments = Environments(store)
        positions = Positions(config.data_dir / "positions")
        ways = LogWays(self._engine, LogReader(self._engine, config.data_dir / "log-reader"))
        self._logs = LogShipper(self._engine, self._control, positions, ways, environments.of)
        self._reporter = Reporter(self._control)
        world = World(
            engine=self._engine,
            networks=Networks(self._engine, config.network_pool),
            routes=Routes(config.routes_dir),
            logs=self._logs,
            store=store,
            environments=environments,
            names=Names(self._engine, environments, config.data_dir / "moving"),
            edge_url=config.edge_url,
            rotation=config.logs,
            sample_seconds=config.sample_seconds,
        )
        self._world = world
        self._converger = Converger(world, self._reporter, self._stopping)
        self._metrics = Metrics(
            self._engine,
            self._control,
            world.meter,
            lambda: self._converger.document,
            config.edge_metrics_url,
            config.sample_seconds,
        )

    def run(self) -> None:
        """Returns after SIGTERM or SIGINT."""
        ending = Ending()
        known = self._world.store.document()
        if known is not None:
            self._converger.take_up(known)
            self._ready()
        self._logs.start()
        self._reporter.start()
        self._converger.instances.start()
        self._metrics.start()
        for target in (self._converger.run, self._poll, self._watch_events):
            threading.Thread(target=target, name=target.__name__, daemon=True).start()
        ending.wait()
        self._stopping.set()
        self._converger.wake()
        self._world.names.stop(1.0)
        self._reporter.stop(1.0)
        self._logs.stop(1.0)

    def _poll(self) -> None:
        """Ask for the next document, for ever."""
        known = self._converger.document
        generation = known.generation if known else -1
        pause = 0.2
        while not self._stopping.is_set():
            try:
                document = self._control.desired(generation)
            except PlatformError as error:
                print(error.message, file=sys.stderr, flush=True)
                self._stopping.wait(pause)
                pause = min(pause * 2, 5.0)
                continue
            pause = 0.2
            if document is not None:
                generation = document.generation
                self._converger.want(document)
            self._ready()

    def _watch_events(self) -> None:
        """Something happened to a container of ours: look at once, not at the next tick."""
        while not self._stopping.is_set():
            try:
                for event in self._engine.events():
                    self._notice(event)
            except PlatformError as error:
                print(error.message, file=sys.stderr, flush=True)
            self._converger.wake()
            self._stopping.wait(0.5)

    def _notice(self, event: Event) -> None:
        if event.exit_code is not None:
            self._world.exit_codes[event.container] = event.exit_code
        if event.action == "oom":
            self._world.out_of_memory.add(event.container)
        if event.action == "destroy":
            self._world.exit_codes.pop(event.container, None)
            self._world.out_of_memory.discard(event.container)
            self._world.names.forget(event.container)
        if event.action in ("die", "destroy", "start", "oom"):
            self._converger.wake()
        if event.action == "pause" and self._world.names.is_moving(event.container):
            return
        if event.action in ("die", "destroy", "start", "oom", "pause", "unpause"):
            self._converger.instances.changed(event.service)

    def _ready(self) -> None:
        if self._config.ready_file is not None and not self._config.ready_file.exists():
            self._config.ready_file.touch()


def main() -> int:
    try:
        Agent(config_from(os.environ)).run()
    except SlipwayError as error:
        print(" ".join(filter(None, (error.message, error.hint))), file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # Threads in a call to the engine must not hold up the end; everything kept is on disk.
