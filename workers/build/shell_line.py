"""Shell lines as argument lists for a container. Nothing here starts a process."""

from __future__ import annotations

import re
import shlex

ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
CONTROL = frozenset("();|&\n")


def container_argv(line: str) -> list[str]:
    """`["/bin/sh", "-c", ...]` for a shell line that runs inside a container.

    A single command is started with `exec`, so that it is process 1 and gets the signals itself; a list of commands or
    a line that begins with an assignment is kept as it is, because `exec` would change what it means.
    """
    return ["/bin/sh", "-c", f"exec {line}" if _is_single_command(line) else line]


def _is_single_command(line: str) -> bool:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace = " \t"
    try:
        words = list(lexer)
    except ValueError:  # An open quote: the container's shell will say so.
        return False
    if not words or ASSIGNMENT.match(words[0]) or words[0] in {"exec", "cd", "if", "for", "while", "{", "!", "export"}:
        return False
    return not any(set(word) <= CONTROL for word in words if word) and "\n" not in line
