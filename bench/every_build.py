"""Takes the figures of every sample's builds and writes them down one by one. An hour or more."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from subprocess import CalledProcessError

from bench.build_page import Row, samples, within, written
from bench.builds import AIM, compared
from bench.stage import Stage
from bench.table import Figure
from tests.builds.test_every_sample import ALL, Sample
from tests.stories.slipway import ROOT
from workers.errors import SlipwayError

PAGE = ROOT / "docs" / "builds-by-hand.md"
WARM_ROUNDS = 3


def every_build(stage: Stage, taken: Iterable[Sample] = ALL) -> list[Figure]:
    """Those that the page lacks come first, so that a run goes on where another was stopped."""
    failed: list[str] = []
    for sample in sorted(taken, key=lambda one: one.name in samples(_page())):
        try:
            row = Row(sample.name, sample.language, compared(stage.folder, sample, 1, WARM_ROUNDS))
        except (AssertionError, SlipwayError, CalledProcessError) as error:
            failed.append(sample.name)
            print(f"\n{sample.name}: {error}", file=sys.stderr, flush=True)
            continue
        PAGE.write_text(written(_page(), row))
        print(f"\n{row.line()}", file=sys.stderr, end=" ", flush=True)
    return [_figure(_page(), failed)]


def _page() -> str:
    return PAGE.read_text() if PAGE.exists() else ""


def _figure(page: str, failed: list[str]) -> Figure:
    count, of = within(page), len(samples(page))
    how = "docs/builds-by-hand.md" + (f"; failed: {', '.join(failed)}" if failed else "")
    return Figure(
        f"warm builds within x {AIM:.2f} of by hand", f"{count} of {of}", how, "", "", "all", count == of and not failed
    )
