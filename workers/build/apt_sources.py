"""This machine's own apt sources, turned to another suite of the same distribution. Pure: texts in, lines out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

ONE_LINE = re.compile(r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)$")
KEPT_OPTIONS = re.compile(r"^\s*(Acquire::(?:[\w]+::Proxy|https?::|Check-|Retries|ForceIPv|AllowReleaseInfo))", re.I)


@dataclass(frozen=True)
class AptSource:
    uri: str
    suite: str
    components: str
    signed_by: str = ""
    trusted: bool = False

    def line(self) -> str:
        options = [f"signed-by={self.signed_by}"] if self.signed_by else []
        options += ["trusted=yes"] if self.trusted else []
        told = f"[{' '.join(options)}] " if options else ""
        return f"deb {told}{self.uri} {self.suite} {self.components}"


def parse_one_line(text: str) -> list[AptSource]:
    """`sources.list` and `*.list`: sources.list(5), one-line style."""
    found = []
    for line in text.splitlines():
        match = ONE_LINE.match(line.split("#")[0].strip())
        if match:
            options = dict(pair.split("=", 1) for pair in (match["options"] or "").split() if "=" in pair)
            found.append(
                AptSource(
                    match["uri"],
                    match["suite"],
                    " ".join(match["components"].split()),
                    options.get("signed-by", ""),
                    options.get("trusted") == "yes",
                )
            )
    return found


def parse_deb822(text: str) -> list[AptSource]:
    """`*.sources`: sources.list(5), deb822 style. A key written into the file itself is left out."""
    found = []
    for stanza in re.split(r"\n\s*\n", text):
        fields = _fields(stanza)
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in ("no", "false"):
            continue
        key = fields.get("signed-by", "")
        key = key if key.startswith("/") else ""
        components = " ".join(fields.get("components", "").split())
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                found.append(AptSource(uri, suite, components, key, fields.get("trusted", "no").lower() == "yes"))
    return found


def for_suite(sources: Sequence[AptSource], host_suite: str, suite: str) -> list[AptSource]:
    """The sources of the distribution itself (its suite, updates and security), for `suite` in place of the host's."""
    wanted = {host_suite + end: suite + end for end in ("", "-updates", "-security")}
    return [
        AptSource(s.uri, wanted[s.suite], s.components, s.signed_by, s.trusted)
        for s in sources
        if s.suite in wanted and "main" in s.components.split()
    ]


def kept_options(dump: str) -> list[str]:
    """The lines of `apt-config dump` that say how to reach the mirror: proxies, certificates, date checks."""
    return [line for line in dump.splitlines() if KEPT_OPTIONS.match(line) and not line.endswith(' "";')]


def _fields(stanza: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if line[:1].isspace():
            fields[name] = f"{fields.get(name, '')} {line.strip()}".strip()
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields
