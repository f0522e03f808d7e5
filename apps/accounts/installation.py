"""What operators set for the whole installation in the dashboard: the domain beneath which services get host names.

What only the environment can set is in `paas.config`.
"""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.access import Actor, not_found
from apps.accounts.actions import record
from apps.accounts.models import Installation, Membership, Team
from apps.accounts.policy import Scope
from apps.lib.hostnames import normalise_host
from workers.errors import UserError


def installation() -> Installation:
    """The one row."""
    return Installation.objects.get_or_create(only=True)[0]


def base_domain() -> str:
    """New services get `<service>.<this>`."""
    stored = Installation.objects.values_list("base_domain", flat=True).first()
    return stored or str(settings.SLIPWAY.base_domain)


def is_operator(actor: Actor) -> bool:
    return actor.user is not None and actor.user.is_active and actor.user.is_staff


def require_operator(actor: Actor, what: str) -> None:
    """For the API: 403 for others. Pages of operators do not exist for others: `operator_for`."""
    if not is_operator(actor):
        raise UserError("access:user:forbidden", f"Only operators may {what}.", hint="Ask an operator.", status=403)
    if actor.scope not in (None, Scope.ADMIN):
        raise UserError(
            "access:user:forbidden", f"A {actor.scope} token cannot {what}.",
            hint="Use a token with the scope admin.", status=403,
        )  # fmt: skip


def require_operator_page(actor: Actor) -> None:
    if not is_operator(actor):
        raise not_found()


@transaction.atomic
def set_base_domain(*, actor: Actor, base: str) -> Installation:
    """For services made from now on. Host names that were given before stay."""
    require_operator(actor, "change the base domain")
    name = normalise_host(base.strip().removeprefix("*."))
    if len(name) > 180:
        raise UserError("installation:user:too-long", "That base domain is too long.", status=422)
    row = _locked()
    before = row.base_domain or str(settings.SLIPWAY.base_domain)
    row.base_domain = name
    row.save(update_fields=["base_domain"])
    if before != name:
        note(actor, "changed the base domain", before=before, after=name)
    return row


@transaction.atomic
def dismiss_checklist(*, actor: Actor, on: bool = True) -> Installation:
    """The first steps are not shown any more, or again."""
    require_operator(actor, "change the first steps")
    row = _locked()
    row.checklist_dismissed_at = timezone.now() if on else None
    row.save(update_fields=["checklist_dismissed_at"])
    return row


def note(actor: Actor, verb: str, **data: str) -> None:
    """What an operator did to the installation stands in the activity of each team that they own."""
    owned = Team.objects.filter(pk__in=Membership.objects.filter(user=actor.user, role="owner").values("team"))
    for team in owned:
        record(actor=actor, team_id=team.pk, verb=verb, subject=installation(), **data)


def _locked() -> Installation:
    installation()
    return Installation.objects.select_for_update().get(only=True)
