"""Which repositories a person may connect: those that GitHub lists for their own token, and no others.

Not in charge of drawing the list, or of connecting (`connections`). What GitHub said is kept for a minute for the list; what
somebody chose is asked anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from apps.accounts.access import Actor, not_found
from apps.github import cache
from apps.github.answers import InstallationTold, RepositoryTold
from apps.github.client import Client, at, user_client
from apps.github.models import Identity

KEPT_SECONDS = 60.0
MOST_INSTALLATIONS = 100
MOST_REPOSITORIES = 3000  # Of one account.
MOST_AT_ONCE = 5  # Accounts that are read without being chosen.


@dataclass(frozen=True)
class Account:
    """Where the App is installed, as the person may see it. `id` is the installation's."""

    id: int
    account_id: int
    login: str
    type: str
    selection: str
    is_suspended: bool = False


@dataclass(frozen=True)
class Choice:
    """A repository that the person may connect: GitHub said so."""

    github_id: int
    account: Account
    full_name: str
    private: bool
    archived: bool
    default_branch: str
    pushed_at: datetime | None
    description: str = ""
    may_push: bool = False


@dataclass(frozen=True)
class Offer:
    """The repositories of a person, the one pushed to last first. `account` is the login they are of, "" for all.

    `is_whole` false: more accounts than are read without being chosen.
    """

    accounts: list[Account]
    account: str
    choices: list[Choice]
    is_whole: bool = True

    def matching(self, words: str) -> list[Choice]:
        """Every word stands somewhere in the name, or in the description."""
        wanted = words.casefold().split()
        return [c for c in self.choices if all(w in f"{c.full_name} {c.description}".casefold() for w in wanted)]


def identity_of(actor: Actor) -> Identity | None:
    """Who the person is at GitHub, if they told."""
    return Identity.objects.filter(user=actor.user).first() if actor.user else None


def offer_for(identity: Identity, *, account: str = "", fresh: bool = False) -> Offer:
    """Of the account with that login, or of all, when they are few: else of the person's own. `fresh` asks GitHub anew."""
    client = user_client(identity)
    accounts = accounts_of(identity, fresh=fresh)
    usable = [row for row in accounts if not row.is_suspended]
    chosen = [row for row in usable if row.login.casefold() == account.casefold()] if account else usable
    is_whole = len(chosen) <= MOST_AT_ONCE
    if not is_whole:
        own = [row for row in chosen if row.login == identity.login]
        chosen = own or chosen[:1]
    found = [choice for row in chosen for choice in _choices_in(client, identity, row, fresh=fresh)]
    shown = chosen[0].login if len(chosen) == 1 and (account or not is_whole) else ""
    return Offer(accounts, shown, _newest_first(found), is_whole)


def is_offer_kept(identity: Identity) -> bool:
    """Whether the list can be shown without asking GitHub."""
    return _kept(identity, "accounts") is not None


def accounts_of(identity: Identity, *, fresh: bool = False) -> list[Account]:
    """Where the App is installed and the person may see it."""
    kept = None if fresh else _kept(identity, "accounts")
    if kept is None:
        rows = user_client(identity).pages(
            "/user/installations", InstallationTold, key="installations", most=MOST_INSTALLATIONS
        )
        kept = [asdict(_account(row)) for row in rows]
        _keep(kept, identity, "accounts")
    return [Account(**row) for row in kept]


def choice_for(actor: Actor, github_id: int) -> Choice:
    """The repository with that id, if GitHub lists it for this person now; 404 like one that does not exist."""
    return _choice(actor, lambda choice: choice.github_id == github_id)


def choice_named(actor: Actor, repository: str) -> Choice:
    """The same by `owner/name`, or by the id as text."""
    if repository.isdecimal() and len(repository) < 19:
        return choice_for(actor, int(repository))
    return _choice(actor, lambda choice: choice.full_name.casefold() == repository.casefold())


def may_push(actor: Actor, github_id: int) -> bool:
    """What GitHub says of this person and the repository now; not of one that it does not show them."""
    found = _found(actor, lambda choice: choice.github_id == github_id)
    return found is not None and found.may_push


def _choice(actor: Actor, is_meant: Callable[[Choice], bool]) -> Choice:
    found = _found(actor, is_meant)
    if found is None:
        raise not_found("repository")
    return found


def _found(actor: Actor, is_meant: Callable[[Choice], bool]) -> Choice | None:
    """Asked anew. The account in whose kept list it stands comes first, so that this takes few requests."""
    identity = identity_of(actor)
    if identity is None:
        return None

    def is_elsewhere(account: Account) -> bool:
        return not any(map(is_meant, _kept_choices(identity, account) or []))

    for account in sorted(accounts_of(identity, fresh=True), key=is_elsewhere):
        if not account.is_suspended:
            found = next(filter(is_meant, _asked(user_client(identity), account)), None)
            if found is not None:
                return found
    return None


def _choices_in(client: Client, identity: Identity, account: Account, *, fresh: bool) -> list[Choice]:
    kept = None if fresh else _kept_choices(identity, account)
    if kept is not None:
        return kept
    found = list(_asked(client, account))
    _keep([_row(choice) for choice in found], identity, "repositories", account.id)
    return found


def _asked(client: Client, account: Account) -> Iterator[Choice]:
    path = at("/user/installations/{}/repositories", account.id)
    for told in client.pages(path, RepositoryTold, key="repositories", most=MOST_REPOSITORIES):
        pushed_at = told.pushed_at if isinstance(told.pushed_at, datetime) else None
        yield Choice(
            github_id=told.id,
            account=account,
            full_name=told.full_name,
            private=told.private,
            archived=told.archived,
            default_branch=told.default_branch or "main",
            pushed_at=pushed_at,
            description=(told.description or "")[:200],
            may_push=told.may_push,
        )


def _account(told: InstallationTold) -> Account:
    who = told.account
    return Account(
        told.id, who.id, who.login, who.type, told.repository_selection, is_suspended=told.suspended_at is not None
    )


def _newest_first(choices: Iterable[Choice]) -> list[Choice]:
    """Those that nobody pushed to come last, by name."""
    by_name = sorted(choices, key=lambda choice: choice.full_name.casefold())
    return sorted(by_name, key=lambda choice: choice.pushed_at.timestamp() if choice.pushed_at else 0.0, reverse=True)


def _row(choice: Choice) -> dict[str, Any]:
    pushed_at = choice.pushed_at.isoformat() if choice.pushed_at else None
    return {**{f.name: getattr(choice, f.name) for f in fields(choice) if f.name != "account"}, "pushed_at": pushed_at}


def _kept_choices(identity: Identity, account: Account) -> list[Choice] | None:
    rows = _kept(identity, "repositories", account.id)
    if rows is None:
        return None
    moments = [datetime.fromisoformat(row["pushed_at"]) if row["pushed_at"] else None for row in rows]
    return [
        Choice(**{**row, "account": account, "pushed_at": moment}) for row, moment in zip(rows, moments, strict=True)
    ]


def _kept(identity: Identity, *name: object) -> list[dict[str, Any]] | None:
    told = cache.get("offer", identity.github_id, *name)
    return json.loads(told) if told else None


def _keep(rows: list[dict[str, Any]], identity: Identity, *name: object) -> None:
    cache.put(json.dumps(rows), "offer", identity.github_id, *name, seconds=KEPT_SECONDS)
