"""Somebody of the cast who is also somebody at GitHub, with repositories there."""

from __future__ import annotations

from typing import Any

from apps.github.models import Identity
from tests.apps.cast import Person
from tests.github import world
from tests.github.plugin import connect
from tests.github.world import GitHub


def linked(person: Person, ada: world.Person, token: str = "") -> Identity:
    """The person has signed in with GitHub as `ada`."""
    row, _ = Identity.objects.update_or_create(
        user=person.user, defaults={"github_id": ada.id, "login": ada.login, "token": token or ada.token}
    )
    return row


def at_github(github: GitHub, person: Person) -> tuple[world.Person, dict[str, Any]]:
    """GitHub is connected, and the person is a new somebody there."""
    ada = github.user()
    app = github.app(ada)
    connect(github, app)
    linked(person, ada)
    return ada, app
