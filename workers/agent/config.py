"""The agent's settings, from the environment. Says all wrong ones at once.

Not in charge of the control plane's (`paas.config`): an agent may run on a host without one.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workers.agent.spec import LogRotation
from workers.errors import UserError


@dataclass(frozen=True)
class AgentConfig:
    """`data_dir` holds the last document and what is remembered between starts; readable by its owner only."""

    api_url: str
    host_token: str
    instance: str
    data_dir: Path
    routes_dir: Path
    edge_url: str
    network_pool: ipaddress.IPv4Network
    ready_file: Path | None = None
    logs: LogRotation = LogRotation()
    sample_seconds: float = 10.0  # Between two reports of the containers and of what they use.
    edge_metrics_url: str = ""  # Of an edge that is not ours; our own is found by its label.


def config_from(environment: Mapping[str, str]) -> AgentConfig:
    """Raises UserError that names every missing or wrong setting."""
    get = environment.get
    wrong = [f"{name} is not set" for name in _NEEDED if not get(name)]
    if get("SLIPWAY_INSTANCE") and not re.fullmatch("[0-9a-f]{8}", get("SLIPWAY_INSTANCE", "")):
        wrong.append("SLIPWAY_INSTANCE must be eight hex digits")
    pool = _pool(get("SLIPWAY_NETWORK_POOL") or "10.201.0.0/16", wrong)
    sample_seconds = _seconds(get("SLIPWAY_SAMPLE_SECONDS") or "10", wrong)
    if wrong or pool is None:
        raise UserError("agent:user:bad-settings", f"The agent can not start: {'; '.join(wrong)}.")
    home = Path(environment["SLIPWAY_HOME"]).resolve()
    return AgentConfig(
        api_url=environment["SLIPWAY_API_URL"].rstrip("/"),
        host_token=environment["SLIPWAY_HOST_TOKEN"],
        instance=environment["SLIPWAY_INSTANCE"],
        data_dir=home / "agent",
        routes_dir=Path(get("TRAEFIK_ROUTES_DIR") or home / "edge" / "routes"),
        edge_url=(get("TRAEFIK_URL") or f"http://127.0.0.1:{get('SLIPWAY_EDGE_PORT') or 8080}").rstrip("/"),
        network_pool=pool,
        ready_file=Path(environment["SLIPWAY_READY_FILE"]) if get("SLIPWAY_READY_FILE") else None,
        logs=LogRotation(get("SLIPWAY_LOG_SIZE") or "20m", int(get("SLIPWAY_LOG_FILES") or 5)),
        sample_seconds=sample_seconds,
        edge_metrics_url=get("TRAEFIK_METRICS_URL") or "",
    )


_NEEDED = ("SLIPWAY_API_URL", "SLIPWAY_HOST_TOKEN", "SLIPWAY_INSTANCE", "SLIPWAY_HOME")


def _pool(text: str, wrong: list[str]) -> ipaddress.IPv4Network | None:
    try:
        pool = ipaddress.IPv4Network(text)
    except ValueError:
        wrong.append(f"SLIPWAY_NETWORK_POOL is no network: {text}")
        return None
    if pool.prefixlen > 24:
        wrong.append("SLIPWAY_NETWORK_POOL must hold a /24")
    return pool


def _seconds(text: str, wrong: list[str]) -> float:
    if not re.fullmatch(r"[1-9][0-9]?", text):
        wrong.append(f"SLIPWAY_SAMPLE_SECONDS must be 1 to 99: {text}")
        return 0.0
    return float(text)
