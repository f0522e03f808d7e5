"""What the supervisor runs, as data: each program's command, how it shows that it is ready, how it is asked to stop.

Not in charge of running any of it.
"""

from __future__ import annotations

import signal
from dataclasses import asdict, dataclass, field
from pathlib import Path

from paas.embedded import postgres, valkey
from paas.supervisor.builder import builder_env, tunnel_argv
from paas.supervisor.household import Household

SECRETS = (
    "SLIPWAY_SECRET_KEY", "SLIPWAY_VARIABLE_KEYS", "SLIPWAY_DATABASE_URL", "SLIPWAY_REDIS_URL",
    "SLIPWAY_PUSH_PASSWORD", "SLIPWAY_SIGN_KEY_PASSWORD", "SLIPWAY_GITHUB_CLIENT_SECRET",
    "SLIPWAY_GITHUB_WEBHOOK_SECRET", "SLIPWAY_GITHUB_PRIVATE_KEY",
)  # fmt: skip
AGENT_SETTINGS = ("SLIPWAY_", "TRAEFIK_", "DOCKER_")
AGENT_NEEDS = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "XDG_RUNTIME_DIR")


@dataclass(frozen=True)
class Ready:
    """How a program shows that it is ready; with none of these set, by having been started."""

    path: str = ""  # A file that exists.
    line: str = ""  # Words in its output.
    http: str = ""  # An address that answers 200.
    postgres: str = ""  # A data folder whose server accepts connections.
    valkey: str = ""  # A run folder whose server answers PING.


@dataclass(frozen=True)
class Program:
    """`module_argv` is run as `python -m` by a fork of the zygote; `argv` is executed. One of the two is set."""

    name: str
    argv: list[str] = field(default_factory=list)
    module_argv: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    ready: Ready = Ready()
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15.0
    ready_seconds: float = 60.0


@dataclass(frozen=True)
class Blueprint:
    """The settings that the supervisor itself needs; the children read all of them for themselves."""

    home: str
    instance: str
    bind: str
    port: int
    dashboard: str
    edge: str
    edge_port: int
    build_slots: int
    embedded_postgres: bool
    embedded_valkey: bool
    embedded_edge: bool
    builder: str = ""

    @property
    def household(self) -> Household:
        return Household(Path(self.home), self.instance)

    @property
    def tunnel(self) -> str:
        """Our end of the one to a builder."""
        return str(self.household.run / "builder.sock")

    def as_dict(self) -> dict[str, str | int | bool]:
        return asdict(self)


def postgres_program(data: Path, sockets: Path, user: postgres.OrdinaryUser) -> Program:
    return Program(
        "postgres",
        argv=postgres.server_argv(data, sockets, user),
        ready=Ready(postgres=str(data)),
        stop_signal=postgres.STOP_SIGNAL,
        stop_seconds=30,
    )


def valkey_program(data: Path, run_dir: Path) -> Program:
    return Program(
        "valkey",
        argv=valkey.server_argv(data, run_dir),
        ready=Ready(valkey=str(run_dir)),
        stop_signal=valkey.STOP_SIGNAL,
    )


def control_plane(plan: Blueprint, env: dict[str, str]) -> list[Program]:
    """What a restart replaces, in the order in which it is shown. All of it starts at once, after `migrate`."""
    tunnels = [tunnel_program(plan)] if plan.builder.startswith("ssh://") else []
    return [web_program(plan, env), *tunnels, worker_program(plan, env), agent_program(plan, env)]


def web_program(plan: Blueprint, env: dict[str, str]) -> Program:
    options = ["--host", plan.bind, "--port", str(plan.port), "--loop", "uvloop", "--http", "httptools"]
    sockets = ["--ws", "websockets-sansio", "--no-proxy-headers", "--no-server-header", "--no-access-log"]
    drain = ["--timeout-graceful-shutdown", "5"]
    return Program(
        "web",
        module_argv=["uvicorn", "paas.asgi:application", *options, *sockets, *drain],
        env=env,
        ready=Ready(http=f"http://{reachable(plan.bind)}:{plan.port}/readyz"),
    )


def tunnel_program(plan: Blueprint) -> Program:
    return Program("builder", argv=tunnel_argv(plan.builder, plan.tunnel), ready=Ready(path=plan.tunnel))


def worker_program(plan: Blueprint, env: dict[str, str]) -> Program:
    if plan.builder:
        env = env | builder_env(plan.builder, plan.tunnel, env)
    return Program(
        "worker",
        module_argv=["paas.worker", "worker", f"build={plan.build_slots}", "deploy=4", "quick=2"],
        env=env,
        ready=Ready(line="worker@slipway ready."),
    )


def agent_program(plan: Blueprint, env: dict[str, str]) -> Program:
    """It has the engine's socket, so it is given none of the control plane's keys, only its own token."""
    ready = plan.household.run / "agent.ready"
    shared = {name: value for name, value in env.items() if name in AGENT_NEEDS or name.startswith(AGENT_SETTINGS)}
    own = {
        "SLIPWAY_HOME": plan.home,
        "SLIPWAY_INSTANCE": plan.instance,
        "SLIPWAY_API_URL": f"http://{reachable(plan.bind)}:{plan.port}",
        "SLIPWAY_EDGE_PORT": str(plan.edge_port),
        "SLIPWAY_READY_FILE": str(ready),
    }
    return Program(
        "agent",
        module_argv=["workers.agent"],
        env={name: value for name, value in shared.items() if name not in SECRETS} | own,
        ready=Ready(path=str(ready)),
    )


def reachable(bind: str) -> str:
    """Where a server that listens on this address answers us."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)
    return f"[{name}]" if ":" in name else name
