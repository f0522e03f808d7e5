"""Whose word it takes that GitHub is told, and that names there stay with who has them."""

from __future__ import annotations

from apps.deployments import actions
from apps.github.choices import choice_named
from apps.github.connections import connect
from apps.github.models import Connection
from tests.apps.cast import Person, make_live
from tests.apps.test_pages_walk import browser
from tests.feedback.conftest import Connected, Previews, connect_service
from tests.github.people import linked


def connected_by(person: Person, connected: Connected) -> Connection:
    choice = choice_named(person.actor, connected.repo.full_name)
    return connect(actor=person.actor, service=connected.service, choice=choice)


def test_it_tells_nothing_before_somebody_who_may_push_wants_it(
    connected: Connected, previews: Previews, alice: Person, dora: Person
) -> None:
    reader = connected.github.user()
    connected.github.collaborator(connected.repo, reader, "triage")
    linked(alice, reader)
    Connection.objects.all().delete()
    source = f"/services/{connected.service.pk}/source/connect"
    answer = browser(alice).post(source, {"repository": connected.repo.id}, follow=True)
    assert "You may not push there, so GitHub is told nothing of it." in answer.content.decode()
    connected.live()
    connected.live(environment=previews.add(connected, 12))
    connected.send()
    assert (connected.shown, connected.statuses, connected.comments) == ([], [], [])
    mode, page = f"/services/{connected.service.pk}/feedback", f"/services/{connected.service.pk}/settings"
    assert alice.get(mode).json() == {"mode": "off", "may_tell": False}
    assert "GitHub is told nothing" in alice.client.get(page).content.decode()
    for person in (alice, dora):  # Who reads, and who is nobody at GitHub.
        assert person.patch(mode, {"mode": "all"}).json()["code"] == "source:user:no-push"
    assert alice.patch(mode, {"mode": "off"}).status_code == 200
    linked(dora, connected.coder)
    assert dora.patch(mode, {"mode": "all"}).json() == {"mode": "all", "may_tell": True}
    assert connected_by(alice, connected).may_tell  # The same repository: what was allowed stays.
    connected.send()
    assert {environment for environment, _, _ in connected.shown} == {"production", "preview"}


def test_another_team_changes_no_names(connected: Connected, charlie: Person) -> None:
    connected.live()
    connected.send()
    theirs = connect_service(charlie, connected.repository, "web")
    make_live(actions.deploy(actor=charlie.actor, service=theirs, commit=connected.sha), connected.sha)
    connected.live(connected.github.push(connected.repo))
    connected.send()
    label = f"{charlie.team.slug}/shop/web"
    assert [name for name, _, _ in connected.shown] == ["production", f"production ({label})", "production"]
    assert {name for _, name, _ in connected.statuses} == {"slipway/shop/web", f"slipway/{label}"}
