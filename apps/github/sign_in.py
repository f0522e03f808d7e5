"""The steps of a sign-in with GitHub, after its code was exchanged: same person, admitted, settled. They are social-auth's
pipeline; each gets what those before it returned. GitHub is asked in `admitted`, rows are written in `settled`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts import invitations, joining, newcomers
from apps.accounts.access import Actor
from apps.accounts.models import Invitation, User
from apps.accounts.newcomers import Policy
from apps.github import identities
from apps.github.admission import is_welcome, may_return, refusal
from apps.github.models import Identity
from apps.github.sign_in_backend import GitHubSignIn, Intent
from apps.github.visitor import Visitor, visitor_of
from workers.errors import UserError


def same_person(*, backend: GitHubSignIn, user: User | None, response: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Who comes back must be who left: a sign-in that ends in somebody else's session would link GitHub to them."""
    if backend.intent.user != (str(user.pk) if user else ""):
        raise UserError(
            "sign-in:user:other-session", "Somebody else signed in here while you were at GitHub.",
            hint="Begin again.", status=409,
        )  # fmt: skip
    return {"intent": backend.intent, "visitor": visitor_of(response, backend.app)}


def admitted(*, intent: Intent, visitor: Visitor, **_: Any) -> dict[str, Any]:
    """Raises what they are told who may not come in."""
    policy, identity = newcomers.policy(), identities.identity_of(visitor.github_id)
    invitation = invitations.invitation_known(UUID(intent.invitation)) if intent.invitation else None
    if not intent.user:
        _let_in(visitor, policy, identity, invitation)
    return {"policy": policy, "invitation": invitation}


def _let_in(visitor: Visitor, policy: Policy, identity: Identity | None, invitation: Invitation | None) -> None:
    if identity is not None:
        if not identity.user.is_active:
            raise UserError(
                "sign-in:user:suspended", f"The account of {visitor.login} is suspended here.",
                hint=f"Ask {policy.contact or newcomers.SOMEBODY}.", status=403,
            )  # fmt: skip
        if not may_return(identity.user, visitor, policy) and invitation is None:
            raise refusal(visitor, policy, returning=True)
    elif not User.objects.filter(is_staff=True, is_active=True).exists():
        raise UserError(
            "sign-in:user:not-set-up", "Nobody owns this Slipway yet.",
            hint="Print a setup link on the host with `make -s link`; link GitHub afterwards.", status=409,
        )  # fmt: skip
    elif invitation is None and not is_welcome(visitor, policy):
        raise refusal(visitor, policy, returning=False)


@transaction.atomic
def settled(*, intent: Intent, visitor: Visitor, invitation: Invitation | None, **_: Any) -> dict[str, Any]:
    """The account, with what is newest of GitHub; the team that was promised."""
    identities.one_at_a_time(visitor.github_id)
    if intent.user:
        user = User.objects.get(pk=intent.user)
        return {"user": user, "social": identities.link(user, visitor)}
    identity = identities.identity_of(visitor.github_id)
    user = identity.user if identity else _new_person(visitor, invitation)
    if identity is not None and invitation is not None:
        joining.accept_known(actor=Actor(user), invitation=invitation)
    kept = identities.keep(user, visitor)
    if identity is None and invitation is None:
        newcomers.settle(user)
    return {"user": user, "social": kept, "is_new": identity is None}


def _new_person(visitor: Visitor, invitation: Invitation | None) -> User:
    """Never somebody who is there already: an address that another account has is left to it."""
    if invitation is not None:
        return joining.accept_known_as_new(invitation=invitation, name=visitor.name, password=None)
    email = visitor.email
    if User.objects.filter(email__iexact=email).exists():
        email = f"github-{visitor.github_id}@nowhere.invalid"
    return User.objects.create_user(email, None, name=visitor.name, is_let_in=True)
