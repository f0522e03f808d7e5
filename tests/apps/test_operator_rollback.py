"""Going back to an earlier release: what the page tells before it is done, and the pause that goes with it."""

from __future__ import annotations

from django.utils import timezone

from apps.deployments import actions
from apps.deployments.models import Build, Deployment, Release
from apps.projects.models import Service
from tests.apps.cast import Person, Shop, make_live
from tests.apps.test_pages_walk import browser


def page_of(shop: Shop) -> str:
    return f"/releases/{shop.first.release_id}/rollback"


def paused(shop: Shop) -> bool:
    return Service.objects.get(pk=shop.service.pk).auto_deploy_paused_at is not None


def test_it_names_each_commit_that_is_undone_once(alice: Person, shop: Shop) -> None:
    third = make_live(actions.deploy(actor=alice.actor, service=shop.service), "c" * 40)
    Build.objects.filter(pk=third.build_id).update(message="Paint it red")
    make_live(actions.deploy(actor=alice.actor, service=shop.service), "c" * 40)
    answer = browser(alice).get(page_of(shop))
    assert [row.commit[:1] for row in answer.context["undone"]] == ["c", "b"]
    text = answer.content.decode()
    assert "2 commits are undone" in text and "Does not come back:" in text
    assert text.index("autofocus") < text.index("2 commits are undone")  # A phone does not scroll past what is decided.


def test_it_pauses_auto_deploy_unless_told_not_to(alice: Person, shop: Shop) -> None:
    browser(alice).post(page_of(shop))
    assert not paused(shop)
    Deployment.objects.filter(rollback_of__isnull=False).delete()
    browser(alice).post(page_of(shop), {"pause": "1"})
    assert paused(shop)
    assert "Resume" in browser(alice).get(f"/services/{shop.service.pk}").content.decode()


def test_the_api_pauses_by_default(alice: Person, shop: Shop) -> None:
    path = f"/services/{shop.service.pk}/rollback"
    assert alice.post(path, {"pause_auto_deploy": False}).status_code == 201
    assert not paused(shop)
    Deployment.objects.filter(rollback_of__isnull=False).delete()
    assert alice.post(path).status_code == 201
    assert paused(shop)


def test_it_says_why_an_old_release_is_gone_and_builds_it_again(alice: Person, shop: Shop) -> None:
    Release.objects.filter(pk=shop.first.release_id).update(pruned_at=timezone.now())
    text = browser(alice).get(page_of(shop)).content.decode()
    assert "no longer kept" in text and "keeps its last 10 releases" in text
    browser(alice).post(page_of(shop))
    made = Deployment.objects.latest("created_at")
    assert (made.commit, made.release_id, paused(shop)) == ("a" * 40, None, False)


def test_it_has_nothing_to_do_for_what_serves(alice: Person, shop: Shop) -> None:
    text = browser(alice).get(f"/releases/{shop.live.release_id}/rollback").content.decode()
    assert "serves now" in text and "Pause auto-deploy" not in text
