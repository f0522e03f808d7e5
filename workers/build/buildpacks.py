"""Cloud Native Buildpacks, by pack: it runs a builder image's phases one by one, in containers of the engine.

The containers are made through a door that gives them a build's limits. No builder image is trusted, whatever its name:
the phases that speak to the engine run in the lifecycle's own image, and no code of a repository or of a buildpack does.
Not in charge of what a builder image does.
"""

from __future__ import annotations

import os
import re
import secrets as random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from workers.build.buildpacks_images import Images, Look, images_of
from workers.build.cache_marks import mark_of
from workers.build.clean import CACHE
from workers.build.egress_firewall import limited
from workers.build.engine_door import SOCKET, engine_door
from workers.build.engine_rules import Made, Rules, whole
from workers.build.finish import finished
from workers.build.image import beneath, cache_scope, network_for
from workers.build.image_run import run_build
from workers.build.images import inspected
from workers.build.job import BuildLimits, BuildSettings, BuiltImage, Checkout, Report, Workspace
from workers.build.limits import enforced
from workers.build.outside import require_near
from workers.build.plan import Plan
from workers.build.secrets import Share
from workers.docker_cli import client_env, remove_images_argv, working_client
from workers.process import run

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
SECONDS = 60.0


def pack_argv(
    program: str,
    tag: str,
    images: Images,
    source: Path,
    folder: Path,
    caches: Mapping[str, str],
    *,
    network: str = "",
    no_cache: bool = False,
) -> list[str]:
    """`folder` holds `env`, a file for each variable, a `project.toml` of ours (one of the repository could have pack
    itself fetch from anywhere) and the door to the engine. `caches` are volumes by kind."""
    return [
        *(program, "build", "--no-color", f"--path={source}", f"--builder={images.builder}", "--pull-policy=never"),
        *(f"--run-image={images.run}", f"--lifecycle-image={images.lifecycle}"),
        *(f"--descriptor={folder / 'project.toml'}", f"--volume={folder / 'env'}:/platform/env:ro"),
        *(f"--network={network or 'bridge'}", f"--docker-host=unix://{door_in(folder)}"),
        *(f"--cache=type={kind};format=volume;name={name}" for kind, name in caches.items()),
        *(["--clear-cache"] if no_cache else []),
        *("--", tag),
    ]


def build_by_buildpacks(
    checkout: Checkout,
    plan: Plan,
    settings: BuildSettings,
    workspace: Workspace,
    report: Report,
    *,
    program: str,
    builder: str,
    lifecycle: str,
    look: Look | None = None,
    share: Share | None = None,
    machine_cache: Path,
) -> BuiltImage:
    """Raises as `build_image` does. `program` is pack, `builder` and `lifecycle` are images; `look` as in `images_of`."""
    require_near("buildpacks")
    checkout = replace(checkout, folder=beneath(checkout.folder, plan.root_directory))
    client, folder = working_client(machine_cache), workspace.scratch / "build"
    _write(folder, settings)
    tag = f"slipway/build:{random.token_hex(8)}"
    network = network_for(report, settings.limits.egress)
    images, caches = images_of(client, builder, lifecycle, look, folder / "pulling", report), _caches(client, workspace)
    no_cache = settings.no_cache
    argv = pack_argv(program, tag, images, checkout.folder, folder, caches, network=network, no_cache=no_cache)
    rules = _rules(tag, images, caches, network, folder, settings.limits, workspace)
    _run(argv, client, rules, plan, settings, workspace, report, machine_cache)
    return finished(tag, checkout, settings, workspace, report, machine_cache)


def door_in(folder: Path) -> Path:
    return folder / "door" / "engine.sock"


def _rules(
    tag: str,
    images: Images,
    caches: Mapping[str, str],
    network: str,
    folder: Path,
    limits: BuildLimits,
    workspace: Workspace,
) -> Rules:
    return Rules(
        limits,
        {**workspace.labels, "slipway.role": "build", "slipway.build": random.token_hex(8)},
        "",
        network,
        frozenset(map(whole, (images.builder, images.run, images.lifecycle))),
        tag,
        frozenset(caches.values()),
        str(folder / "env"),
        str(door_in(folder)),
        names_of,
    )


def names_of(image: str) -> list[str]:
    """All under which the engine has an image."""
    found = inspected(image).get(image, {})
    return [*(found.get("RepoTags") or []), *(found.get("RepoDigests") or [])]


def _run(
    argv: list[str],
    client: str,
    rules: Rules,
    plan: Plan,
    settings: BuildSettings,
    workspace: Workspace,
    report: Report,
    shared: Path,
) -> None:
    limits, made, network = settings.limits, rules.made, rules.network
    engine = (os.environ.get("DOCKER_HOST") or "").removeprefix("unix://") or SOCKET
    if deployment := workspace.labels.get("slipway.deployment"):
        _sweep(client, f"slipway.deployment={deployment}", Made())  # Of a worker that was killed.
    with (
        enforced(limits, report, machine_cache=shared, labels=workspace.labels) as limit,
        limited(limits.egress, {}, report, network=network, cache_dir=shared, labels=workspace.labels),
        engine_door(replace(rules, parent=_parent(client, limit.parent)), engine) as address,
    ):
        config = workspace.scratch / "build" / "docker"
        home = str(workspace.scratch / "build" / "home")
        env = {"DOCKER_HOST": address, "HOME": home, "PACK_HOME": home, "PACK_VOLUME_KEY": "slipway"}
        report.command(argv)
        try:
            run_build(argv, config, plan, settings, report, limit, client=client, env=env)
        except BaseException:
            made.images.add(rules.tag)  # It may be made already, and nobody would find it.
            raise
        finally:
            _sweep(client, f"slipway.build={rules.labels['slipway.build']}", made)


def _sweep(client: str, label: str, made: Made) -> None:
    """What pack had no time to remove when it was stopped."""
    env, found = client_env(os.environ), list[str]()
    filters = (f"--filter=label={label}", "--filter=label=slipway.role=build")
    listing = [client, "ps", "--all", "--quiet", "--no-trunc", *filters]
    run(listing, env=env, timeout_seconds=SECONDS, on_line=lambda text, _: found.append(text.strip()))
    for argv, names in (
        ([client, "rm", "--force", "--volumes", "--"], found),
        ([client, "volume", "rm", "--force", "--"], sorted(made.volumes)),
        (remove_images_argv(client, []), sorted(made.images)),
    ):
        if names:
            run([*argv, *names], env=env, timeout_seconds=SECONDS)


def _write(folder: Path, settings: BuildSettings) -> None:
    """Variables lie in a folder that only the engine and we can enter, and come into no image, not even one in between."""
    folder.mkdir(parents=True, mode=0o700)
    (folder / "project.toml").write_text('[_]\nschema-version = "0.2"\n')
    (folder / "env").mkdir(mode=0o755)
    for name, value in settings.variables.items():
        if NAME.fullmatch(name):
            (folder / "env" / name).write_text(value)
            (folder / "env" / name).chmod(0o644)  # A phase is another user inside.


def _caches(client: str, workspace: Workspace) -> dict[str, str]:
    """Volumes of the service by kind, made with labels by which they are cleaned."""
    owner = {name: workspace.labels.get(name, "none") for name in ("slipway.instance", "slipway.service")}
    mark = mark_of(cache_scope(workspace))
    names = {kind: f"slipway-buildpacks-{mark}-{kind}" for kind in ("build", "launch")}
    labels = [f"--label={name}={value}" for name, value in (owner | {"slipway.role": CACHE}).items()]
    for name in names.values():
        run([client, "volume", "create", *labels, "--", name], env=client_env(os.environ), timeout_seconds=SECONDS)
    return names


def _parent(client: str, own: str) -> str:
    """systemd names groups another way: there each container's own limits must do."""
    env, said = client_env(os.environ), list[str]()
    argv = [client, "info", "--format={{.CgroupDriver}}"]
    with suppress(FileNotFoundError):
        run(argv, env=env, timeout_seconds=SECONDS, on_line=lambda text, _: said.append(text.strip()))
    return own if said[-1:] == ["cgroupfs"] else ""
