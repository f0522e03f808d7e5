"""Somebody says that they installed the App: what GitHub says to that, asked as themselves and as the App.

Nothing is tied to the person: what they may use is asked of GitHub each time (`choices`).
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.accounts.access import Actor
from apps.accounts.installation import is_operator
from apps.github import installations
from apps.github.choices import accounts_of, offer_for
from apps.github.client import app_client
from apps.github.models import Identity
from apps.github.news import told_to_teams
from workers.errors import UserError

READ = "Its repositories are read as soon as GitHub tells of it."


@dataclass(frozen=True)
class Arrival:
    """A sentence for the page. `only`: GitHub's id of the one repository that was given, when it was one."""

    sentence: str
    only: int | None = None


def arrived(*, actor: Actor, hint: str) -> Arrival:
    """`hint` is what the address said; it is believed only as far as GitHub confirms it.

    Of a person whose GitHub account is linked GitHub is asked with their own token; an operator's App without; of
    anybody else nothing is asked, so that the address tells no stranger what exists.
    """
    if not (hint.isascii() and hint.isdigit() and len(hint) < 19):
        raise _unknown()
    github_id = int(hint)
    identity = Identity.objects.filter(user=actor.user).first()
    if identity is None and not is_operator(actor):
        return Arrival(READ)
    if identity is not None and not _is_shown(identity, github_id):
        raise _unknown()
    with told_to_teams():
        row = installations.refresh_one(github_id, client=app_client())
    if row is None:
        raise _unknown()
    count = row.repositories.filter(trouble="").count()
    sentence = f"The App sees {count} {'repository' if count == 1 else 'repositories'} of {row.account_login}."
    return Arrival(sentence, _only(identity, row.account_login) if identity and count == 1 else None)


def _is_shown(identity: Identity, github_id: int) -> bool:
    return any(row.id == github_id for row in accounts_of(identity, fresh=True))


def _only(identity: Identity, account: str) -> int | None:
    found = offer_for(identity, account=account, fresh=True).choices
    return found[0].github_id if len(found) == 1 else None


def _unknown() -> UserError:
    return UserError(
        "github:user:installation", "GitHub shows you no such installation of this App.",
        hint="Install it from a page of this Slipway, signed in at GitHub as yourself.", status=404,
    )  # fmt: skip
