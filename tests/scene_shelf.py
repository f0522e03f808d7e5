"""Repositories with compose files, and the git server that they are fetched from. For pictures."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.workers.git_server import make_repository, served

FIRST = """name: corner shop
services:
  web:
    build: ./web
    container_name: corner-shop-web
    ports: ["8080:8000"]
    restart: unless-stopped
    environment:
      STORE: http://store:9000
      API_TOKEN: ${API_TOKEN:?ask for one}
      GREETING: ${GREETING:-hello}
    depends_on: [store]
  jobs:
    build: ./web
    command: python jobs.py
    environment: {STORE: "http://store:9000"}
    depends_on: [broker]
  broker:
    image: ghcr.io/acme/broker:2
    expose: [5672]
  store:
    image: ghcr.io/acme/store:1.4
    expose: [9000]
    environment: {DB_PASSWORD: "${DB_PASSWORD}"}
    volumes: ["data:/data"]
    healthcheck: {test: [CMD, store, ping]}
  metrics:
    image: ghcr.io/acme/node-metrics:3
    privileged: true
    network_mode: host
    volumes: ["/:/host:ro"]
volumes: {data: {}}
networks: {front: {}}
"""
SECOND = (
    FIRST.replace("8080:8000", "8080:8080")
    .replace("store:1.4", "store:1.5")
    .replace("GREETING:-hello", "GREETING:-good day")
    .replace("  metrics:", "  cache:\n    image: ghcr.io/acme/cache:7\n  metrics:")
    .replace("    restart: unless-stopped\n", "    restart: unless-stopped\n    mem_limit: 384m\n")
)
FILES = {"compose.yml": FIRST, "web/Dockerfile": "FROM scratch\n", ".env": "DB_PASSWORD=for-pictures\n"}
FOUND = {**FILES, "compose.yml": FIRST.replace("corner", "tea")}
WRONG = {"compose.yml": "services:\n  web:\n    build: .\n    ports: [8080:8000\n  store:\n    image: store\n"}
REFUSED = {"compose.yml": "services:\n  agent:\n    image: ghcr.io/acme/agent:2\n    pid: host\n    privileged: true\n"}


@dataclass(frozen=True)
class Shelf:
    """Repositories, and where they are served."""

    folder: Path
    url: str

    def address(self, name: str) -> str:
        return f"{self.url}/{name}/.git"


@contextmanager
def shelf() -> Iterator[Shelf]:
    with tempfile.TemporaryDirectory(prefix="slipway-scene-") as name:
        folder = Path(name)
        for repository, files in (("corner-shop", FILES), ("tea-house", FOUND), ("typo", WRONG), ("agent", REFUSED)):
            make_repository(folder / repository, files)
        with served(folder) as (url, _):
            yield Shelf(folder, url)
