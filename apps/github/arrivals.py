"""Somebody says that they installed the App: what GitHub says to that, asked as themselves and as the App.

Nothing is tied to the person: what they may use is asked of GitHub each time (`choices`).
"""

from __future__ import annotations

from apps.accounts.access import Actor
from apps.accounts.installation import is_operator
from apps.github import installations
from apps.github.answers import InstallationTold
from apps.github.client import app_client, user_client
from apps.github.models import Identity
from apps.github.news import told_to_teams
from workers.errors import UserError

READ = "Its repositories are read as soon as GitHub tells of it."


def arrived(*, actor: Actor, hint: str) -> str:
    """A sentence for the page. `hint` is what the address said; it is believed only as far as GitHub confirms it.

    Of a person whose GitHub account is linked GitHub is asked with their own token; an operator's App without; of
    anybody else nothing is asked, so that the address tells no stranger what exists.
    """
    if not (hint.isascii() and hint.isdigit() and len(hint) < 19):
        raise _unknown()
    github_id = int(hint)
    identity = Identity.objects.filter(user=actor.user).first()
    if identity is None and not is_operator(actor):
        return READ
    if identity is not None and not _is_shown(identity, github_id):
        raise _unknown()
    with told_to_teams():
        row = installations.refresh_one(github_id, client=app_client())
    if row is None:
        raise _unknown()
    count = row.repositories.filter(trouble="").count()
    return f"The App sees {count} {'repository' if count == 1 else 'repositories'} of {row.account_login}."


def _is_shown(identity: Identity, github_id: int) -> bool:
    rows = user_client(identity).pages("/user/installations", InstallationTold, key="installations")
    return any(row.id == github_id for row in rows)


def _unknown() -> UserError:
    return UserError(
        "github:user:installation", "GitHub shows you no such installation of this App.",
        hint="Install it from a page of this Slipway, signed in at GitHub as yourself.", status=404,
    )  # fmt: skip
