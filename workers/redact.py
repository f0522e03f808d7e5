"""Keeps known secrets out of what is stored or shown, in their plain and their common encoded forms.

Not in charge of knowing which values are secret. Values shorter than 6 characters are left alone: replacing every `yes`
or `8000` would spoil the text and hide nothing that cannot be guessed.
"""

from __future__ import annotations

import base64
import json
import re
from bisect import bisect_left
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MIN_LENGTH = 6
MARK = "[redacted]"


class Redactor:
    """`redact` for whole texts; `feed` and `flush` for one stream in which a secret may be split over chunks."""

    def __init__(self, values: Iterable[str]) -> None:
        self._forms = sorted({form for value in values for form in forms(value)})
        longest_first = sorted(self._forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        self._first_letters = {form[0] for form in self._forms}
        self._longest = len(longest_first[0]) if longest_first else 0
        self._held = ""

    def redact(self, text: str) -> str:
        return self._pattern.sub(MARK, text) if self._pattern else text

    def feed(self, text: str) -> str:
        """What may be let out by now. An end that could become a secret is held until more comes, or `flush`."""
        text = self._held + text
        cut = self._safe_length(text)
        self._held = text[cut:]
        return self.redact(text[:cut])

    def flush(self) -> str:
        held, self._held = self._held, ""
        return self.redact(held)

    def _safe_length(self, text: str) -> int:
        start = max(0, len(text) - self._longest + 1)
        cut = next((i for i in range(start, len(text)) if self._may_grow(text, i)), len(text))
        if self._pattern and cut < len(text):
            for match in self._pattern.finditer(text):
                if match.start() < cut < match.end():
                    return match.start()
        return cut

    def _may_grow(self, text: str, start: int) -> bool:
        if text[start] not in self._first_letters:
            return False
        end = text[start:]
        at = bisect_left(self._forms, end)
        at += at < len(self._forms) and self._forms[at] == end
        return at < len(self._forms) and self._forms[at].startswith(end)


def forms(value: str) -> set[str]:
    """Every spelling that is replaced: as it is, line by line, URL-encoded, JSON-escaped, base64 at any offset."""
    if len(value.strip()) < MIN_LENGTH:
        return set()
    parts = {value, value.strip(), *(line.strip() for line in value.splitlines())}
    spelt = {
        spelling
        for part in parts
        if len(part) >= MIN_LENGTH
        for spelling in (
            part,
            quote(part),
            quote(part, safe=""),
            quote_plus(part),
            json.dumps(part)[1:-1],
            json.dumps(part, ensure_ascii=False)[1:-1],
        )
    }
    return spelt | _base64_forms(value) | _base64_forms(value.strip())


def _base64_forms(value: str) -> set[str]:
    """The letters that only depend on `value`, wherever it stands in the encoded text (RFC 4648)."""
    found = set()
    for offset, cut in ((0, 0), (1, 2), (2, 3)):
        raw = b"\0" * offset + value.encode(errors="surrogateescape")
        end = len(raw) * 8 // 6
        for encoded in (base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
            found.add(encoded.decode()[cut:end])
    return {form for form in found if len(form) >= MIN_LENGTH}
