"""The health check of a compose service: a path or a port that the agent asks itself, else a command in the container."""

from __future__ import annotations

import re
import shlex
from typing import Any

from workers.build.compose.reading import Reading
from workers.build.compose.tree import Tree

LOCAL = r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])"
URL = re.compile(rf"https?://{LOCAL}(?::(?P<port>\d{{1,5}}))?(?P<path>/[A-Za-z0-9._~/?=&%+-]{{0,240}})?")
# What may stand beside the address, each behind a NUL: it changes nothing of what the agent asks in its place.
NUMBER = r"[0-9]+(?:\.[0-9]+)?"
OPTIONS = {
    "curl": rf"-[fsSL]+|-[fsSL]*o\0?/dev/null|-[fsSL]*m\0?{NUMBER}|--fail|--silent|--show-error|--location"
    rf"|--output\0/dev/null|--(?:max-time|connect-timeout|retry|retry-delay)\0{NUMBER}",
    "wget": rf"-q|-nv|-q?O\0?(?:-|/dev/null)|-q?[tT]\0?{NUMBER}|--quiet|--no-verbose|--spider"
    rf"|--output-document[\0=](?:-|/dev/null)|--(?:tries|timeout)[\0=]{NUMBER}",
}
FAILS = {"curl": re.compile(r"\0(?:-[sSL]*f|--fail)"), "wget": re.compile("")}  # Curl takes any answer without it.
ASKS = {name: re.compile(rf"(?:\0(?:{options}|https?://[^\0]*)(?=\0|\Z))+") for name, options in OPTIONS.items()}
AFTER = re.compile(r"\s*(?:\|\|\s*(?:exit\s+1|false)\s*)?")  # What people write behind the one command.
DURATION = re.compile(r"(?:(\d{1,6}(?:\.\d{1,6})?)(h|ms|us|m|s))")
SECONDS = {"h": 3600, "m": 60, "s": 1, "ms": 0.001, "us": 0.000001}
SHORTEST, LONGEST = 60.0, 900.0  # Of a release's time to become healthy.


def health_of(reading: Reading, tree: Tree, port: int | None) -> dict[str, Any]:
    """`health_path`, `health_command` and `health_seconds`; nothing for a service that a TCP connection is enough for."""
    test = tree.at("test")
    if tree.at("disable").is_true or [one.text for one in test.items] == ["NONE"]:
        reading.ignore("healthcheck", tree, "A release is asked before visitors are led to it, by its port at least.")
        return {}
    if test.value is None:
        return {}
    words = _words(test)
    found: dict[str, Any] = {"health_seconds": _seconds(tree)}
    path = _path(words, port)
    if path is not None:
        return {**found, "health_path": path}
    if words:
        return {**found, "health_command": words}
    reading.ignore("healthcheck", test, "It has no command, so a connection to its port is enough.")
    return {}


def _words(test: Tree) -> list[str]:
    """An argument list: a line for the container's shell becomes one with it."""
    if not isinstance(test.value, list):
        return ["/bin/sh", "-c", test.text] if test.text.strip() else []
    kind, *rest = [one.text for one in test.value] or [""]
    if kind == "CMD":
        return rest
    line = " ".join(rest).strip()
    return ["/bin/sh", "-c", line] if kind == "CMD-SHELL" and line else []


def _path(words: list[str], port: int | None) -> str | None:
    """The path that is asked of the service's own port by `curl` or `wget`; None for any other command."""
    if words[:2] == ["/bin/sh", "-c"]:
        line, _, rest = words[2].partition("||")
        try:
            words = shlex.split(line) if AFTER.fullmatch(f"||{rest}" if rest else "") else []
        except ValueError:
            return None
    program, rest = words[0].rpartition("/")[2] if words else "", "".join(f"\0{word}" for word in words[1:])
    if port is None or program not in ASKS or not ASKS[program].fullmatch(rest) or not FAILS[program].search(rest):
        return None
    urls = [found for word in words[1:] if (found := URL.fullmatch(word))]
    if len(urls) != 1 or int(urls[0]["port"] or 80) != port or urls[0][0].startswith("https"):
        return None
    return urls[0]["path"] or "/"


def _seconds(tree: Tree) -> float:
    """How long a release has: as long as the file would let it start and fail."""
    interval, start = (
        _duration(tree.at(name).text, usual) for name, usual in (("interval", 30.0), ("start_period", 0.0))
    )
    retries = tree.at("retries").text
    tries = int(retries) if re.fullmatch(r"\d{1,3}", retries) else 3
    return min(max(SHORTEST, start + interval * tries), LONGEST)


def _duration(text: str, usual: float) -> float:
    """`1m30s` in seconds."""
    if not text or DURATION.sub("", text):
        return usual
    return sum(float(number) * SECONDS[unit] for number, unit in DURATION.findall(text))
