"""How a command ends: the exit codes, which never change once published, and the refusal that carries one."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class Ending(IntEnum):
    OK = 0
    FAILED = 1  # The deployment failed, was cancelled or was skipped.
    USAGE = 2  # The command or its values are wrong as they are.
    SIGN_IN = 3  # No valid token, or its rights are not enough.
    NOT_FOUND = 4
    AWAY = 5  # The server does not answer, is in trouble, or is no Slipway.
    DEFECT = 70  # Of the command itself, or an answer that it does not take.
    INTERRUPTED = 130
    UNREAD = 141  # Who read its output has gone: `| head`.


@dataclass
class Refusal(Exception):
    """What a person must be told: what and why in `message`, what to do in `hint`. `problem` is the API's own document."""

    ending: Ending
    message: str
    hint: str = ""
    code: str = ""
    request_id: str = ""
    problem: dict[str, Any] = field(default_factory=dict)
