"""Where this machine's pip, uv and npm get packages from, as files for builds. Reads settings; writes nothing."""

from __future__ import annotations

import configparser
import ipaddress
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

PIP_OPTIONS = {"index-url", "extra-index-url", "find-links", "trusted-host", "timeout", "retries", "no-index"}
NPM_OPTIONS = re.compile(r"^(registry|@[\w.-]+:registry|//\S+:(_authToken|_auth|username|_password|email)|strict-ssl)$")
NPM_CREDENTIAL = re.compile(r":(_authToken|_auth|username|_password|email)$")
UV_VARIABLES = {
    "UV_INDEX_URL": "index-url",
    "UV_DEFAULT_INDEX": "index-url",
    "UV_EXTRA_INDEX_URL": "extra-index-url",
    "UV_INDEX": "extra-index-url",
}


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


def is_local(value: str) -> bool:
    """Whether a URL, path or address means something on this machine only."""
    if value.startswith(("/", ".", "file:", "~")):
        return True
    host = urlsplit(value).hostname if "://" in value else value
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost" or (host or "").endswith(".localhost")


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
