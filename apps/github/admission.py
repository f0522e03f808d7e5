"""Who may come in without an account here: what the installation's policy means at GitHub. Asked anew at each sign-in, and
every hour of those who are in (`staying`).

Matched by numeric ids wherever there are any, because a name that was given up can be taken by somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from django.conf import settings

from apps.accounts.models import User
from apps.accounts.newcomers import Allowed, Policy
from apps.accounts.policy import SignIn
from apps.github import client
from apps.github.answers import AccountTold
from apps.github.app import App, require_app
from apps.github.client import Client, at, installation_client
from apps.github.errors import NotThere, Refused
from apps.github.models import Installation
from apps.github.visitor import Visitor
from workers.errors import UserError

MOST = 100  # Entries of a list.


def is_welcome(visitor: Visitor, policy: Policy) -> bool:
    """May somebody come in whom nobody invited?"""
    if policy.sign_in == SignIn.OPEN:
        return True
    return policy.sign_in == SignIn.ALLOWED and _is_visitor_listed(visitor, policy)


def may_return(user: User, visitor: Visitor, policy: Policy) -> bool:
    """May somebody come back? Who was invited may; who was let in by a list must still be on it."""
    return not user.is_let_in or policy.sign_in != SignIn.ALLOWED or _is_visitor_listed(visitor, policy)


def _is_visitor_listed(visitor: Visitor, policy: Policy) -> bool:
    told = AccountTold(id=visitor.github_id, login=visitor.login)
    return is_listed(told, Client(require_app().api_url, visitor.credential), policy.allowed)


def is_listed(person: AccountTold, asker: Client, allowed: tuple[Allowed, ...]) -> bool:
    """`asker` speaks as the person."""
    if is_named(person, allowed):
        return True
    asked = [entry for entry in allowed if entry.type != "User"]
    return bool(asked) and any(matches(entry, org) for org in organisations_of(person, asker) for entry in asked)


def is_named(person: AccountTold, allowed: tuple[Allowed, ...]) -> bool:
    """By themselves, and not by an organisation. Nobody is asked."""
    return any(matches(entry, person) for entry in allowed)


def matches(entry: Allowed, account: AccountTold) -> bool:
    if entry.type not in ("", account.type):
        return False
    if entry.id:
        return entry.id == account.id
    return entry.login.lower() == account.login.lower()


def organisations_of(person: AccountTold, asker: Client) -> Iterator[AccountTold]:
    """What GitHub shows of them: first to the person, then to our App where it is installed. An organisation that shows
    it to neither is as if they were no member: its owner installs the App, or their membership is made public."""
    try:
        for org in asker.pages("/user/orgs", AccountTold):
            yield org.model_copy(update={"type": "Organization"})
    except (NotThere, Refused):
        pass  # Not what decides: the App may see more.
    for installation in Installation.objects.filter(account_type="Organization", deleted_at=None, suspended_at=None):
        found = AccountTold(id=installation.account_id, login=installation.account_login, type="Organization")
        if _has_member(found, installation, person):
            yield found


def _has_member(org: AccountTold, installation: Installation, person: AccountTold) -> bool:
    """GitHub answers 204 for a member. The organisation's id is compared: its name is in the address only."""
    asker = installation_client(installation)
    try:
        named = asker.get(at("/orgs/{}", org.login), AccountTold)
        return (
            named.id == org.id
            and asker.request("GET", at("/orgs/{}/members/{}", org.login, person.login)).status == 204
        )
    except (NotThere, Refused):
        return False


def looked_up(text: str, known: tuple[Allowed, ...]) -> tuple[Allowed, ...]:
    """One name a line (or with commas between) as entries with the ids they have at GitHub now. UserError for others."""
    names = list(dict.fromkeys(word.strip().lstrip("@") for word in text.replace(",", "\n").splitlines()))
    if len(names) > MOST:
        raise UserError("sign-in:user:too-many", f"The list has more than {MOST} entries.", status=422)
    by_name = {entry.login.lower(): entry for entry in known if entry.id}
    found = [by_name.get(name.lower()) or _at_github(name) for name in names if name]
    return tuple({entry.id: entry for entry in found}.values())


def _at_github(name: str) -> Allowed:
    app: App = require_app()
    answer = client.send(
        "GET", f"{app.api_url}/users/{quote(name, safe='')}", headers={"Accept": client.JSON}, again=True
    )
    if answer.status != 200:
        raise UserError(
            "sign-in:user:no-such-account", f"GitHub shows nobody with the name {name[:100]!r}.",
            hint=f"Write the name of a person or an organisation as in {app.web_url}/name."
            if answer.status == 404
            else "Wait a little and save again, or name it in SLIPWAY_SIGN_IN_ALLOWED.",
            status=422,
        )  # fmt: skip
    told = answer.read(AccountTold)
    return Allowed(told.login, told.id, told.type)


def refusal(visitor: Visitor, policy: Policy, *, returning: bool) -> UserError:
    """Who, why, and what they can do."""
    whom = policy.contact or "the person who runs this Slipway"
    if returning:
        why = f"{visitor.login} is no longer on the list of people who may sign in here."
        hint = f"Ask {whom}. If you left a GitHub organisation lately, that is why."
    elif policy.sign_in == SignIn.ALLOWED:
        why = f"{visitor.login} is not among the people and organisations at GitHub that may sign in here."
        hint = (
            f"Ask {whom} for an invitation. If you are a member of an allowed organisation, its owner may have to "
            f"approve this App there first."
        )
    else:
        why = f"{visitor.login} has no account here, and new ones come by invitation only."
        hint = (
            f"Ask {whom} for an invitation. If you have an account, sign in as before and link GitHub on your profile: "
            f"{settings.SLIPWAY.url}/profile"
        )
    return UserError("sign-in:user:refused", why, hint=hint, status=403)
