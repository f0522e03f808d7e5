"""Takes away what an instance has in the engine: `python -m workers.agent.purge [--volumes] [--images]`.

Containers, networks and routes always; volumes and images only when asked. The document stays on disk: the agent's next
start brings the apps back. The edge is stopped too.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workers.docker import Engine
from workers.docker_records import Container
from workers.errors import PlatformError, SlipwayError
from workers.traefik import Routes

STOP_SECONDS = 10.0


def purge(engine: Engine, routes: Routes, *, volumes: bool = False, images: bool = False) -> None:
    """Only what carries the instance's label is touched. Routes go first, so that the edge sends nobody anywhere."""
    for service in routes.services():
        routes.remove(service)
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda container: _remove(engine, container), engine.containers()))
    for network in engine.networks():
        engine.remove_network(network.id)
    if volumes:
        for name, _ in engine.volumes():
            engine.remove_volume(name)
    if images:
        for image in engine.image_ids():
            _remove_image(engine, image)


def _remove(engine: Engine, container: Container) -> None:
    engine.stop(container.id, min(float(container.label("stop_seconds") or STOP_SECONDS), STOP_SECONDS))
    engine.remove(container.id)


def _remove_image(engine: Engine, image: str) -> None:
    try:
        engine.remove_image(image)
    except PlatformError as error:  # Another's container uses it, or another image is built on it.
        print(error.message, file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m workers.agent.purge", description=__doc__)
    parser.add_argument("--volumes", action="store_true", help="remove the data of the apps, too")
    parser.add_argument("--images", action="store_true", help="remove the images of all releases, too")
    told = parser.parse_args()
    instance, home = os.environ.get("SLIPWAY_INSTANCE", ""), os.environ.get("SLIPWAY_HOME", "")
    if not instance or not home:
        parser.error("SLIPWAY_INSTANCE and SLIPWAY_HOME must be set")
    routes = Routes(Path(os.environ.get("TRAEFIK_ROUTES_DIR") or Path(home, "edge", "routes")))
    try:
        purge(Engine(instance), routes, volumes=told.volumes, images=told.images)
    except SlipwayError as error:
        print(error.message, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
