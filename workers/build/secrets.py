"""What a build may see of this machine: its CA bundle, package indexes and the service's variables, as secret mounts.

Nothing of it ends in the image. Not in charge of where the Dockerfile mounts it.
"""

from __future__ import annotations

import configparser
import ipaddress
import os
import re
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from workers.build.job import BuildSettings
from workers.build.mirrors import cargo_text, go_text, maven_text

CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
CA_FILES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
PIP_OPTIONS = {"index-url", "extra-index-url", "find-links", "trusted-host", "timeout", "retries", "no-index"}
NPM_OPTIONS = re.compile(r"^(registry|@[\w.-]+:registry|//\S+:(_authToken|_auth|username|_password|email)|strict-ssl)$")
NPM_CREDENTIAL = re.compile(r":(_authToken|_auth|username|_password|email)$")
UV_VARIABLES = {
    "UV_INDEX_URL": "index-url",
    "UV_DEFAULT_INDEX": "index-url",
    "UV_EXTRA_INDEX_URL": "extra-index-url",
    "UV_INDEX": "extra-index-url",
}
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


def pip_options(env: Mapping[str, str]) -> dict[str, str]:
    """pip's index options from its files and then the environment, without those that only this machine can follow."""
    home = Path(env.get("HOME", "/root"))
    config = Path(env.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    named = [Path("/etc/pip.conf"), home / ".pip" / "pip.conf", config, Path(env.get("PIP_CONFIG_FILE") or "/dev/null")]
    found: dict[str, str] = {}
    for path in named:
        if path.is_file():
            parser = configparser.RawConfigParser()
            parser.read_string(path.read_text())
            for section in ("global", "install"):
                found |= dict(parser[section]) if parser.has_section(section) else {}
    found |= {k[4:].lower().replace("_", "-"): v for k, v in env.items() if k.startswith("PIP_")}
    reached = {name: _reachable(value) if _has_urls(name) else value for name, value in found.items()}
    return {name: value for name, value in reached.items() if name in PIP_OPTIONS and value}


def pip_text(options: Mapping[str, str]) -> str:
    lines = [f"{name} = {_indented(value)}\n" for name, value in sorted(options.items())]
    return "[global]\n" + "".join(lines) if lines else ""


def uv_options(env: Mapping[str, str]) -> dict[str, str]:
    """uv's own index settings; where there are none, pip's are used."""
    home = Path(env.get("HOME", "/root"))
    found: dict[str, str] = {}
    for path in (Path("/etc/uv/uv.toml"), Path(env.get("XDG_CONFIG_HOME") or home / ".config") / "uv" / "uv.toml"):
        if path.is_file():
            told = tomllib.loads(path.read_text())
            found |= {k: _words(told[k]) for k in ("index-url", "extra-index-url", "find-links") if k in told}
            for index in told.get("index", []):
                name = "index-url" if index.get("default") else "extra-index-url"
                found[name] = f"{found.get(name, '')} {index['url']}".strip()
    for variable, name in UV_VARIABLES.items():
        if env.get(variable):
            found[name] = " ".join(re.sub(r"^[\w-]+=(?=https?:)", "", word) for word in env[variable].split())
    return {name: reached for name, value in found.items() if (reached := _reachable(value))}


def uv_text(options: Mapping[str, str]) -> str:
    lines = []
    if options.get("index-url"):
        lines.append(f"index-url = {_toml(options['index-url'].split()[0])}\n")
    for name in ("extra-index-url", "find-links"):
        if options.get(name):
            lines.append(f"{name} = [{', '.join(_toml(url) for url in options[name].split())}]\n")
    if options.get("trusted-host"):
        lines.append(f"allow-insecure-host = [{', '.join(_toml(host) for host in options['trusted-host'].split())}]\n")
    return "".join(lines)


def npm_options(env: Mapping[str, str]) -> dict[str, str]:
    """This machine's .npmrc files as far as registries go, `${NAME}` filled in from the environment."""
    home = Path(env.get("HOME", "/root"))
    named = [Path("/etc/npmrc"), Path("/usr/etc/npmrc"), Path(env.get("NPM_CONFIG_USERCONFIG") or home / ".npmrc")]
    found: dict[str, str] = {}
    for path in named:
        for line in path.read_text().splitlines() if path.is_file() else []:
            name, _, value = line.partition("=")
            filled = re.sub(r"\$\{(\w+)\}", lambda match: env.get(match[1], ""), value.strip())
            found[name.strip()] = filled.strip('"')
    if env.get("NPM_CONFIG_REGISTRY") or env.get("npm_config_registry"):
        found["registry"] = env.get("npm_config_registry") or env["NPM_CONFIG_REGISTRY"]
    return {k: v for k, v in found.items() if NPM_OPTIONS.match(k) and not (k.endswith("registry") and is_local(v))}


def npm_text(options: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in options.items())


def without_credentials(options: Mapping[str, str]) -> dict[str, str]:
    """pip's, uv's or npm's options without addresses that hold a user name, and without npm's tokens."""
    kept = {k: v for k, v in options.items() if not NPM_CREDENTIAL.search(k)}
    told = {k: " ".join(word for word in v.split() if "@" not in urlsplit(word).netloc) for k, v in kept.items()}
    return {name: value for name, value in told.items() if value}


def network(resolv_conf: Path = Path("/etc/resolv.conf"), resolved: Path = RESOLVED) -> tuple[str, str]:
    """BuildKit's `--network` value, and why: "" where containers can ask the name servers that this machine asks.

    The engine copies resolv.conf into build containers. A server on loopback cannot be reached from there; where
    systemd-resolved knows the servers behind itself the engine uses those, and otherwise only the host's network helps.
    """
    servers = nameservers(resolv_conf)
    if not servers or not all(is_local(server) for server in servers):
        return "", ""
    if servers == ["127.0.0.53"] and any(not is_local(server) for server in nameservers(resolved)):
        return "", ""
    return "host", f"The build uses the host's network, because the name server {servers[0]} is on loopback."


def is_local(value: str) -> bool:
    """Whether a URL, path or address means something on this machine only."""
    if value.startswith(("/", ".", "file:", "~")):
        return True
    host = urlsplit(value).hostname if "://" in value else value
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost" or (host or "").endswith(".localhost")


def nameservers(path: Path) -> list[str]:
    lines = path.read_text().splitlines() if path.is_file() else []
    return [words[1] for line in lines if len(words := line.split()) > 1 and words[0] == "nameserver"]


def _has_urls(name: str) -> bool:
    return name in ("index-url", "extra-index-url", "find-links")


def _reachable(urls: str) -> str:
    return " ".join(url for url in urls.split() if not is_local(url))


def _words(value: str | list[str]) -> str:
    return value if isinstance(value, str) else " ".join(value)


def _indented(value: str) -> str:
    return "\n    ".join(value.split())


def _toml(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def private_file(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    return path
