"""Shell lines as argument lists for a container. Nothing here starts a process."""

from __future__ import annotations

import re
import shlex

ASSIGNMENTS = re.compile(r"""\s*(?:[A-Za-z_]\w*=(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])*\s+)*""", re.DOTALL)
SEPARATOR = re.compile(r"&&|\|\||;|\n")
QUOTED = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*"|`[^`]*`|\d{0,9}[<>]&""", re.DOTALL)
LONGEST = 8192  # One that is longer runs as it is.
NO_COMMAND = frozenset(
    ["exec", "if", "then", "else", "fi", "for", "while", "until", "do", "done", "case", "esac"]
    + ["{", "}", "!", "cd", "export", "set", ".", ":", "#"]
)


def container_argv(line: str) -> list[str]:
    """`["/bin/sh", "-c", ...]` for a shell line that runs inside a container.

    The last command of the line is started with `exec` where that changes nothing else, so that it is process 1: a
    shell that is process 1 ignores SIGTERM, and the app would never hear that it is to stop.
    """
    at = _last_command(line)
    return ["/bin/sh", "-c", line if at is None else f"{line[:at]}exec {line[at:]}"]


def line_of(argv: list[str]) -> str:
    """A container's command as a person would type it."""
    return argv[2].removeprefix("exec ") if argv[:2] == ["/bin/sh", "-c"] and argv[2:] else shlex.join(argv)


def _last_command(line: str) -> int | None:
    """Where the last command of a list begins, behind its assignments; None for a pipe, a group or a compound."""
    plain = _blanked(line) if len(line) <= LONGEST else None
    if plain is None:
        return None
    start = max((match.end() for match in SEPARATOR.finditer(plain)), default=0)
    if set(plain[start:]) & set("|&()") or _is_compound(plain[:start]):
        return None
    assignments = ASSIGNMENTS.match(line, start)
    at = assignments.end() if assignments else start
    words = line[at:].split(maxsplit=1)
    return None if not words or words[0] in NO_COMMAND else at


def _is_compound(text: str) -> bool:
    return re.search(r"(?:^|[\s;&|])(?:if|for|while|until|case|\{|\()(?:\s|$)|\(", text) is not None


def _blanked(line: str) -> str | None:
    """The line with quoted text, escapes and substitutions blanked out, of the same length; None for an open quote."""
    plain = QUOTED.sub(lambda match: "_" * len(match[0]), line)
    while (inner := re.search(r"\$\([^()]*\)|\$\{[^{}]*\}", plain)) is not None:
        plain = plain[: inner.start()] + "_" * len(inner[0]) + plain[inner.end() :]
    return None if set(plain) & set("'\"`") else plain
