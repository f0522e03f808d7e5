"""Waits until fresh containers are well, or says why they will not be."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from workers.agent.diagnosis import ended, unhealthy
from workers.agent.health import Answer, ask, host_header
from workers.agent.own_check import answer_of, unwell
from workers.agent.redaction import last_lines, redactor_of
from workers.agent.world import Check, Replica, World
from workers.desired import Health, Process, Service

EAGER_SECONDS, EAGER_PAUSE = 5.0, 0.025  # Most apps listen within seconds: notice it at once, then ask as set.
UNHEARD_PAUSE = 0.01  # While nothing listens: no app sees that it is asked.
LOOK_EVERY = 0.1  # How often the engine is asked whether it still runs.
SETTLED_SECONDS = 1.0  # For a release that has nothing to ask.


def wait_until_healthy(service: Service, world: World, fresh: list[Replica], check: Check) -> None:
    """All of them within the one deadline. Raises UserError with a diagnosis."""
    deadline = time.monotonic() + service.release.health.deadline_seconds
    by_command = service.release.health.command is not None
    asked = [replica for replica in fresh if by_command or replica.port is not None]
    for replica in asked:
        _wait_for(service, world, replica, deadline, check)
    silent = [replica for replica in fresh if replica not in asked]
    settled = time.monotonic() + (0 if asked else SETTLED_SECONDS)
    for replica in silent:
        _raise_if_ended(service, world, replica)
    while silent and time.monotonic() < settled:
        check()
        time.sleep(LOOK_EVERY)
        for replica in silent:
            _raise_if_ended(service, world, replica)
    world.proved_at.update((replica.id, datetime.now(UTC)) for replica in asked)


def _wait_for(service: Service, world: World, replica: Replica, deadline: float, check: Check) -> None:
    health = service.release.health
    host = host_header(service, replica.address)
    started = looked = time.monotonic()
    answer = Answer(False)
    while (now := time.monotonic()) < deadline:
        check()
        asked = _within(health, deadline - now)
        if health.command is not None:
            newest = answer_of(world.engine, replica.id)
        else:
            newest = ask(replica.address, replica.port or 0, asked, host)
        if newest.healthy:
            return
        answer = more_telling(answer, newest, cut_short=asked.timeout_seconds < health.timeout_seconds)
        if now - looked >= LOOK_EVERY:
            looked = now
            _raise_if_ended(service, world, replica)
        eager = EAGER_PAUSE if answer.listens else UNHEARD_PAUSE
        pause = eager if now - started < EAGER_SECONDS else health.interval_seconds
        _sleep(min(pause, deadline - time.monotonic()), check)
    _raise_if_ended(service, world, replica)
    state = world.engine.inspect(replica.id)["State"]
    redacting = redactor_of(service.release)
    if health.command is not None:
        raise unwell(state, health, redacting)
    pid = int(state["Pid"])
    said = last_lines(world.engine, replica.id, 20, redacting)
    raise unhealthy(pid, _process(service, replica), health, answer, said)


def more_telling(before: Answer, newest: Answer, *, cut_short: bool) -> Answer:
    """A question that the deadline cut short says nothing against an answer that came before it."""
    return before if cut_short and newest.status is None and before.listens else newest


def _within(health: Health, seconds: float) -> Health:
    return health.model_copy(update={"timeout_seconds": min(health.timeout_seconds, seconds)})


def _sleep(seconds: float, check: Check) -> None:
    """In small pieces: an hour between two questions must not keep a newer document waiting."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, LOOK_EVERY))
        check()


def _raise_if_ended(service: Service, world: World, replica: Replica) -> None:
    told = world.engine.inspect(replica.id)
    state = told["State"]
    if told["RestartCount"] and state["Status"] == "running":
        code, killed = world.exit_codes.get(replica.id, "unknown"), replica.id in world.out_of_memory
        state = {**state, "Status": "restarting", "ExitCode": code, "OOMKilled": killed}
    if not state.get("OOMKilled") and state["Status"] == "running":
        return
    limit = _process(service, replica).limits.memory_bytes
    error = ended(state, limit, last_lines(world.engine, replica.id, 20, redactor_of(service.release)))
    if error:
        raise error


def _process(service: Service, replica: Replica) -> Process:
    return service.release.processes[replica.process]
