"""People, teams, roles, tokens and what they did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

from apps.accounts.policy import Newcomers, Role, Scope, SignIn, TeamMakers
from apps.lib import tokens
from apps.lib.models import Base


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin, Base):
    """A person. `is_staff` makes an operator, who may use the admin."""

    email = models.EmailField()
    # By an operator, since Slipway sends no mail and does not ask for GitHub's. Others only claim theirs.
    is_email_verified = models.BooleanField(default=False)
    name = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    session_epoch = models.PositiveIntegerField(default=0)  # Rises when the person signs out everywhere.
    # No person invited them: a list or an open door let them in, which is looked at again: see `apps.github.staying`.
    is_let_in = models.BooleanField(default=False, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    def __str__(self) -> str:
        return self.name or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Sessions hold this; it changes with the password and whenever the person signs out everywhere."""
        value = self.password if not self.session_epoch else f"{self.password}:{self.session_epoch}"
        return salted_hmac("apps.accounts.models.User.session", value, secret=secret, algorithm="sha256").hexdigest()


class Team(Base):
    """The tenant: everything belongs to one."""

    name = models.CharField(max_length=60)
    slug = models.SlugField(max_length=40, unique=True)

    def __str__(self) -> str:
        return self.name


class Membership(Base):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=[(role.value, role.value) for role in Role])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "team"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=[r.value for r in Role]), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team} as {self.role}"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def valid(self) -> ApiTokenQuerySet:
        now = timezone.now()
        alive = models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=now)
        return self.filter(alive, revoked_at__isnull=True, user__is_active=True)

    def end(self) -> int:
        """Revoke them, and every token that was made with one of them; how many that were."""
        ended, keys = 0, list(self.values_list("pk", flat=True))
        while keys:
            ended += ApiToken.objects.filter(pk__in=keys, revoked_at=None).update(revoked_at=timezone.now())
            keys = list(ApiToken.objects.filter(made_with__in=keys, revoked_at=None).values_list("pk", flat=True))
        return ended


class ApiToken(Base):
    """A bearer token of a person. The token itself is shown once and never stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    scope = models.CharField(max_length=10, choices=[(scope.value, scope.value) for scope in Scope])
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    # The token of the request that made it, which it never outlives. None: a session made it.
    made_with = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="made")
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[ApiToken]] = ApiTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}...)"

    @classmethod
    def for_bearer(cls, token: str) -> ApiToken | None:
        """The valid token behind a header's value, with its user."""
        if not tokens.is_well_formed(token):
            return None
        rows = ApiTokenQuerySet(cls).valid().select_related("user")
        return rows.filter(digest=tokens.digest(token)).first()

    def used(self) -> None:
        """Remember the moment, at most once a minute."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at > timedelta(minutes=1):
            type(self).objects.filter(pk=self.pk).update(last_used_at=now)


class UserSession(Base):
    """A browser that a person is signed in with: what they need to know it again. The session itself is Django's."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    session_key = models.CharField(max_length=40, unique=True)
    way = models.CharField(max_length=20, blank=True)  # "GitHub", or "" for a password or a link.
    agent = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user} with {self.agent or 'a browser'}"


class SignInLink(Base):
    """A link that signs its holder in once. `user` None is the setup link: it makes the owner."""

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"link for {self.user or 'the first owner'}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> InvitationQuerySet:
        """Those that can still be accepted."""
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())


class Invitation(Base):
    """A link that lets one person, named by their address, join a team once. The link itself is never stored."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=[(role.value, role.value) for role in Role])
    invited_by = models.ForeignKey(User, null=True, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Invitation]] = InvitationQuerySet.as_manager()
    url: str = ""  # Its link, known only where it was made.

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=[r.value for r in Role]), name="invitation_role_known")
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.team} as {self.role}"


class Installation(Base):
    """What operators set in the dashboard, and what was measured of the machine. One row; see `installation`."""

    only = models.BooleanField(default=True, unique=True, editable=False)
    base_domain = models.CharField(max_length=200, blank=True)  # "" means SLIPWAY_BASE_DOMAIN.
    checklist_dismissed_at = models.DateTimeField(null=True, blank=True)
    # Who comes in, and what they find: see `newcomers`.
    sign_in = models.CharField(
        max_length=10, default=SignIn.INVITED.value, choices=[(v.value, v.value) for v in SignIn]
    )
    sign_in_allowed = models.JSONField(default=list, blank=True)  # Of `newcomers.Allowed`.
    newcomers = models.CharField(
        max_length=10, default=Newcomers.OWN.value, choices=[(v.value, v.value) for v in Newcomers]
    )
    newcomers_team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    newcomers_role = models.CharField(
        max_length=10, default=Role.DEVELOPER.value, choices=[(role.value, role.value) for role in Role]
    )
    team_makers = models.CharField(
        max_length=10, default=TeamMakers.EVERYONE.value, choices=[(v.value, v.value) for v in TeamMakers]
    )
    contact = models.CharField(max_length=200, blank=True)  # Whom people ask who may not come in, or have no team.
    disk_budget_gb = models.FloatField(default=0.0)  # What builds may keep; 0: no budget.
    disk = models.JSONField(default=dict)
    disk_measured_at = models.DateTimeField(null=True, blank=True)
    disk_wanted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(only=True), name="installation_once")]

    def __str__(self) -> str:
        return "this Slipway"


class ActivityEvent(Base):
    """Who did what, when: appended, never changed. Names are copied, so that they outlive their objects."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="activity")
    actor = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    actor_name = models.CharField(max_length=100)
    verb = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=30)
    subject_id = models.UUIDField()
    subject_name = models.CharField(max_length=200)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["team", "-created_at"]), models.Index(fields=["subject_id", "-created_at"])]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.verb} {self.subject_name}"
