"""What every kind of git server has to tell us, so that adding one is one file. Not in charge of what is done with it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from apps.lib.text import storable
from apps.webhooks.push import Push

Payload = dict[str, Any]
MOST_ID = 2**63 - 1


@dataclass(frozen=True)
class Envelope:
    """What stands outside of the body. `id` "": the server gave none."""

    id: str
    event: str


@dataclass(frozen=True)
class Facts:
    """What a delivery is found by later. None and "": it does not say."""

    action: str = ""
    installation_id: int | None = None
    repository_id: int | None = None
    repository_name: str = ""
    ref: str = ""


class Forge(Protocol):
    """`name` stands in addresses; `label` is for people; `pushes` are the events that move branches and tags."""

    name: str
    label: str
    pushes: frozenset[str]

    def envelope(self, headers: Mapping[str, str]) -> Envelope: ...

    def is_genuine(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
        """Whether one of `secrets` signed it. Takes as long for a wrong one as for a right one."""
        ...

    def facts(self, payload: Payload) -> Facts: ...

    def push(self, payload: Payload) -> Push:
        """Raises pydantic's ValidationError for what is none."""
        ...

    def paste(self, url: str) -> list[tuple[str, str]]:
        """Where to click and what to put into which field of the server's own page."""
        ...


def hex_hmac_is(told: str, body: bytes, secrets: Sequence[str]) -> bool:
    """Every secret is tried, so that time tells nothing."""
    given = told.strip().lower().encode()
    found = False
    for secret in secrets:
        right = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()
        found |= hmac.compare_digest(right, given)
    return found


def text(value: Any, most: int) -> str:
    """What stands there as text that a database can hold; "" for anything that is none."""
    return storable(value)[:most] if isinstance(value, str) else ""


def number(value: Any) -> int | None:
    is_one = isinstance(value, int) and not isinstance(value, bool)
    return value if is_one and 0 <= value <= MOST_ID else None


def part(payload: Any, *names: str) -> Any:
    """What stands at a path of names, or None when there is no such thing."""
    for name in names:
        payload = payload.get(name) if isinstance(payload, dict) else None
    return payload


def moment(value: Any) -> datetime | None:
    """A Unix time or an ISO one; None for anything else."""
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    return found.astimezone(UTC) if found is not None and found.tzinfo else None
