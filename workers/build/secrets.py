"""What a build may see of this machine: its CA bundle, package indexes and the service's variables, as secret mounts.

Nothing of it ends in the image. Not in charge of where the Dockerfile mounts it.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workers.build.builder import far_builder
from workers.build.job import BuildSettings
from workers.build.mirrors import cargo_text, go_text, maven_text
from workers.build.package_indexes import (
    is_local,
    npm_options,
    npm_text,
    pip_options,
    pip_text,
    uv_options,
    uv_text,
    without_credentials,
)

CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
CA_FILES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
RESOLVED = Path("/run/systemd/resolve/resolv.conf")


@dataclass(frozen=True)
class Share:
    """What of the machine's own settings builds are given."""

    ca: bool = True
    package_index: bool = True
    credentials: bool = True  # Those of the package indexes: of no use to a Dockerfile that would print or keep them.


def write_secrets(
    folder: Path, settings: BuildSettings, share: Share, host_env: Mapping[str, str] | None = None
) -> dict[str, Path]:
    """Files (mode 0600) by secret id, only those needed: `ca`, `variables`, and where each language's packages are."""
    env = os.environ if host_env is None else host_env
    secrets: dict[str, Path] = {}
    bundle = ca_bundle(env) if share.ca else None
    if bundle:
        secrets["ca"] = bundle
    texts = {"variables": variables_text(settings.variables)}
    if share.package_index:
        pip, uv, npm = pip_options(env), uv_options(env), npm_options(env)
        if not share.credentials:
            pip, uv, npm = without_credentials(pip), without_credentials(uv), without_credentials(npm)
        texts |= {"pip_conf": pip_text(pip), "uv_toml": uv_text(pip | uv), "npmrc": npm_text(npm)}
        texts |= {"go_env": go_text(env), "cargo_config": cargo_text(env, credentials=share.credentials)}
        texts |= {"maven_settings": maven_text(env, credentials=share.credentials)}
    for name, text in texts.items():
        if text:
            secrets[name] = private_file(folder / name, text)
    return secrets


def ca_bundle(env: Mapping[str, str]) -> Path | None:
    """The bundle that this machine's own tools trust."""
    named = [*(env.get(name, "") for name in CA_VARIABLES), *CA_FILES]
    return next((Path(path) for path in named if path and Path(path).is_file()), None)


def variables_text(variables: Mapping[str, str]) -> str:
    """Lines that a POSIX shell reads; a quote or line break in a value stays inside of it."""
    named = {name: value for name, value in variables.items() if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)}
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(named.items()))


def network(resolv_conf: Path = Path("/etc/resolv.conf"), resolved: Path = RESOLVED) -> tuple[str, str]:
    """BuildKit's `--network` value, and why: "" where containers can ask the name servers that this machine asks.

    The engine copies resolv.conf into build containers. A server on loopback cannot be reached from there; where
    systemd-resolved knows the servers behind itself the engine uses those, and otherwise only the host's network helps.
    An engine on another machine asks that one's servers, of which nothing is known here.
    """
    servers = nameservers(resolv_conf)
    if far_builder() or not servers or not all(is_local(server) for server in servers):
        return "", ""
    if servers == ["127.0.0.53"] and any(not is_local(server) for server in nameservers(resolved)):
        return "", ""
    return "host", f"The build uses the host's network, because the name server {servers[0]} is on loopback."


def nameservers(path: Path) -> list[str]:
    return nameservers_in(path.read_text() if path.is_file() else "")


def nameservers_in(text: str) -> list[str]:
    lines = [line.split() for line in text.splitlines()]
    return [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]


def private_file(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    return path
