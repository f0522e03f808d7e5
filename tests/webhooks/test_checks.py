"""How the checks of a commit stand."""

from __future__ import annotations

import pytest

from apps.webhooks.checks import Check, Standing, Word, standing_of

OWN = 4711


def run(name: str, status: str = "completed", conclusion: str = "success", app: int = 1) -> Check:
    return Check.of_run(name, status, conclusion, app)


def status(context: str, state: str) -> Check:
    return Check.of_status(context, state)


@pytest.mark.parametrize(
    ("checks", "standing"),
    [
        ([], Standing(None, "It has no checks yet.")),
        ([run("x", app=OWN), status("slipway/web", "pending"), status("slipway/shop/web", "failure")],
         Standing(None, "It has no checks yet.") ),
        ([run("test")], Standing(Word.GOOD, "Its check succeeded.")),
        ([run("test"), run("lint", conclusion="skipped"), run("x", conclusion="neutral"), status("ci", "success")],
         Standing(Word.GOOD, "All 4 checks succeeded.")),
        ([run("test"), run("lint", "in_progress", "")],
         Standing(Word.WAITING, "1 of 2 checks done; lint is in_progress.")),
        ([run("test"), status("ci", "pending")], Standing(Word.WAITING, "1 of 2 checks done; ci is pending.")),
        ([run("test", conclusion="failure"), run("lint", "queued", "")],
         Standing(Word.BAD, "Its check test ended as failure.")),
        ([run("a", conclusion="timed_out"), run("b", conclusion="cancelled"), run("c", conclusion="action_required")],
         Standing(Word.BAD, "Its check a ended as timed_out and 2 more.")),
        ([run("a", conclusion="")], Standing(Word.BAD, "Its check a ended as failed.")),
        ([status("ci", "error")], Standing(Word.BAD, "Its check ci ended as error.")),
    ],
)  # fmt: skip
def test_it_says_how_they_stand(checks: list[Check], standing: Standing) -> None:
    assert standing_of(checks, OWN) == standing
