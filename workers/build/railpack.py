"""Railpack: its command finds out how to build, and the engine's BuildKit does it, read by Railpack's own frontend.

The command reads what a repository wrote and starts mise, so it runs in a container. Not in charge of the limits, nor of
what it finds.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets as random
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from workers.build.base_images import ensure_base
from workers.build.dockerfile import digest_of
from workers.build.egress_firewall import limited
from workers.build.finish import finished
from workers.build.image import beneath, cache_scope, network_for, run_call
from workers.build.job import BuildLimits, BuildSettings, BuiltImage, Checkout, Report, Workspace
from workers.build.limits_group import PIDS
from workers.build.outside import require_near
from workers.build.plan import Plan
from workers.build.railpack_frontend import ensure_frontend
from workers.build.secrets import Share, ca_bundle, private_file
from workers.docker_cli import BuildCall, client_env, working_client
from workers.errors import PlatformError, UserError
from workers.process import TimedOut, run

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
PREPARE_SECONDS = 300.0
TOO_OLD = "please update docker"  # BuildKit's own words, for a frontend that asks for more than it can.


def prepare_argv(
    client: str,
    name: str,
    image: str,
    mounts: Mapping[str, str],
    variables: tuple[Path, Iterable[str]],
    limits: BuildLimits,
    network: str,
    labels: Mapping[str, str],
) -> list[str]:
    """`mounts` are places of this machine -> of the container, `variables` a file of them and their names: values stand
    in no argument list."""
    file, names = variables
    memory = limits.memory_bytes
    return [
        *(client, "run", "--rm", "--pull=never", f"--name={name}", f"--network={network or 'bridge'}"),
        *("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges"),
        *(f"--user={os.getuid()}:{os.getgid()}", f"--memory={memory}", f"--memory-swap={memory}"),
        *(f"--cpus={min(limits.cpus, os.cpu_count() or 1)}", f"--pids-limit={PIDS}"),
        *(f"--volume={here}:{there}" for here, there in mounts.items()),
        *(f"--label={key}={value}" for key, value in labels.items()),
        *(f"--env-file={file}", "--env=HOME=/tmp", "--env=SSL_CERT_FILE=/slipway/ca.crt"),
        *("--entrypoint=/slipway/railpack", "--", image),
        *("prepare", "--plan-out=/slipway/out/plan.json", *(f"--env={one}" for one in names), "--", "/slipway/app"),
    ]


def kept_in(cache: Path) -> Path:
    """Where mise keeps what it brings. Code of a repository writes there as whoever runs Slipway, also programs that run as
    their owner: nobody else of this machine comes past the folder around it, which is mounted nowhere."""
    around = cache / "railpack"
    around.mkdir(parents=True, exist_ok=True)
    around.chmod(0o700)
    (around / "kept").mkdir(exist_ok=True)
    return around / "kept"


def variables_file(variables: Mapping[str, str]) -> str:
    """One a line, as `docker run` reads them; a value of several lines is told as one, since only Railpack looks at it."""
    return "".join(f"{name}={' '.join(value.splitlines())}\n" for name, value in sorted(named(variables).items()))


def named(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if NAME.fullmatch(name)}


def build_by_railpack(
    checkout: Checkout,
    plan: Plan,
    settings: BuildSettings,
    workspace: Workspace,
    report: Report,
    *,
    program: str,
    share: Share | None = None,
    machine_cache: Path,
) -> BuiltImage:
    """Raises as `build_image` does. `program` is Railpack's command."""
    require_near("railpack")
    checkout = replace(checkout, folder=beneath(checkout.folder, plan.root_directory))
    client, folder = working_client(machine_cache), workspace.scratch / "build"
    folder.mkdir(parents=True, mode=0o700)  # As in `kept_in`.
    network = network_for(report, settings.limits.egress)
    work = _Work(client, program, checkout.folder, folder, network, settings, workspace, report)
    work.prepare(share or Share(), machine_cache)
    call = work.call()
    try:
        run_call(call, client, plan, settings, workspace, report, machine_cache, given={})
    except UserError as error:
        if TOO_OLD in error.hint:
            raise _too_old() from error
        raise
    return finished(call.tag, checkout, settings, workspace, report, machine_cache)


@dataclass(frozen=True)
class _Work:
    """What both parts of one build share. `folder` is this build's own, made before."""

    client: str
    program: str
    source: Path
    folder: Path
    network: str
    settings: BuildSettings
    workspace: Workspace
    report: Report

    def prepare(self, share: Share, machine_cache: Path) -> None:
        """Leaves `out/plan.json` in `folder`."""
        cache = kept_in(self.workspace.cache)  # The service's own: mise runs what a repository says.
        (self.folder / "out").mkdir()
        limits, labels, variables = self.settings.limits, self.workspace.labels, self.settings.variables
        file = private_file(self.folder / "variables", variables_file(variables))
        ca = ca_bundle(os.environ) if share.ca else None
        mounts = {
            self.program: "/slipway/railpack:ro",
            str(self.source): "/slipway/app:ro",
            str(cache): "/tmp/railpack",
            str(self.folder / "out"): "/slipway/out",
            **({str(ca): "/slipway/ca.crt:ro"} if ca else {}),
        }
        image = ensure_base("debian", "", report=self.report, cache_dir=machine_cache, labels=labels).reference
        name, told = f"slipway-railpack-{random.token_hex(4)}", (file, sorted(named(variables)))
        own = {**labels, "slipway.role": "build-prepare"}
        argv = prepare_argv(self.client, name, image, mounts, told, limits, self.network, own)
        with limited(limits.egress, {}, self.report, network=self.network, cache_dir=machine_cache, labels=labels):
            _run_prepare(self.client, name, argv, self.report)

    def call(self) -> BuildCall:
        variables, scope = named(self.settings.variables), cache_scope(self.workspace)
        return BuildCall(
            context=self.source,
            dockerfile=self.folder / "out" / "plan.json",
            secrets={name: private_file(self.folder / "secrets" / name, value) for name, value in variables.items()},
            tag=f"slipway/build:{random.token_hex(8)}",
            network=self.network,
            no_cache=self.settings.no_cache,
            args={
                "BUILDKIT_SYNTAX": ensure_frontend(self.client, self.program, self.folder / "frontend", self.report),
                "cache-key": hashlib.sha256(scope.encode()).hexdigest()[:32],
                **({"secrets-hash": digest_of(variables, scope)} if variables else {}),
            },
        )


def _too_old() -> PlatformError:
    return PlatformError(
        "build:platform:engine-too-old",
        "This host's Docker is too old to give variables to a build of Railpack's.",
        hint="An operator updates Docker to 23 or newer; or choose another builder in the service's settings.",
        retry=False,
    )


def _run_prepare(client: str, name: str, argv: list[str], report: Report) -> None:
    report.command(argv)
    env, said = client_env(os.environ), list[str]()

    def on_line(text: str, level: str) -> None:
        if text.strip():
            said.append(text.rstrip())
            report.line(text.rstrip(), level=level)

    try:
        done = run(argv, env=env, check=report.check, timeout_seconds=PREPARE_SECONDS, on_line=on_line)
    except BaseException as error:
        with suppress(TimedOut):  # The client is gone, its container is not.
            run([client, "rm", "--force", "--", name], env=env, timeout_seconds=30)
        if isinstance(error, TimedOut):
            raise PlatformError("build:platform:slow", f"Railpack looked longer than {PREPARE_SECONDS:g} s.") from error
        raise
    if done.returncode:
        raise UserError(
            "build:user:railpack",
            "Railpack does not know how to build this.",
            hint="\n".join(["Mend what it says, or choose another builder in the service's settings.", *said[-10:]]),
        )
