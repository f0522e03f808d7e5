"""Which of two pushes is newer, however they arrive."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from apps.webhooks.models import Outcome
from apps.webhooks.order import is_newer, leads
from apps.webhooks.push import Push
from tests.webhooks.deliveries import NOTHING, A, B, C, D

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MAIN = "refs/heads/main"


def newer(
    push: tuple[str, str], last: tuple[str, str], *edges: tuple[str, str], seconds: int | None = None
) -> bool | None:
    """Whether `push` (before, after) is newer than `last`; `seconds`: pushed so much later."""
    at = None if seconds is None else NOON + timedelta(seconds=seconds)
    told = Outcome(ref=MAIN, before=last[0], commit=last[1], pushed_at=None if seconds is None else NOON)
    return is_newer(Push(MAIN, push[0], push[1], pushed_at=at), told, [last, *edges])


@pytest.mark.parametrize(
    ("push", "last", "edges", "seconds", "expected"),
    [
        ((B, C), (A, B), [], None, True),
        ((A, B), (B, C), [], None, False),
        ((A, B), (B, C), [], 1, False),  # The chain is believed more than the clock.
        ((A, B), (C, D), [(B, C)], None, False),
        ((C, D), (A, B), [(B, C)], None, True),
        ((C, D), (A, B), [], None, None),  # A gap, and no clock.
        ((C, D), (A, B), [], 0, None),
        ((C, D), (A, B), [], 1, True),
        ((C, D), (A, B), [], -1, False),
        ((B, A), (A, B), [], 1, True),  # Forced back to where it was.
        ((A, B), (B, A), [], -1, False),
        ((A, B), (B, A), [], 1, True),  # And there again.
        ((B, NOTHING), (A, B), [], None, True),
        ((NOTHING, B), (B, ""), [], 1, True),  # Made again after it was deleted.
        ((NOTHING, B), (B, ""), [], -1, False),
        ((B, ""), (NOTHING, A), [(NOTHING, B)], -1, False),
    ],
)
def test_it_knows_the_newer_one(
    push: tuple[str, str],
    last: tuple[str, str],
    edges: list[tuple[str, str]],
    seconds: int | None,
    expected: bool | None,
) -> None:
    assert newer(push, last, *edges, seconds=seconds) == expected


def test_a_chain_leads_through_all_its_pushes_and_never_hangs() -> None:
    edges = [(A, B), (B, C), (C, A)]
    assert leads(A, C, edges)
    assert leads(C, B, edges)
    assert not leads(A, D, edges)
    assert leads(NOTHING, "", [])
    assert not leads(NOTHING, A, [(NOTHING, A)])


def test_the_last_of_a_chain_wins_in_whatever_order_it_comes() -> None:
    chain = [(NOTHING, A), (A, B), (B, C), (C, D)]
    for told in itertools.permutations(chain):
        last: tuple[str, str] | None = None
        for number, push in enumerate(told):
            verdict = True if last is None else newer(push, last, *told[:number], seconds=0)
            if verdict or (verdict is None and last is not None and last[1] != D):  # The head is D.
                last = push
        assert last == (C, D), told
