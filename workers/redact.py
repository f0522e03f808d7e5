"""Keeps known secrets out of what is stored or shown, in their plain and their common encoded forms.

Not in charge of knowing which values are secret. Values shorter than 6 characters are left alone: replacing every `yes`
or `8000` would spoil the text and hide nothing that cannot be guessed. The lines of a longer value count from 12 on, and
its first 100 only: a file of 64 KB would else make thousands of spellings, which take seconds to prepare.
"""

from __future__ import annotations

import base64
import json
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from urllib.parse import quote, quote_plus

MIN_LENGTH = 6
MIN_LINE, MAX_LINES = 12, 100  # Of the lines of one value.
MAX_FORMS = 5000  # Of all values; the spellings of whole values are never left out.
LONG = 256  # From here on a spelling is looked for by itself: a pattern of it would be slow to make.
MARK = "[redacted]"


class Redactor:
    """`redact` for whole texts; `feed` and `flush` for one stream in which a secret may be split over chunks."""

    def __init__(self, values: Iterable[str]) -> None:
        self._values = tuple(values)
        self._forms = sorted(forms(self._values))
        longest_first = sorted(self._forms, key=len, reverse=True)
        self._long = [form for form in longest_first if len(form) >= LONG]
        self._pattern = _pattern(longest_first[len(self._long) :])
        self._first_letters = {form[0] for form in self._forms}
        self._longest = len(longest_first[0]) if longest_first else 0
        self._held = ""

    def with_more(self, *values: str) -> Redactor:
        """For secrets that come up on the way."""
        return Redactor((*self._values, *values))

    def redact(self, text: str) -> str:
        for form in self._long:
            text = text.replace(form, MARK)
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
        while cut < len(text) and (across := [begin for begin, end in self._spans(text) if begin < cut < end]):
            cut = min(across)
        return cut

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        for form in self._long:
            begin = text.find(form)
            while begin >= 0:
                yield begin, begin + len(form)
                begin = text.find(form, begin + len(form))
        if self._pattern:
            yield from (match.span() for match in self._pattern.finditer(text))

    def _may_grow(self, text: str, start: int) -> bool:
        if text[start] not in self._first_letters:
            return False
        end = text[start:]
        at = bisect_left(self._forms, end)
        at += at < len(self._forms) and self._forms[at] == end
        return at < len(self._forms) and self._forms[at].startswith(end)


def forms(values: Iterable[str]) -> set[str]:
    """Every spelling that is replaced: as it is, line by line, URL-encoded, JSON-escaped, base64 at any offset."""
    known = [value for value in values if len(value.strip()) >= MIN_LENGTH]
    whole = {form for value in known for part in (value, value.strip()) for form in _spellings(part)}
    whole |= {form for value in known for part in (value, value.strip()) for form in _base64_forms(part)}
    lines = chain.from_iterable(_spellings(line) for value in known for line in _lines(value))
    return whole | set(islice(lines, max(0, MAX_FORMS - len(whole))))


def _lines(value: str) -> list[str]:
    lines = [line.strip() for line in value.splitlines()]
    return [line for line in lines if len(line) >= MIN_LINE][:MAX_LINES] if len(lines) > 1 else []


def _spellings(part: str) -> set[str]:
    return {
        part,
        quote(part),
        quote(part, safe=""),
        quote_plus(part),
        json.dumps(part)[1:-1],
        json.dumps(part, ensure_ascii=False)[1:-1],
    }


def _pattern(longest_first: list[str]) -> re.Pattern[str] | None:
    return re.compile(_grouped(longest_first, 3)) if longest_first else None


def _grouped(forms: list[str], depth: int) -> str:
    """By their first letters, so that a text is not held against each of thousands at every place."""
    if depth == 0 or len(forms) == 1:
        return "|".join(map(re.escape, forms))
    groups: dict[str, list[str]] = defaultdict(list)
    for form in forms:
        groups[form[0]].append(form[1:])
    return "|".join(f"{re.escape(letter)}(?:{_grouped(rest, depth - 1)})" for letter, rest in groups.items())


def _base64_forms(value: str) -> set[str]:
    """The letters that only depend on `value`, wherever it stands in the encoded text (RFC 4648)."""
    found = set()
    for offset, cut in ((0, 0), (1, 2), (2, 3)):
        raw = b"\0" * offset + value.encode(errors="surrogateescape")
        end = len(raw) * 8 // 6
        for encoded in (base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
            found.add(encoded.decode()[cut:end])
    return {form for form in found if len(form) >= MIN_LENGTH}
