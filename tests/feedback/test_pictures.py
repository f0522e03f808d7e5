"""A state in, whole request bodies out."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

import pytest

from apps.deployments.states import Status
from apps.feedback.pictures import (
    CommitStatus,
    DeploymentStatus,
    Facts,
    Identity,
    Picture,
    body_of,
    creation,
    is_marked,
    picture_of,
    short,
)

PAGE = "https://slipway.example/deployments/1"
URL = "https://web.example.com"
KEY = UUID("11111111-2222-3333-4444-555555555555")


def facts(status: Status | None, **more: object) -> Facts:
    return Facts(**{"status": status, "url": URL, "page": PAGE, **more})  # type: ignore[arg-type]


def picture(state: str, words: str, on_commit: str, *, url: str = "", commit_words: str = "") -> Picture:
    return Picture(
        DeploymentStatus(state, words, environment_url=url, log_url=PAGE, auto_inactive=False),
        CommitStatus(on_commit, commit_words or words, "slipway/shop/web", target_url=PAGE),
    )


CASES = {
    "waiting": (facts(Status.PENDING), picture("queued", "Waits to be deployed.", "pending")),
    "building": (facts(Status.BUILDING), picture("in_progress", "Being deployed.", "pending")),
    "deploying": (facts(Status.DEPLOYING), picture("in_progress", "Being deployed.", "pending")),
    "live": (
        facts(Status.LIVE, was_live=True, seconds=41.6),
        picture("success", "Live after 42 s.", "success", url=URL),
    ),
    "their fault": (
        facts(Status.FAILED, error="There is no Dockerfile."),
        picture("failure", "There is no Dockerfile.", "failure"),
    ),
    "our fault": (
        facts(Status.FAILED, error="The engine did not answer.", is_ours=True),
        picture("error", "The engine did not answer.", "error"),
    ),
    "taken back": (
        facts(Status.FAILED, was_live=True, error="It ended with code 1."),
        picture("failure", "Taken back: It ended with code 1.", "failure"),
    ),
    "without a reason": (facts(Status.FAILED), picture("failure", "It failed without a reason.", "failure")),
    "cancelled": (facts(Status.CANCELLED), picture("inactive", "Cancelled.", "error")),
    "cancelled while its commit is live": (
        facts(Status.CANCELLED, is_commit_live=True),
        picture("inactive", "Cancelled.", "success", commit_words="Live by another deployment of this commit."),
    ),
    "replaced": (
        facts(Status.SUPERSEDED, was_live=True),
        picture("inactive", "Replaced by a newer deployment.", "success"),
    ),
    "skipped": (
        facts(Status.SUPERSEDED),
        picture("inactive", "Skipped: a newer deployment took its place.", "error"),
    ),
    "deleted": (facts(None), picture("inactive", "Removed.", "error")),
}


@pytest.mark.parametrize("case", CASES)
def test_it_shows_every_state(case: str) -> None:
    given, wanted = CASES[case]
    assert asdict(picture_of(given, "slipway/shop/web")) == asdict(wanted)


def test_it_shows_every_status_that_there_is() -> None:
    assert {given.status for given, _ in CASES.values()} == {*Status, None}


def test_it_makes_nothing_of_what_came_to_nothing() -> None:
    nothing = {case for case, (given, _) in CASES.items() if picture_of(given, "x").is_nothing}
    assert nothing == {"cancelled", "skipped", "deleted"}


def test_it_sends_no_empty_addresses() -> None:
    assert body_of(picture_of(Facts(status=None), "slipway/shop/web").deployment) == {
        "state": "inactive",
        "description": "Removed.",
        "auto_inactive": False,
    }
    assert body_of(picture_of(facts(Status.LIVE), "slipway/shop/web").status) == {
        "state": "success",
        "description": "Live.",
        "context": "slipway/shop/web",
        "target_url": PAGE,
    }


def test_it_creates_a_deployment_that_no_rule_of_branches_holds_up() -> None:
    given = Identity(KEY, "deadbeef", "shop/web #7", "a" * 40, "production", is_preview=False, is_production=True)
    assert creation(given) == {
        "ref": "a" * 40,
        "task": "deploy",
        "auto_merge": False,
        "required_contexts": [],
        "environment": "production",
        "description": "shop/web #7",
        "transient_environment": False,
        "production_environment": True,
        "payload": {"slipway": {"instance": "deadbeef", "deployment": str(KEY)}},
    }
    assert is_marked(creation(given)["payload"], KEY, "deadbeef")


@pytest.mark.parametrize(
    "payload",
    [
        None, "", "no json", "[]", [], {}, {"slipway": None}, {"slipway": str(KEY)},
        {"slipway": {"instance": "deadbeef", "deployment": "another"}},
        {"slipway": {"instance": "another1", "deployment": str(KEY)}},
    ],
)  # fmt: skip
def test_it_takes_no_others_deployment_for_its_own(payload: object) -> None:
    assert not is_marked(payload, KEY, "deadbeef")


def test_it_knows_its_mark_as_text_too() -> None:
    assert is_marked(f'{{"slipway": {{"instance": "deadbeef", "deployment": "{KEY}"}}}}', KEY, "deadbeef")


def test_it_cuts_long_reasons_between_words() -> None:
    assert short("All is well.\n  Or not.") == "All is well. Or not."
    cut = short("The build failed: " + "pip could not find it, " * 20)
    assert len(cut) <= 140
    assert cut.endswith("it, pip…")
    assert short("x" * 500) == "x" * 139 + "…"
