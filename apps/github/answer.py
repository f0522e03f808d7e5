"""What came back of one request: status, headers that matter, content. Not in charge of what it means."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from apps.github.errors import Garbled

T = TypeVar("T", bound=BaseModel)
NEXT = re.compile(r'<([^<>]{1,2000})>\s*;\s*rel="next"')


@dataclass(frozen=True, repr=False)
class Answer:
    """`next` is the address of the next page; `is_remembered`: GitHub said that nothing changed since we asked last."""

    status: int
    content: bytes
    etag: str = ""
    next: str = ""
    retry_after: str = ""
    remaining: str = ""
    reset: str = ""
    is_remembered: bool = False

    def __repr__(self) -> str:
        return f"<Answer {self.status}, {len(self.content)} bytes>"

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], content: bytes) -> Answer:
        link = NEXT.search(headers.get("Link", ""))
        return cls(
            status=status,
            content=content,
            etag=headers.get("ETag", ""),
            next=link.group(1) if link else "",
            retry_after=headers.get("Retry-After", ""),
            remaining=headers.get("X-RateLimit-Remaining", ""),
            reset=headers.get("X-RateLimit-Reset", ""),
        )

    @property
    def body(self) -> Any:
        """The JSON of it; None when there is none."""
        if not self.content:
            return None
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            problem = f"no JSON, {len(self.content)} bytes"
        raise Garbled(problem)

    @property
    def told(self) -> str:
        """GitHub's own sentence on what is wrong, shortened; "" when it has none."""
        try:
            body = self.body
        except Garbled:
            return ""
        return str(body.get("message") or "")[:200] if isinstance(body, dict) else ""

    def read(self, model: type[T]) -> T:
        return _valid(model, self.body)

    def items(self, model: type[T], key: str = "") -> list[T]:
        """The rows of a list, or of the list that stands under `key`."""
        body = self.body
        rows = body.get(key) if key and isinstance(body, dict) else body
        if not isinstance(rows, list):
            raise Garbled(f"a list of {model.__name__} was expected")
        return [_valid(model, row) for row in rows]


def _valid(model: type[T], value: Any) -> T:
    """Names the members that are wrong, never what they hold."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        places = [".".join(map(str, e["loc"])) for e in error.errors(include_input=False, include_url=False)[:3]]
    raise Garbled(f"{model.__name__}: {', '.join(places) or 'not an object'}")
