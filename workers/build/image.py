"""Step build: a checkout and its plan become an image of the engine, under limits, with nothing of ours left inside.

Not in charge of the plan, of the generated Dockerfile's text, nor of which images are kept.
"""

from __future__ import annotations

import hashlib
import re
import secrets as random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from workers.build.apt_secrets import write_apt_secrets
from workers.build.base_images import ensure_base, host_suite, pull, suites
from workers.build.bases import Bases, build_base, run_base
from workers.build.build_args import without_own
from workers.build.dockerfile import dockerfile_for, dockerignore_for, support_files
from workers.build.egress_firewall import limited
from workers.build.image_labels import base_digest, base_of, labels_for
from workers.build.image_run import run_build
from workers.build.images import built_image
from workers.build.job import BuildSettings, BuiltImage, Checkout, Egress, Report, Workspace
from workers.build.limits import enforced
from workers.build.plan import Plan
from workers.build.secrets import Share, network, write_secrets
from workers.build.trust_store import write_trust_store
from workers.docker_cli import BuildCall, build_argv, working_client
from workers.errors import UserError

SYNTAX = re.compile(r"^\s*#\s*syntax\s*=\s*(\S+)\s*$", re.IGNORECASE)
MAX_DOCKERFILE_BYTES = 1024**2


def build_image(
    checkout: Checkout,
    plan: Plan,
    settings: BuildSettings,
    workspace: Workspace,
    report: Report,
    *,
    share: Share | None = None,
    machine_cache: Path | None = None,
) -> BuiltImage:
    """Raises UserError `build:user:...` with the likely cause and the last lines, PlatformError when the fault is ours.

    `machine_cache` keeps what is the same for all services (default: beside the service's cache).
    """
    shared = machine_cache or workspace.cache.parent / "machine"
    built = checkout.top if plan.within else beneath(checkout.folder, plan.root_directory)
    checkout = replace(checkout, folder=built)
    client = working_client(shared)
    folder = workspace.scratch / "build"
    folder.mkdir(parents=True)
    is_own = plan.language == "dockerfile"
    write = _write_own if is_own else _write_generated
    dockerfile = write(checkout, plan, settings, workspace, report, folder, client, shared)
    base = base_of(dockerfile.read_text())
    call = BuildCall(
        context=checkout.folder,
        dockerfile=dockerfile,
        labels=labels_for(checkout, workspace, base, base_digest(base)),
        secrets=_secrets(folder / "secrets", plan, settings, dockerfile, share or Share()),
        tag=f"slipway/build:{random.token_hex(8)}",  # An untagged image falls to anyone's `docker image prune`.
        network=network_for(report, settings.limits.egress),
        no_cache=settings.no_cache,
        args=without_own(settings.args) if is_own else {},
        target=settings.target if is_own else "",
    )
    run_call(call, client, plan, settings, workspace, report, shared)
    return built_image(call.tag)


def run_call(
    call: BuildCall,
    client: str,
    plan: Plan,
    settings: BuildSettings,
    workspace: Workspace,
    report: Report,
    shared: Path,
    given: Mapping[str, Path] | None = None,
) -> None:
    """`given` are those of its secrets that may name package indexes of this machine (default: all)."""
    limits, labels = settings.limits, workspace.labels
    secrets = call.secrets if given is None else given
    with (
        enforced(limits, report, machine_cache=shared, labels=labels) as limit,
        limited(limits.egress, secrets, report, network=call.network, cache_dir=shared, labels=labels),
    ):
        # Each build's source is somewhere else; told so, to the engine it is the one that it has.
        argv = build_argv(client, replace(call, context=Path(), cgroup_parent=limit.parent))
        report.command(argv)
        config, known_as = workspace.scratch / "build" / "docker", client_of(workspace)
        run_build(argv, config, plan, settings, report, limit, folder=call.context, known_as=known_as)


def network_for(report: Report, egress: Egress) -> str:
    if egress.mode == "none":
        return "none"
    mode, why = network()
    if why:
        report.line(why)
    return mode


def _write_generated(
    checkout: Checkout,
    plan: Plan,
    settings: BuildSettings,
    workspace: Workspace,
    report: Report,
    folder: Path,
    client: str,
    shared: Path,
) -> Path:
    bases = _bases(plan, workspace, report, shared)
    dockerfile = folder / "Dockerfile"
    text = dockerfile_for(
        plan,
        bases.build,
        cache_scope(workspace),
        run_base=bases.run,
        static_base=bases.static,
        variables=settings.variables,
    )
    dockerfile.write_text(text)
    own = beneath(checkout.folder, ".dockerignore")
    (folder / "Dockerfile.dockerignore").write_text(dockerignore_for(plan, _read(own) if own.is_file() else ""))
    return dockerfile


def _bases(plan: Plan, workspace: Workspace, report: Report, shared: Path) -> Bases:
    def ensure(kind: str, version: str) -> tuple[str, str]:
        base = ensure_base(kind, version, report=report, cache_dir=shared, labels=workspace.labels)
        for reason in base.reasons:
            report.line(reason)
        return base.reference, base.version

    built, version = ensure(*build_base(plan))
    kind, asked = run_base(plan, version)
    run_on = ensure(kind, asked)[0] if kind else ""
    needs_server = plan.static_dir and plan.language not in ("python", "static")
    return Bases(built, run_on, ensure("static", "")[0] if needs_server else "")


def _secrets(folder: Path, plan: Plan, settings: BuildSettings, dockerfile: Path, share: Share) -> dict[str, Path]:
    given = write_secrets(folder, settings, share) | support_files(plan)
    text = dockerfile.read_text()
    if "ca" in given and "id=trust_store" in text:
        given |= {"trust_store": write_trust_store(folder, given["ca"])}
    if "id=apt_sources" not in text or plan.language == "dockerfile":
        return given
    return given | write_apt_secrets(folder, text, suites(), host_suite(), share)


def _write_own(
    checkout: Checkout,
    plan: Plan,
    settings: BuildSettings,
    workspace: Workspace,
    report: Report,
    folder: Path,
    client: str,
    shared: Path,
) -> Path:
    """A copy of the repository's Dockerfile, without a frontend that cannot be had."""
    name = settings.dockerfile or plan.dockerfile or "Dockerfile"
    found = beneath(checkout.folder, name)
    if not found.is_file():
        raise UserError(
            "build:user:no-dockerfile", f"The repository has no file {name!r}.", hint="Correct the Dockerfile's path."
        )
    first, _, rest = _read(found).partition("\n")
    syntax = SYNTAX.match(first)
    if syntax and not pull(client, syntax[1], shared, report):
        report.line(f"{syntax[1]} cannot be pulled here: the Dockerfile is read by the engine's own frontend")
        first = ""  # The line stays, empty: numbers in error messages are right.
    dockerfile = folder / "Dockerfile"
    dockerfile.write_text(f"{first}\n{rest}")
    ignore = beneath(checkout.folder, f"{name}.dockerignore")
    if ignore.is_file():
        (folder / "Dockerfile.dockerignore").write_text(_read(ignore))
    return dockerfile


def beneath(folder: Path, name: str) -> Path:
    """A path of the repository, links resolved. UserError when it leads out: a link may point at the host's files."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise UserError(
            "build:user:path-outside",
            f"{name!r} leads out of the repository.",
            hint="Replace the link by the file itself.",
        )
    return path


def _read(path: Path) -> str:
    if path.stat().st_size > MAX_DOCKERFILE_BYTES:
        raise UserError("build:user:file-too-large", f"{path.name} is larger than 1 MB.", hint="Make it smaller.")
    return path.read_text(errors="replace")


def client_of(workspace: Workspace) -> str:
    """Who a service's builds are to the engine. Unguessable, and tells nothing of its caches' names."""
    return hashlib.sha256(f"client {cache_scope(workspace)}".encode()).hexdigest()


def cache_scope(workspace: Workspace) -> str:
    """Unguessable, because any Dockerfile may mount any cache whose name it knows."""
    path = workspace.cache / "cache-scope"
    if not path.exists():
        workspace.cache.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(random.token_hex(16))
    return path.read_text()
