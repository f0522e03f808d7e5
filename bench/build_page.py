"""docs/builds-by-hand.md: each sample built by Slipway beside a person's Dockerfile. Text in, text out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from statistics import median

from bench.builds import AIM, Built, Compared

COLUMNS = ("sample", "language", "cold s", "by hand", "x", "warm s", "by hand", "x", "MB", "by hand", "x")
ROW = re.compile(r"^\| ([\w-]+) \| [^|]+ \|(?: \S+ \|){5} ([\d.]+) \|.*\|$", re.MULTILINE)
INTRO = """\
# Builds beside Dockerfiles by hand

Written by `make bench ARGS="--only builds-all"`: every sample of `tests/samples/` built by Slipway, in turns with `docker
build` of a Dockerfile that a person wrote for it (`bench/dockerfiles/`), on the same base images. Both images must answer
with the sample's words. *Cold* is a new app on a machine that has built others, taken once: downloads make it vary.
*Warm* is a build after a change of one line, the median of three (of nine where a cold one took under 5 s, of two over
20 s). Slipway adds some 40 ms to any build, for the plan, the limits and what it says of the image: much of a build that
takes 150 ms, and nothing of others. Megabytes are the whole image. Sites without a server are served by Python both
ways, since no image with another one was here.
"""


@dataclass(frozen=True)
class Row:
    sample: str
    language: str
    found: Compared

    def line(self) -> str:
        seconds = [cell for pair in (self.found.cold, self.found.warm) for cell in _seconds(*pair)]
        ours, hand = (built.bytes / 1e6 for built in self.found.warm)
        cells = [self.sample, self.language, *seconds, f"{ours:.0f}", f"{hand:.0f}", f"{ours / hand:.2f}"]
        return f"| {' | '.join(cells)} |"


def _seconds(ours: Built, hand: Built) -> tuple[str, str, str]:
    value, against = median(ours.seconds), median(hand.seconds)
    return f"{value:.2f}", f"{against:.2f}", f"{value / against:.2f}"


def written(old: str, row: Row) -> str:
    """The page with the row, in the place of an older one of the same sample; sorted by language and sample."""
    lines = _lines(old) | {row.sample: row.line()}
    table = sorted(lines.values(), key=lambda line: (line.split(" | ")[1].lower(), line))
    head = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}\n"
    page = head + "\n".join(table) + "\n"
    return f"{INTRO}\nWarm builds within x {AIM:.2f}: {within(page)} of {len(table)}.\n\n{page}"


def samples(page: str) -> set[str]:
    return set(_lines(page))


def within(page: str) -> int:
    """How many rows meet the aim of warm builds."""
    return sum(float(match[2]) <= AIM for match in ROW.finditer(page))


def _lines(page: str) -> dict[str, str]:
    return {match[1]: match[0] for match in ROW.finditer(page)}
