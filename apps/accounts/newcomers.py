"""Who may come in without an account here, what they find, whom people ask: the installation's policy.

Not in charge of what a list means at GitHub (`apps.github.admission`), or of making teams (`apps.accounts.teams`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.accounts.access import Actor
from apps.accounts.actions import make_team, record
from apps.accounts.installation import note, require_operator
from apps.accounts.models import Installation, Membership, Team, User
from apps.accounts.policy import Newcomers, Role, SignIn, TeamMakers
from workers.errors import UserError

SOMEBODY = "the person who runs this Slipway"
GIVEN_ROLES = (Role.VIEWER, Role.DEVELOPER)  # What a stranger may become without anybody having looked at them.


@dataclass(frozen=True)
class Allowed:
    """An organisation or a person at GitHub. `id` 0: the environment named it, so only its name is known."""

    login: str
    id: int = 0
    type: str = ""  # "Organization", "User", or "" when not known.

    def __str__(self) -> str:
        return self.login or f"id:{self.id}"


@dataclass(frozen=True)
class Policy:
    """`is_fixed`: the environment says who may come in, and no page changes that."""

    sign_in: SignIn = SignIn.INVITED
    allowed: tuple[Allowed, ...] = ()
    is_fixed: bool = False
    newcomers: Newcomers = Newcomers.OWN
    team_id: UUID | None = None
    role: Role = Role.DEVELOPER
    team_makers: TeamMakers = TeamMakers.EVERYONE
    contact: str = ""


def policy() -> Policy:
    """One query."""
    row = Installation.objects.first() or Installation()
    told = settings.SLIPWAY
    is_fixed = told.sign_in is not None
    return Policy(
        sign_in=SignIn(told.sign_in or row.sign_in),
        allowed=allowed_by(told.sign_in_allowed)
        if is_fixed
        else tuple(Allowed(**entry) for entry in row.sign_in_allowed),
        is_fixed=is_fixed,
        newcomers=Newcomers(row.newcomers),
        team_id=row.newcomers_team_id,
        role=Role(row.newcomers_role),
        team_makers=TeamMakers(row.team_makers),
        contact=row.contact,
    )


def allowed_by(text: str) -> tuple[Allowed, ...]:
    """`acme, alice, id:583231`, as the environment has it: names, or numbers, which outlive a renaming."""
    words = [word.strip().lstrip("@") for word in text.replace("\n", ",").split(",")]
    return tuple(
        Allowed("", id=int(word[3:])) if word.startswith("id:") and word[3:].isdigit() else Allowed(word)
        for word in words
        if word
    )


@transaction.atomic
def change_policy(
    *,
    actor: Actor,
    sign_in: str | None = None,
    allowed: tuple[Allowed, ...] | None = None,
    newcomers: str | None = None,
    team_id: UUID | None = None,
    role: str | None = None,
    team_makers: str | None = None,
    contact: str | None = None,
) -> Policy:
    """What is None stays. `allowed` comes with its ids: see `apps.github.admission.looked_up`."""
    require_operator(actor, "change who may sign in")
    before = policy()
    if before.is_fixed and not (sign_in in (None, before.sign_in) and allowed in (None, before.allowed)):
        raise UserError(
            "sign-in:user:fixed", "SLIPWAY_SIGN_IN says who may sign in.",
            hint="Take it out of the environment to change it here.", status=409,
        )  # fmt: skip
    Installation.objects.get_or_create(only=True)
    row = Installation.objects.select_for_update().get(only=True)
    if not before.is_fixed:
        row.sign_in = SignIn(sign_in or row.sign_in)
        row.sign_in_allowed = [asdict(entry) for entry in allowed] if allowed is not None else row.sign_in_allowed
    row.newcomers = Newcomers(newcomers or row.newcomers)
    row.newcomers_team = Team.objects.filter(pk=team_id).first() if team_id else row.newcomers_team
    row.newcomers_role = Role(role or row.newcomers_role)
    row.team_makers = TeamMakers(team_makers or row.team_makers)
    row.contact = row.contact if contact is None else contact.strip()[:200]
    _check(row)
    row.save()
    after = policy()
    if after != before:
        note(actor, "changed who may sign in", before=before.sign_in, after=after.sign_in)
    return after


def _check(row: Installation) -> None:
    if row.newcomers == Newcomers.TEAM and row.newcomers_team is None:
        raise UserError(
            "sign-in:user:team", "No team is named that newcomers join.", hint="Choose one of the teams.", status=422
        )
    if row.newcomers_role not in GIVEN_ROLES:
        raise UserError(
            "sign-in:user:role", "Newcomers become viewers or developers.",
            hint="Raise a person's role when they are there.", status=422,
        )  # fmt: skip
    if row.sign_in == SignIn.ALLOWED and not row.sign_in_allowed and settings.SLIPWAY.sign_in is None:
        raise UserError(
            "sign-in:user:nobody", "The list is empty, so that nobody new could come in.",
            hint="Name an organisation or a person at GitHub.", status=422,
        )  # fmt: skip


def settle(user: User) -> Team | None:
    """The team of somebody who came in without an invitation; None when they are to ask for one."""
    told = policy()
    if told.newcomers == Newcomers.OWN and told.team_makers == TeamMakers.EVERYONE:
        return make_team(user=user, name=f"{user.name[:50]}'s team")
    team = None
    if told.newcomers == Newcomers.TEAM and told.team_id is not None:
        team = Team.objects.filter(pk=told.team_id).first()
    if team is not None:
        Membership.objects.get_or_create(user=user, team=team, defaults={"role": told.role})
        record(actor=Actor(user), team_id=team.pk, verb=f"joined as {told.role}", subject=user)
    return team


def whom_to_ask(*, for_people: bool = False) -> str:
    """A phrase. Names of operators are told only to people who are signed in, and only when no contact is set."""
    told = policy().contact
    if told or not for_people:
        return told or SOMEBODY
    names = User.objects.filter(is_staff=True, is_active=True).order_by("created_at").values_list("name", flat=True)[:3]
    return " or ".join(filter(None, names)) or SOMEBODY
