"""A stream of bytes as tidy lines of text, in bounded memory. Not in charge of where the bytes come from."""

from __future__ import annotations

MAX_LINE_BYTES = 16 * 1024


class LineSplitter:
    """Decodes with replacement, drops NUL, keeps the last state of a `\\r` progress line, cuts huge lines."""

    def __init__(self, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._max = max_line_bytes
        self._pending = bytearray()
        self._dropped = 0

    def feed(self, chunk: bytes) -> list[str]:
        """The lines that this chunk ends."""
        *ended, rest = chunk.split(b"\n")
        lines = []
        for part in ended:
            self._append(part)
            lines.append(self._take())
        self._append(rest)
        return lines

    def flush(self) -> list[str]:
        """What stands after the last newline, when there is something."""
        return [self._take()] if self._pending.strip(b"\r") else []

    def _append(self, part: bytes) -> None:
        start = part.rstrip(b"\r").rfind(b"\r") + 1
        if start or (part.strip(b"\r") and self._pending.endswith(b"\r")):
            self._pending.clear()  # A carriage return: what stood before is overwritten.
            self._dropped = 0
            part = part[start:]
        room = self._max - len(self._pending)
        self._pending += part[:room]
        self._dropped += max(0, len(part) - room)

    def _take(self) -> str:
        text = self._pending.rstrip(b"\r").decode(errors="replace").replace("\0", "")
        if self._dropped:
            text += f" [line cut: {self._dropped} bytes dropped]"
        self._pending.clear()
        self._dropped = 0
        return text
