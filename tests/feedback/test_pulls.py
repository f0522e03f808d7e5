"""The one comment on a pull request: written once, edited from then on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.feedback import noticing
from apps.feedback.actions import set_mode
from apps.feedback.calls import Calls
from apps.feedback.models import Mode, ToldPull
from apps.github.pulls import Shown
from tests.feedback.conftest import Connected, Previews


@pytest.fixture
def number(connected: Connected) -> int:
    connected.github.push(connected.repo, branch="try", start="origin/main")
    return connected.github.pull_request(connected.repo, "try")


def statuses_in(comment: str) -> list[str]:
    return [line.split("|")[2].strip() for line in comment.splitlines() if line.startswith("| shop/")]


def test_it_writes_one_comment_and_edits_it(connected: Connected, previews: Previews, number: int) -> None:
    environment = previews.add(connected, number)
    row = connected.deploy(environment=environment)
    connected.send()
    short = connected.sha[:7]
    assert [statuses_in(c) for c in connected.comments] == [[f"⏳ Waiting `{short}`"]]
    connected.fail(row, "There is no @Dockerfile | here.")
    connected.send()
    assert [statuses_in(c) for c in connected.comments] == [[f"❌ Failed `{short}`"]]
    assert "**shop/web**: There is no @\u200bDockerfile \\| here." in connected.comments[0]
    connected.live(environment=environment)
    connected.send()
    assert [statuses_in(c) for c in connected.comments] == [[f"✅ Live `{short}`"]]
    connected.send()
    with connected.github.watching() as seen:
        connected.send()
    assert seen == []


def test_it_says_what_is_refused_waits_and_was_removed(connected: Connected, previews: Previews, number: int) -> None:
    previews.add(connected, number, environment_id=None, state="refused", reason="There are 3 previews already.")
    connected.send()
    assert statuses_in(connected.comments[0]) == ["⚠️ Not deployed"]
    assert "**shop/web**: There are 3 previews already." in connected.comments[0]
    pull = (connected.repository.pk, number)
    for state, words in (("waiting", "⏸️ Waits"), ("removed", "⚪ Removed")):
        previews.rows[pull] = [Shown(connected.service.pk, "shop/web", None, timezone.now(), state, "Because.")]
        connected.send()
        assert [statuses_in(comment) for comment in connected.comments] == [[words]]


def test_it_writes_nothing_when_there_is_nothing_to_say(connected: Connected, previews: Previews, number: int) -> None:
    noticing.notice_pull((connected.repository.pk, number))
    connected.send()
    assert connected.comments == []
    assert not ToldPull.objects.get().is_due


def test_it_leaves_out_services_that_keep_to_themselves(connected: Connected, previews: Previews, number: int) -> None:
    set_mode(actor=connected.actor, service=connected.service, mode=Mode.STATUSES)
    connected.live(environment=previews.add(connected, number))
    connected.send()
    assert connected.comments == []
    assert [state for _, _, state in connected.statuses] == ["success"]


def test_it_writes_a_new_one_when_somebody_deleted_it(connected: Connected, previews: Previews, number: int) -> None:
    row = connected.deploy(environment=previews.add(connected, number))
    connected.send()
    comment = ToldPull.objects.get().comment_id
    path = f"/repos/{connected.repo.full_name}/issues/comments/{comment}"
    connected.github.api("DELETE", path, connected.github.owner(connected.repo))
    connected.send()
    assert connected.comments == []  # Without news nobody needs another.
    connected.fail(row)
    connected.send()
    assert len(connected.comments) == 1
    assert ToldPull.objects.get().comment_id != comment


def test_it_finds_the_comment_that_was_lost_here(connected: Connected, previews: Previews, number: int) -> None:
    row = connected.deploy(environment=previews.add(connected, number))
    connected.send()
    ToldPull.objects.all().delete()
    connected.fail(row)
    connected.send()
    assert [statuses_in(comment) for comment in connected.comments] == [[f"❌ Failed `{connected.sha[:7]}`"]]


def test_it_edits_no_comment_of_somebody_else(connected: Connected, previews: Previews, number: int) -> None:
    """Whoever copies the mark gets no say in where ours is."""
    row = connected.deploy(environment=previews.add(connected, number))
    connected.send()
    copied = connected.comments[0]
    ToldPull.objects.all().delete()
    own = connected.github.api(
        "GET", f"/repos/{connected.repo.full_name}/issues/{number}/comments", connected.github.owner(connected.repo)
    )
    path = f"/repos/{connected.repo.full_name}/issues/comments/{own[0]['id']}"
    connected.github.api("DELETE", path, connected.github.owner(connected.repo))
    connected.github.comment(connected.repo, number, connected.coder, copied)
    connected.fail(row)
    connected.send()
    assert connected.comments[0] == copied
    assert statuses_in(connected.comments[1]) == [f"❌ Failed `{connected.sha[:7]}`"]


def test_it_writes_no_second_one_after_a_crash(
    connected: Connected, previews: Previews, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected.deploy(environment=previews.add(connected, number))
    create = Calls.create_comment

    def lost(calls: Calls, at: int, body: str) -> int:
        create(calls, at, body)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Calls, "create_comment", lost)
        with pytest.raises(KeyboardInterrupt):
            connected.send()
    connected.send()
    assert len(connected.comments) == 1


def test_it_looks_again_while_something_is_under_way(connected: Connected, previews: Previews, number: int) -> None:
    row = connected.deploy(environment=previews.add(connected, number))
    connected.send()
    previews.rows = {}
    assert not ToldPull.objects.get().is_settled
    previews.rows[(connected.repository.pk, number)] = [
        Shown(connected.service.pk, "shop/web", row.environment_id, timezone.now() - timedelta(days=9))
    ]
    connected.fail(row)
    connected.send()
    assert ToldPull.objects.get().is_settled
    assert statuses_in(connected.comments[0]) == [f"❌ Failed `{connected.sha[:7]}`"]
