"""The engine's command line, for what its API cannot do: BuildKit builds, imports, pulls with progress.

Finds a client that can really build. Everything else is argument lists; not in charge of running containers.
"""

from __future__ import annotations

import json
import os
import secrets as random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from workers.errors import PlatformError
from workers.process import TimedOut, run

DISTRIBUTION_CLIENT = "/usr/bin/docker"
PROBE_SECONDS = 30.0


@dataclass(frozen=True)
class BuildCall:
    """One BuildKit build, of an image named `tag`. `secrets` maps ids to files; `labels` end on the image."""

    context: Path
    dockerfile: Path
    tag: str
    labels: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Path] = field(default_factory=dict)
    network: str = ""
    cgroup_parent: str = ""  # Engines before 23 do not look at it.
    no_cache: bool = False
    args: Mapping[str, str] = field(default_factory=dict)  # No secrets: an argument list can be read.
    target: str = ""


def build_argv(client: str, call: BuildCall) -> list[str]:
    argv = [client, "build", "--progress=plain", f"--file={call.dockerfile}", f"--tag={call.tag}"]
    argv += [f"--label={name}={value}" for name, value in call.labels.items()]
    argv += [f"--secret=id={name},src={path}" for name, path in call.secrets.items()]
    argv += [f"--network={call.network}"] if call.network else []
    argv += [f"--cgroup-parent={call.cgroup_parent}"] if call.cgroup_parent else []
    argv += ["--no-cache"] if call.no_cache else []
    argv += [f"--build-arg={name}={value}" for name, value in call.args.items()]
    argv += [f"--target={call.target}"] if call.target else []
    return [*argv, "--", str(call.context)]


def pull_argv(client: str, reference: str) -> list[str]:
    return [client, "pull", "--quiet", "--", reference]


def import_argv(client: str, changes: Sequence[str]) -> list[str]:
    """An untagged image from a tar archive on standard input, its id printed; `changes` are Dockerfile instructions."""
    return [client, "import", *(f"--change={change}" for change in changes), "--", "-"]


def tag_argv(client: str, image: str, reference: str) -> list[str]:
    return [client, "tag", "--", image, reference]


def remove_images_argv(client: str, images: Sequence[str]) -> list[str]:
    return [client, "image", "rm", "--", *images]


def list_images_argv(client: str, label: str) -> list[str]:
    """The images with a label (`name=value`), newest first, untagged ones too: id and digest, a line for each name."""
    form = "--format={{.ID}} {{.Digest}}"
    return [client, "image", "ls", "--all", "--digests", "--no-trunc", f"--filter=label={label}", form]


def prune_cache_argv(client: str, keep_bytes: int) -> list[str]:
    return [client, "builder", "prune", "--force", f"--keep-storage={keep_bytes}"]


NO_SECRETS = ("currentContext", "cliPluginsExtraDirs", "proxies")


def client_env(host_env: Mapping[str, str]) -> dict[str, str]:
    """What the client needs to find its engine, and BuildKit switched on."""
    kept = {k: v for k, v in host_env.items() if k.startswith("DOCKER_") or k in ("PATH", "HOME", "XDG_RUNTIME_DIR")}
    proxies = {k: v for k, v in host_env.items() if k.lower().endswith("_proxy")}
    return kept | proxies | {"DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain", "LC_ALL": "C.UTF-8"}


def client_folder(env: Mapping[str, str]) -> Path:
    """Where the client keeps its settings, there or not."""
    return Path(env.get("DOCKER_CONFIG") or Path(env.get("HOME") or "/nonexistent") / ".docker")


def anonymous(env: Mapping[str, str], folder: Path, mark: str = "", known_as: str = "") -> dict[str, str]:
    """`env` for what a team wrote: without the registry logins of whoever runs Slipway, with their plugins and context.

    `folder` is made, and holds the client's settings from then on. Every step of a build finds `mark` in NO_PROXY, and
    its cache does not depend on it. For clients that are `known_as` the same the engine keeps one copy of what they send
    from a folder of one name, and takes what has changed since; otherwise it keeps one of each.
    """
    own = client_folder(env)
    folder.mkdir(mode=0o700)
    for name in ("cli-plugins", "contexts"):
        if (own / name).is_dir():
            (folder / name).symlink_to((own / name).resolve())
    try:
        found = json.loads((own / "config.json").read_text())
    except (OSError, ValueError):  # What the client cannot read either.
        found = {}
    kept = {name: found[name] for name in NO_SECRETS if isinstance(found, dict) and name in found}
    if mark:
        kept["proxies"] = _marked(kept.get("proxies") or {}, mark)
    (folder / "config.json").write_text(json.dumps(kept))
    if known_as:
        (folder / "buildx").mkdir()
        for place in (folder, folder / "buildx"):  # The latter since Docker 23.
            (place / ".buildNodeID").write_text(known_as)
    return {**env, "DOCKER_CONFIG": str(folder)}


def _marked(proxies: dict[str, dict[str, str]], mark: str) -> dict[str, dict[str, str]]:
    """`proxies` are those of each engine, `default` for the others."""
    told = {"default": {}, **proxies}
    return {name: {**one, "noProxy": ",".join(filter(None, (one.get("noProxy"), mark)))} for name, one in told.items()}


@lru_cache(maxsize=4)
def working_client(cache_dir: Path | None = None) -> str:
    """The path of a client that can build, found by building. Remembered in `cache_dir` until that client changes.

    Raises PlatformError `engine:platform:no-buildkit` with what was tried.
    """
    memory = cache_dir / "docker-client.json" if cache_dir else None
    if memory and memory.exists():
        known = json.loads(memory.read_text())
        if known in [_identity(path) for path in candidates()]:
            return str(known["path"])
    tried = []
    for path in candidates():
        problem = _problem(path)
        if problem is None:
            if memory:
                memory.parent.mkdir(parents=True, exist_ok=True)
                memory.write_text(json.dumps(_identity(path)))
            return path
        tried.append(f"{path}: {problem}")
    raise PlatformError(
        "engine:platform:no-buildkit",
        f"No docker client here can build with BuildKit ({'; '.join(tried) or 'none is installed'}).",
        hint="apt-get install docker.io, or the docker-buildx plugin for the client that is there; "
        "the engine must run and this user must be in the group docker.",
    )


def candidates() -> list[str]:
    """Every docker on the PATH in its order, then the distribution's, each file once."""
    folders = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder]
    found: dict[str, str] = {}
    for path in [*(shutil.which("docker", path=folder) for folder in folders), shutil.which(DISTRIBUTION_CLIENT)]:
        if path:
            found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def _identity(path: str) -> dict[str, str | int]:
    engine = os.environ.get("DOCKER_HOST") or os.environ.get("DOCKER_CONTEXT") or ""
    return {"path": path, "changed_ns": Path(path).stat().st_mtime_ns, "engine": engine}


def _problem(path: str) -> str | None:
    """Why a client cannot build, None when it can. Versions say nothing about it: a client may lack its plugin."""
    with TemporaryDirectory(prefix="slipway-probe-") as name:
        folder = Path(name)
        (folder / "Dockerfile").write_text("FROM scratch\nLABEL slipway.probe=1\n")
        call = BuildCall(folder, folder / "Dockerfile", f"slipway/probe:{random.token_hex(8)}")
        env = client_env(os.environ)
        try:
            done = run(build_argv(path, call), env=env, timeout_seconds=PROBE_SECONDS)
            if done.returncode == 0:
                run(remove_images_argv(path, [call.tag]), env=env, timeout_seconds=PROBE_SECONDS)
                return None
        except TimedOut as error:
            return str(error)
    said = [line.strip() for line in done.tail if line.strip()]
    return next((line for line in said if line.startswith("ERROR")), said[-1] if said else f"exit {done.returncode}")
