"""What a person changes about themselves: name, email, password, and where they are signed in."""

from __future__ import annotations

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from apps.accounts.access import Actor, not_found
from apps.accounts.ending import end_links, end_sessions
from apps.accounts.models import User
from apps.accounts.policy import Scope
from workers.errors import UserError


@transaction.atomic
def change_profile(*, actor: Actor, name: str | None = None, email: str | None = None) -> User:
    """None keeps what is there."""
    user = _self(actor, "change your profile")
    if name is not None:
        if not name.strip():
            raise UserError("profile:user:name", "A name cannot be empty.", hint="Write your name.", status=422)
        user.name = name.strip()[:100]
    if email is not None:
        address = _free_address(email, user)
        user.is_email_verified = user.is_email_verified and address == user.email
        user.email = address
    user.save(update_fields=["name", "email", "is_email_verified"])
    return user


@transaction.atomic
def change_password(*, actor: Actor, old: str, new: str) -> User:
    """All other sessions and unused sign-in links end. Who came in by a link and has no password yet needs no old one."""
    user = _self(actor, "change your password")
    if user.is_let_in:  # With a password they would go on coming in after a list has dropped them.
        raise UserError(
            "profile:user:no-password", "You were let in by your GitHub account, and sign in with it.",
            hint="Once you are invited to a team, you can have a password.", status=409,
        )  # fmt: skip
    if user.has_usable_password() and not user.check_password(old):
        raise UserError(
            "profile:user:old-password", "That is not your password of now.",
            hint="Forgot it? `make -s link` on the host prints a one-time sign-in.", status=422,
        )  # fmt: skip
    try:
        password_validation.validate_password(new, user)
    except ValidationError as error:
        raise UserError("profile:user:new-password", " ".join(error.messages), status=422) from error
    user.set_password(new)
    user.save(update_fields=["password"])
    end_links(user)
    return user


@transaction.atomic
def sign_out_everywhere(*, actor: Actor) -> User:
    """Every session ends, this one too, and every unused sign-in link. API tokens go on: each is revoked by itself."""
    user = _self(actor, "sign you out everywhere")
    end_sessions(user)
    return user


def _self(actor: Actor, what: str) -> User:
    if actor.user is None:
        raise not_found()
    if actor.scope not in (None, Scope.ADMIN):
        raise UserError(
            "access:user:forbidden", f"A {actor.scope} token cannot {what}.", hint="Sign in.", status=403
        )  # fmt: skip
    return User.objects.select_for_update().get(pk=actor.user.pk)


def _free_address(email: str, user: User) -> str:
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise UserError(
            "profile:user:email", f"{address[:80]!r} is not an email address.", hint="Check its spelling.", status=422
        ) from error
    if User.objects.filter(email__iexact=address).exclude(pk=user.pk).exists():
        raise UserError("profile:user:email-taken", f"{address} belongs to another account here.", status=409)
    return address
