"""What the handles of the Makefile do: up, restart, down, reset, status, logs, link, token.

Not in charge of starting or stopping single programs: `paas.supervisor.daemon` is, in the background.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from paas.embedded import engine, processes
from paas.supervisor import lock, ports, reading
from paas.supervisor.control import Answer, ask
from paas.supervisor.env_file import given_settings, read_env
from paas.supervisor.household import Household, make_household, open_household, own_servers
from paas.supervisor.programs import Blueprint
from workers.errors import PlatformError, UserError

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS, STOP_SECONDS = 180.0, 90.0
NOT_RUNNING = 3
ALREADY_RUNNING = 3  # What `paas.supervisor.daemon` exits with when the lock is held.


def up(home: Path) -> int:
    """Start everything, or find it started; returns when it is ready, having told the addresses."""
    place = make_household(home)
    if lock.holder(place.lock) is None:
        plan = _read_plan(place)
        check_ports(plan)
        if os.environ.get("FOREGROUND", "") not in ("", "0"):
            os.execv(sys.executable, [*daemon_argv(plan), "--foreground"])  # noqa: S606  (no shell)
        _start_daemon(place, plan)
    _wait_until_ready(place)
    return announce(place)


def restart(home: Path) -> int:
    """Replace the control plane by what the checkout now holds. Apps and the edge are not touched."""
    place = make_household(home)
    pid = lock.holder(place.lock)
    if pid is None:
        return up(home)
    os.environ.update(given_settings(read_environment(pid)) | given_settings(dict(os.environ)))
    plan = _read_plan(place)
    before = _request(place, {"command": "status"})
    _request(place, {"command": "restart", "argv": daemon_argv(plan), "env": dict(os.environ)})
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        now = ask(place.control, {"command": "status"})
        if now is not None and now["run"] != before["run"]:
            break
        time.sleep(0.02)
    _wait_until_ready(place)
    return announce(place)


def down(home: Path, *, volumes: bool = False) -> int:
    """Stop the control plane, then apps and the edge. Data stays, unless `volumes`."""
    place = open_household(home)
    if place is None:
        print(f"Nothing was ever started in {home}.")
        return 0
    _adopt_settings(place)
    _stop_daemon(place)
    environment = read_env(place.home / "env") | dict(os.environ) | {"SLIPWAY_HOME": str(place.home)}
    _run_module(["workers.build.egress_firewall"], environment)
    _run_module(["workers.agent.purge", *(["--volumes", "--images"] if volumes else [])], environment)
    _run_module(["paas.supervisor.edge", "stop"], environment)
    if not volumes:
        print(f"Slipway is down: control plane, apps and edge. All data is kept in {place.home} and in Docker volumes.")
    return 0


def reset(home: Path, *, force: bool) -> int:
    """Remove everything of this installation: apps, volumes, database, keys."""
    if open_household(home) is None:
        print(f"Nothing was ever started in {home}.")
        return 0
    if not force:
        question = (
            f"This removes every app, volume, build and key of the installation in {home}. Type 'reset' to go on: "
        )
        if not sys.stdin.isatty() or input(question).strip() != "reset":
            print("Nothing was removed. FORCE=1 make reset does not ask.", file=sys.stderr)
            return 1
    place = make_household(home)
    down(home, volumes=True)
    elsewhere = own_servers(read_env(place.home / "env") | dict(os.environ))
    shutil.rmtree(place.run)
    for entry in home.iterdir():
        shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    if elsewhere:
        print(
            f"Slipway is reset on this machine. What it keeps in the servers of {' and '.join(elsewhere)} is still there, "
            "and its keys are gone: empty them before `make up`."
        )
    else:
        print("Slipway is reset: nothing of it is left. `make up` starts afresh.")
    return 0


def status(home: Path, *, as_json: bool) -> int:
    place = open_household(home)
    answer = (ask(place.control, {"command": "status"}) if place else None) or {"state": "down", "processes": []}
    shown: dict[str, Any] = {"dashboard": None, "edge": None, "home": str(home)} | answer
    if place is not None and shown.get("embedded_edge", True):
        shown["processes"] = [*shown["processes"], edge_status(place.instance)]
    print(json.dumps(shown, indent=1) if as_json else as_table(shown))
    return 0 if shown["state"] == "ready" else NOT_RUNNING


def logs(home: Path, *, follow: bool) -> int:
    log = home / "log" / "slipway.log"
    if not log.exists():
        raise UserError("supervisor:user:no-log", f"There is no log in {home} yet.", hint="make up")
    try:
        reading.show(log, follow=follow)
    except KeyboardInterrupt:
        return 0
    return 0


def run_management(home: Path, command: str) -> int:
    """`manage.py <command>` of the running control plane, with nothing else on stdout."""
    place = open_household(home)
    answer = _run_in(place, command) if place else None
    if answer is None:
        raise UserError("supervisor:user:not-running", "Slipway is not running.", hint="Start it first: make up")
    print("\n".join(answer["error"]), file=sys.stderr, end="\n" if answer["error"] else "")
    print("\n".join(answer["out"]), end="\n" if answer["out"] else "")
    return int(answer["code"])


def announce_home(home: Path) -> int:
    """For the supervisor in the foreground, once it is ready."""
    return announce(make_household(home))


def announce(place: Household) -> int:
    """Tell where everything is. A sample that fails is told and does not fail `make up`."""
    told = [("Dashboard", _request(place, {"command": "status"})["dashboard"])]
    setup = _run_in(place, "link", "--setup")
    if setup is not None and (said := setup["out"] or setup["error"][-3:]):
        told.append(("Setup", "\n".join(said)))
    if os.environ.get("SLIPWAY_SAMPLE", "1") != "0":
        told += _sample(place)
    print("\n".join(f"{name + ':' if name else '':<11}{value}" for name, value in told), flush=True)
    return 0


def _sample(place: Household) -> list[tuple[str, str]]:
    see = ("", "make logs FOLLOW=0 shows the log")
    try:
        sample = _run_in(place, "ensure_sample")
    except PlatformError as slow:
        return [("Sample", f"not live yet: {slow.message}"), see]
    if sample is None or not (said := sample["out"] or sample["error"]):
        return []
    if sample["code"] == 0:
        return [("Sample", "\n".join(said))]
    return [("Sample", f"not live: {' '.join(said[-5:])}"), see]


def check_ports(plan: Blueprint) -> None:
    """Before anything starts. The edge's own port is no conflict with itself."""
    if not ports.is_free(plan.bind, plan.port):
        raise ports.taken(plan.port, "SLIPWAY_PORT", "the dashboard")
    if plan.embedded_edge and not ports.is_free("0.0.0.0", plan.edge_port) and not is_our_edge(plan):
        raise ports.taken(plan.edge_port, "SLIPWAY_EDGE_PORT", "the edge")


def is_our_edge(plan: Blueprint) -> bool:
    """Whether the container of our own edge is the one that runs; what else it may be, the edge's start says."""
    from workers.edge import edge_state

    return edge_state(plan.instance).state in ("running", "restarting")


def daemon_argv(plan: Blueprint) -> list[str]:
    return [sys.executable, "-m", "paas.supervisor.daemon", json.dumps(plan.as_dict())]


def edge_status(instance: str) -> dict[str, Any]:
    """Of the edge's container, which is no child of ours: its process may be another user's."""
    state = engine.container_state(f"slipway-{instance}-edge") or {}
    pid = state.get("Pid") or None
    return {
        "name": "edge",
        "state": state.get("Status") or "stopped",
        "pid": pid,
        "uptime_seconds": processes.uptime_seconds(pid) if pid else None,
        "restarts": 0,
        "last_exit": None,
    }


def as_table(shown: dict[str, Any]) -> str:
    lines = [f"Slipway is {shown['state']}."]
    for name in ("dashboard", "edge", "home"):
        lines += [f"{name + ':':<11}{shown[name]}"] if shown[name] else []
    row = "{name:<15} {state:<9} {pid:>8} {uptime:>10} {restarts:>9}"
    if shown["processes"]:
        lines += ["", row.format(name="PROCESS", state="STATE", pid="PID", uptime="UPTIME", restarts="RESTARTS")]
    for process in shown["processes"]:
        uptime = f"{process['uptime_seconds']:.0f} s" if process["uptime_seconds"] is not None else "-"
        lines.append(row.format(**(process | {"pid": process["pid"] or "-", "uptime": uptime})))
    return "\n".join(lines)


def read_environment(pid: int) -> dict[str, str]:
    """The environment with which a process of ours was started."""
    pairs = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="surrogateescape").split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def _read_plan(place: Household) -> Blueprint:
    """Loads all settings: a third of a second that only a start needs, and no other command."""
    from paas.supervisor.plan import read_plan

    return read_plan(place)


def _adopt_settings(place: Household) -> None:
    pid = lock.holder(place.lock)
    if pid is not None:
        os.environ.update(given_settings(read_environment(pid)) | given_settings(dict(os.environ)))


def _start_daemon(place: Household, plan: Blueprint) -> None:
    """In a session of its own, so that it goes on when the terminal is closed."""
    with (place.home / "log" / "supervisor.out").open("wb") as out:
        daemon = subprocess.Popen(
            daemon_argv(plan), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    while ask(place.control, {"command": "status"}) is None:
        if daemon.poll() == ALREADY_RUNNING:
            return  # Somebody else's `make up` was a moment quicker: it is waited for.
        if daemon.poll() is not None:
            said = (place.home / "log" / "supervisor.out").read_text(errors="replace").strip()
            raise PlatformError("supervisor:platform:start", f"The supervisor ended: {said[-800:]}")
        time.sleep(0.01)


def _wait_until_ready(place: Household) -> None:
    answer = _request(place, {"command": "wait"}, seconds=START_SECONDS)
    if answer["state"] not in ("ready", "degraded"):
        _stop_daemon(place)
        raise PlatformError("supervisor:platform:start", answer["failure"] or "Slipway was stopped while it started.")


def _request(place: Household, request: dict[str, Any], *, seconds: float = 10.0) -> Answer:
    """Of a supervisor that runs. One that has just begun may not listen yet."""
    deadline = time.monotonic() + 10
    while (answer := ask(place.control, request, seconds=seconds)) is None:
        if lock.holder(place.lock) is None or time.monotonic() > deadline:
            raise PlatformError(
                "supervisor:platform:gone", "The supervisor ended.", hint="make logs FOLLOW=0 says why."
            )
        time.sleep(0.02)
    return answer


def _run_in(place: Household, *command: str) -> Answer | None:
    return ask(
        place.control, {"command": "run", "module_argv": ["django", *command, "--skip-checks"]}, seconds=START_SECONDS
    )


def _stop_daemon(place: Household) -> None:
    pid = lock.holder(place.lock)
    if pid is None:
        return
    daemon = processes.identity(pid)
    ask(place.control, {"command": "stop"})
    deadline = time.monotonic() + STOP_SECONDS
    while daemon is not None and daemon.is_alive():
        if time.monotonic() > deadline:
            raise PlatformError(
                "supervisor:platform:stop", f"The supervisor (pid {pid}) does not end.", hint=f"kill -9 {pid}"
            )
        time.sleep(0.02)


def _run_module(module_argv: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run([sys.executable, "-m", *module_argv], cwd=ROOT, env=environment, check=False)
    if done.returncode != 0:
        raise PlatformError("supervisor:platform:purge", f"python -m {' '.join(module_argv)} failed, see above.")
