"""Replaces what runs of a service by what should run, without a dropped request.

Not in charge of deciding what should run: the control plane did. Each step looks at the world first, so that a rollout
that was cut off goes on where it stood.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from workers.agent.drains import Drains
from workers.agent.images import telling
from workers.agent.probe import wait_until_routed
from workers.agent.redaction import last_lines, redactor_of, told
from workers.agent.reporter import Steps
from workers.agent.spec import web_process
from workers.agent.store import Attempt, Memory
from workers.agent.until_healthy import wait_until_healthy
from workers.agent.world import Check, Replica, World, belongs
from workers.build.shell_line import line_of
from workers.desired import Service, StepName
from workers.errors import PlatformError, SlipwayError, Stopped, UserError
from workers.traefik import service_file

LAST_LINES = 100


class Failed(Exception):
    """A rollout ended before its switch; it is reported and undone."""


def roll_out(service: Service, world: World, drains: Drains, steps: Steps, check: Check) -> list[Replica]:
    """Give what runs now. Raises Failed after undoing, or Stopped when another document came first."""
    attempt = Attempt(service.deployment, service.fence)
    at: list[StepName] = ["start"]
    try:
        with _undone_on_failure(service, world, steps, at):
            if first_step(service, world.store.memory(service.key)) == "release":
                _run_release_command(service, world, steps, check, at)
            fresh = _start(service, world, drains, steps, check, at)
            _wait(service, world, fresh, steps, check, at)
            _switch(service, world, fresh, steps, check, at)
    except Failed:
        raise
    world.store.remember(
        service.key,
        live=attempt,
        release=service.release.id,
        switched_at=time.time(),
        observed=None if not steps.quiet else True,
        observed_error=None,
        failed=None,
        error=None,
    )
    _drain(service, world, drains, steps)
    return fresh


def route(service: Service, running: list[Replica]) -> dict[str, object] | None:
    """The route file's content, or None when nothing is to be routed."""
    web = web_process(service.release)
    addresses = [f"{r.address}:{r.port}" for r in running if r.process == web]
    return service_file(service, addresses) if service.routes and addresses else None


def first_step(service: Service, memory: Memory) -> StepName:
    """What a rollout begins with."""
    attempt = Attempt(service.deployment, service.fence)
    return "release" if service.release.release_command and memory.released != attempt else "start"


def announce(service: Service, memory: Memory, steps: Steps) -> None:
    """Said of a rollout that waits for its turn: the control plane counts on hearing of it."""
    step = first_step(service, memory)
    steps.running(step, _command(service, step))


def _command(service: Service, step: StepName) -> str:
    """As a person would type it."""
    release = service.release
    return line_of(release.release_command or []) if step == "release" else f"docker run {release.image}"


def _run_release_command(service: Service, world: World, steps: Steps, check: Check, at: list[StepName]) -> None:
    at[0] = "release"
    steps.running("release", _command(service, "release"))
    for stale in world.containers(service, "release"):
        world.dispose(stale.id, 2)
    world.need_image(service, telling(check, steps, "release"))
    process = web_process(service.release) or min(service.release.processes)
    job = world.start(service, process, 0, role="release")
    while (state := world.engine.inspect(job.id)["State"])["Status"] in ("created", "running"):
        check()
        time.sleep(0.05)
    if state["ExitCode"] == 0:  # First of all: whatever fails from here on, it does not run twice.
        world.store.remember(service.key, released=Attempt(service.deployment, service.fence))
    last = last_lines(world.engine, job.id, 5, redactor_of(service.release))
    world.dispose(job.id, 2)
    if state["ExitCode"] != 0:
        raise UserError(
            "deploy:user:release-command-failed",
            f"The release command exited with code {state['ExitCode']}. {' | '.join(last)[-500:]}".strip(),
            hint="Nothing was switched. Mend the command or what it needs, and deploy again.",
        )
    steps.succeeded("release")


def _start(
    service: Service, world: World, drains: Drains, steps: Steps, check: Check, at: list[StepName]
) -> list[Replica]:
    """One of this deployment that was on its way out is taken back: the control plane wants it again."""
    at[0] = "start"
    steps.running("start", _command(service, "start"))
    late = drains.spare([c for c in world.containers(service) if belongs(c, service)])
    drains.wait_until_gone(late, check)
    fresh = world.start_missing(service, world.containers(service), telling(check, steps, "start"))
    steps.succeeded("start")
    return fresh


def _wait(service: Service, world: World, fresh: list[Replica], steps: Steps, check: Check, at: list[StepName]) -> None:
    at[0] = "health"
    health = service.release.health
    asks = line_of(health.command) if health.command else f"GET {health.path}" if health.path else "connect"
    steps.running("health", asks)
    wait_until_healthy(service, world, fresh, check)
    steps.succeeded("health")


def _switch(
    service: Service, world: World, fresh: list[Replica], steps: Steps, check: Check, at: list[StepName]
) -> None:
    """Siblings first. Returns once the edge answers with the new release; else the route is as it was."""
    at[0] = "switch"
    world.names.give(service, [c for c in world.containers(service) if belongs(c, service)])
    content = route(service, fresh)
    if content is None:
        world.routes.remove(service.key)
        steps.skipped("switch")
        return
    steps.running("switch", f"route {', '.join(r.host + r.path for r in service.routes)}")
    before = world.routes.read(service.key)
    world.routes.write(service.key, content)
    try:
        wait_until_routed(world.edge_url, service, check)
    except (SlipwayError, Stopped):
        world.routes.restore(service.key, before)
        raise
    steps.succeeded("switch")


def _drain(service: Service, world: World, drains: Drains, steps: Steps) -> None:
    """In the background: what is new serves already."""
    old = [c for c in world.containers(service) if not belongs(c, service)]
    steps.running("drain", f"docker stop {' '.join(c.name for c in old)}" if old else "")
    drains.begin(old, lambda: steps.succeeded("drain"))


@contextmanager
def _undone_on_failure(service: Service, world: World, steps: Steps, at: list[StepName]) -> Iterator[None]:
    try:
        yield
    except Stopped as stopped:
        if stopped.reason != "shutdown":  # After a restart of the agent they are adopted.
            _remove_fresh(service, world, tell=False)
        raise
    except SlipwayError as error:
        _undo(service, world, steps, at[0], error)
        raise Failed(told(error, service).message) from error
    except Exception as error:
        bug = PlatformError("agent:platform:bug", f"The agent failed: {type(error).__name__}: {error}")
        _undo(service, world, steps, at[0], bug)
        raise


def _undo(service: Service, world: World, steps: Steps, step: StepName, error: SlipwayError) -> None:
    """Quiet rollouts only keep up what is live: there a container that is not well is left to the engine's policy."""
    if steps.quiet:
        return
    _remove_fresh(service, world, tell=True)
    report = told(error, service)
    attempt = Attempt(service.deployment, service.fence)
    world.store.remember(service.key, failed=attempt, failed_step=step, error=report.model_dump())
    steps.failed(step, report)


def _remove_fresh(service: Service, world: World, *, tell: bool) -> None:
    """What this attempt started, unless it is live. With `tell` its last lines go to the deployment's own log."""
    live = world.store.memory(service.key).live
    if live and live.deployment == service.deployment:
        return
    jobs = world.containers(service, "release")
    for container in [c for c in world.containers(service) if belongs(c, service)] + jobs:
        if tell and container.label("role") == "app":
            world.logs.tell_deployment(container, LAST_LINES)
        world.dispose(container.id, 2)
