"""With the real previews: a pull request from its opening to its end, as GitHub shows it."""

from __future__ import annotations

from apps.deployments.models import Deployment
from apps.previews.events import pull_request
from apps.previews.preferences import set_preference
from tests.apps.cast import make_live
from tests.feedback.conftest import Connected
from tests.feedback.test_pulls import statuses_in


def hand_over(connected: Connected) -> None:
    """The newest word on pull requests, as by webhook."""
    rows = [row for row in connected.github.deliveries(connected.app) if row["event"] == "pull_request"]
    pull_request(rows[-1]["request"]["payload"], lambda *_: None)


def test_it_shows_a_pull_request_from_its_opening_to_its_end(connected: Connected) -> None:
    set_preference(actor=connected.actor, service=connected.service, is_on=True)
    sha = connected.github.push(connected.repo, branch="try", start="origin/main")
    number = connected.github.pull_request(connected.repo, "try")
    hand_over(connected)
    connected.send()
    assert connected.shown == [("preview", sha, ["queued"])]
    assert [statuses_in(comment) for comment in connected.comments] == [[f"⏳ Waiting `{sha[:7]}`"]]
    make_live(Deployment.objects.get(commit=sha), sha)
    connected.send()
    assert connected.shown == [("preview", sha, ["queued", "success"])]
    assert [statuses_in(comment) for comment in connected.comments] == [[f"✅ Live `{sha[:7]}`"]]
    assert f"-pr-{number}." in connected.comments[0]
    assert connected.statuses[-1] == (sha, "slipway/shop/web", "success")
    connected.github.close(connected.repo, number)
    hand_over(connected)
    connected.send()
    assert connected.shown == [("preview", sha, ["queued", "success", "inactive"])]
    assert [statuses_in(comment) for comment in connected.comments] == [["⚪ Removed"]]


def test_it_says_that_a_fork_waits_for_its_approval(connected: Connected) -> None:
    set_preference(actor=connected.actor, service=connected.service, is_on=True)
    stranger = connected.github.user()
    fork = connected.github.fork(connected.repo, stranger)
    connected.github.push(fork, branch="evil", start="origin/main", person=stranger)
    connected.github.pull_request(connected.repo, "evil", person=stranger, fork=fork)
    hand_over(connected)
    connected.send()
    assert connected.shown == []
    assert [statuses_in(comment) for comment in connected.comments] == [["⏸️ Waits"]]
    assert "approv" in connected.comments[0]
