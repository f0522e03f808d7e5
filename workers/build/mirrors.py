"""Where this machine's Go, cargo and Maven get packages from, as files for builds. Reads settings; writes nothing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

GO = ("GOPROXY", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOSUMDB", "GOINSECURE", "GOVCS")
CARGO = ("source", "registries", "registry")


def go_text(env: Mapping[str, str]) -> str:
    """The lines of Go's own settings file that say where modules come from: the environment's win over the file's."""
    home = Path(env.get("HOME", "/root"))
    path = Path(env.get("GOENV") or Path(env.get("XDG_CONFIG_HOME") or home / ".config") / "go" / "env")
    lines = path.read_text().splitlines() if path.is_file() else []
    found = dict(line.split("=", 1) for line in lines if "=" in line) | {k: env[k] for k in GO if env.get(k)}
    kept = {name: found[name] for name in GO if found.get(name) and not _is_local_list(found[name])}
    return "".join(f"{name}={value}\n" for name, value in kept.items())


def cargo_text(env: Mapping[str, str], *, credentials: bool = True) -> str:
    """cargo's replaced sources and registries, with their tokens if wanted."""
    home = Path(env.get("CARGO_HOME") or Path(env.get("HOME", "/root")) / ".cargo")
    names = ["config.toml", "config", *(["credentials.toml", "credentials"] if credentials else [])]
    merged: dict[str, Any] = {}
    for path in (home / name for name in names):
        if path.is_file():
            told = tomllib.loads(path.read_text())
            for key in CARGO:
                _merge(merged.setdefault(key, {}), told.get(key, {}))
    return "".join(_toml_tables((key,), table) for key, table in merged.items() if table)


def maven_text(env: Mapping[str, str], *, credentials: bool = True) -> str:
    """A settings.xml with the mirrors of this machine's and, if wanted, the credentials for them; "" without any."""
    home = Path(env.get("HOME", "/root"))
    named = (home / ".m2" / "settings.xml", Path("/etc/maven/settings.xml"))
    found = next((mirrors for path in named if path.is_file() and (mirrors := _mirrors(path.read_text()))), [])
    if not found:
        return ""
    document = ElementTree.Element("settings")
    _append(document, "mirrors", found)
    ids = {mirror.findtext("id") for mirror in found}
    if credentials:
        servers = [s for path in named if path.is_file() for s in _children(path.read_text(), "servers")]
        _append(document, "servers", [server for server in servers if server.findtext("id") in ids])
    return ElementTree.tostring(document, encoding="unicode")


def _mirrors(text: str) -> list[ElementTree.Element]:
    """Those that do something: Maven's own settings carry one that blocks plain HTTP, which is Maven's default too."""
    found = _children(text, "mirrors")
    return [m for m in found if m.findtext("blocked") != "true" and not _is_local(m.findtext("url") or "")]


def _children(text: str, name: str) -> list[ElementTree.Element]:
    plain = re.sub(r'\sxmlns(:\w+)?="[^"]*"|\s\w+:schemaLocation="[^"]*"', "", text)
    parent = ElementTree.fromstring(plain).find(name)
    return [] if parent is None else list(parent)


def _append(document: ElementTree.Element, name: str, children: list[ElementTree.Element]) -> None:
    if children:
        ElementTree.SubElement(document, name).extend(children)


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict):
            _merge(into.setdefault(key, {}), value)
        else:
            into[key] = value


def _toml_tables(path: tuple[str, ...], table: Mapping[str, Any]) -> str:
    plain = {k: v for k, v in table.items() if isinstance(v, str) and not k.endswith(("-command", "directory"))}
    lines = [f"{_quoted(key)} = {_quoted(value)}\n" for key, value in plain.items()]
    head = f"[{'.'.join(map(_quoted, path))}]\n" if lines else ""
    inner = (_toml_tables((*path, key), value) for key, value in table.items() if isinstance(value, dict))
    return head + "".join(lines) + "".join(inner)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _is_local(url: str) -> bool:
    return url.startswith("file:") or urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")


def _is_local_list(value: str) -> bool:
    """A list of proxies of which every one means something on this machine only."""
    words = [word for word in re.split(r"[,|]", value) if "://" in word]
    return bool(words) and all(map(_is_local, words))
