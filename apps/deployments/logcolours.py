"""Colours and styles in a log line, as runs of text with class names of the page's own palette. Pure."""

from __future__ import annotations

import re

from apps.deployments.logtext import ESCAPES

TOKENS = re.compile(rf"\x1b\[([0-9;:]*)m|(\r)|{ESCAPES.pattern}")
Run = tuple[str, str]  # The classes of some text, and the text.


def runs(text: str) -> list[Run]:
    """`"a \\x1b[1;31mb\\x1b[0m"` -> `[("", "a "), ("b c1", "b")]`."""
    if text.isprintable():
        return [("", text)]
    style, found, at = Style(), [], 0
    text = text.rstrip("\r")
    for token in TOKENS.finditer(text):
        found.append((style.classes, text[at : token.start()]))
        at = token.end()
        if token[1] is not None:
            style.take(token[1])
        elif token[2]:
            found = []
    found.append((style.classes, text[at:]))
    return _joined(found)


def _joined(found: list[Run]) -> list[Run]:
    """Without empty ones, and neighbours of one style as one."""
    joined: list[Run] = []
    for classes, text in found:
        if joined and joined[-1][0] == classes:
            joined[-1] = (classes, joined[-1][1] + text)
        elif text:
            joined.append((classes, text))
    return joined or [("", "")]


class Style:
    """What SGR sequences (ECMA-48 8.3.117) have switched on: b, d, i, u, s, v, and colours c0-c15 over g0-g15."""

    FLAGS = {1: "b", 2: "d", 3: "i", 4: "u", 7: "v", 9: "s"}
    OFF = {21: "b", 22: "bd", 23: "i", 24: "u", 27: "v", 29: "s"}

    def __init__(self) -> None:
        self.flags: set[str] = set()
        self.colours: dict[str, int] = {}

    @property
    def classes(self) -> str:
        return " ".join([*sorted(self.flags), *(f"{side}{number}" for side, number in sorted(self.colours.items()))])

    def take(self, parameters: str) -> None:
        codes = [int(code[:4] or 0) for code in parameters.replace(":", ";").split(";")]
        while codes:
            code = codes.pop(0)
            if code in (38, 48):
                self._set("c" if code == 38 else "g", _extended(codes))
            else:
                self._take_one(code)

    def _take_one(self, code: int) -> None:
        if code == 0:
            self.__init__()  # type: ignore[misc]
        elif code in self.FLAGS:
            self.flags.add(self.FLAGS[code])
        elif code in self.OFF:
            self.flags -= set(self.OFF[code])
        elif code in (39, 49):
            self.colours.pop("c" if code == 39 else "g", None)
        for first, side, offset in ((30, "c", 0), (40, "g", 0), (90, "c", 8), (100, "g", 8)):
            if first <= code < first + 8:
                self._set(side, code - first + offset)

    def _set(self, side: str, number: int | None) -> None:
        if number is not None:
            self.colours[side] = number


def _extended(codes: list[int]) -> int | None:
    """Takes `5;N` or `2;R;G;B` off the front, and says which of the sixteen is nearest."""
    kind = codes.pop(0) if codes else 0
    if kind == 5 and codes:
        return _nearest_of_256(codes.pop(0))
    if kind == 2 and len(codes) >= 3:
        red, green, blue, codes[:] = codes[0], codes[1], codes[2], codes[3:]
        return nearest(red, green, blue)
    return None


def _nearest_of_256(number: int) -> int:
    if number < 16:
        return number
    if number < 232:
        steps = (0, 95, 135, 175, 215, 255)
        cube = number - 16
        return nearest(steps[cube // 36], steps[cube // 6 % 6], steps[cube % 6])
    grey = min(255, 8 + (number - 232) * 10)
    return nearest(grey, grey, grey)


def nearest(red: int, green: int, blue: int) -> int:
    """The one of the sixteen with the same hue: which channels stand out, and whether they are bright."""
    high, low = max(red, green, blue), min(red, green, blue)
    if high - low < 32:
        return 0 if high < 64 else 8 if high < 160 else 7 if high < 230 else 15
    middle = (high + low) / 2
    hue = (red > middle) + 2 * (green > middle) + 4 * (blue > middle)
    return hue + (8 if high > 200 else 0)
