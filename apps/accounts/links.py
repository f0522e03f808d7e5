"""One-time links: to the setup, for signing in, and to be kept for bad days."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.access import Actor
from apps.accounts.models import SignInLink, User
from apps.accounts.policy import Scope
from apps.lib import tokens
from workers.errors import UserError

LINK_LIFE = timedelta(hours=24)
RECOVERY_LIFE = timedelta(days=365)


def make_link(*, user: User | None, life: timedelta = LINK_LIFE) -> str:
    """The address of a one-time link; older unused ones for the same person end, but for one that is kept for bad days."""
    token, now = tokens.make_token("link"), timezone.now()
    with transaction.atomic():
        unused = SignInLink.objects.filter(user=user, used_at__isnull=True)
        lasting = unused if life > LINK_LIFE else unused.filter(expires_at__lte=now + LINK_LIFE)
        lasting.update(used_at=now)
        SignInLink.objects.create(user=user, digest=tokens.digest(token), expires_at=now + life)
    return f"{settings.SLIPWAY.url}/{'setup' if user is None else 'link'}/{token}"


def make_recovery_link(*, actor: Actor) -> str:
    """A one-time sign-in for oneself that lasts a year, to be kept with one's passwords. It ends the one made before."""
    if actor.user is None or not actor.user.is_staff:
        raise UserError("access:user:forbidden", "Only operators may make a recovery link.", status=403)
    if actor.scope not in (None, Scope.ADMIN):
        raise UserError("access:user:forbidden", f"A {actor.scope} token cannot make a recovery link.", status=403)
    return make_link(user=actor.user, life=RECOVERY_LIFE)


def link_for(token: str) -> SignInLink:
    """The unused link behind a token. Does not use it up."""
    now = timezone.now()
    row = SignInLink.objects.filter(digest=tokens.digest(token), used_at__isnull=True, expires_at__gt=now).first()
    if row is None:
        raise UserError(
            "setup:user:link-ended",
            "This link was used already or has ended.",
            hint="Print a new one on the host with `make -s link`.",
            status=404,
        )
    return row


def use_link(link: SignInLink) -> None:
    """Single use, also when two requests race."""
    if not SignInLink.objects.filter(pk=link.pk, used_at__isnull=True).update(used_at=timezone.now()):
        raise UserError("setup:user:link-ended", "This link was used already.", status=404)
