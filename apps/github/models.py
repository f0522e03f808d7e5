"""What is known of GitHub: our App there, where it is installed, repositories, who people are, which service is from where.

Everything is matched by GitHub's numeric ids, because names change. Not in charge of asking GitHub (`client`).
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone

from apps.accounts.models import User
from apps.lib.encryption import EncryptedTextField
from apps.lib.models import Base
from apps.projects.models import Service


class GitHubApp(Base):
    """Our App at GitHub, as its manifest's conversion or an operator gave it. At most one row; see `apps.github.app`."""

    only = models.BooleanField(default=True, unique=True, editable=False)
    app_id = models.PositiveBigIntegerField()
    slug = models.CharField(max_length=100)
    name = models.CharField(max_length=100)
    html_url = models.CharField(max_length=300, blank=True)
    owner_login = models.CharField(max_length=100, blank=True)
    web_url = models.CharField(max_length=300, default="https://github.com")
    api_url = models.CharField(max_length=300, default="https://api.github.com")
    client_id = models.CharField(max_length=100)
    client_secret = EncryptedTextField()
    webhook_secret = EncryptedTextField()
    private_key = EncryptedTextField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(only=True), name="github_app_once")]
        verbose_name = "GitHub App"

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<GitHubApp {self.app_id}>"


class Account(models.TextChoices):
    USER = "User"
    ORGANIZATION = "Organization"


class Installation(Base):
    """Our App in an account. One that was uninstalled stays as a row, so that what came from it can say so."""

    github_id = models.PositiveBigIntegerField(unique=True)
    account_login = models.CharField(max_length=100)
    account_id = models.PositiveBigIntegerField()
    account_type = models.CharField(max_length=20, choices=Account.choices, default=Account.USER)
    selection = models.CharField(max_length=10, default="selected")  # "all" or "selected" repositories.
    permissions = models.JSONField(default=dict)
    suspended_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    synced_at = models.DateTimeField(null=True, blank=True)  # When all its repositories were read last.

    def __str__(self) -> str:
        return self.account_login

    @property
    def is_usable(self) -> bool:
        return self.suspended_at is None and self.deleted_at is None


class Trouble(models.TextChoices):
    """Why GitHub gives us nothing of a repository any more. What runs of it is not touched."""

    NONE = "", "none"
    REMOVED = "removed", "access to it was removed"
    DELETED = "deleted", "it was deleted"
    SUSPENDED = "suspended", "the App is suspended"
    UNINSTALLED = "uninstalled", "the App was uninstalled"
    TRANSFERRED = "transferred", "it was moved to an account without the App"


class RepositoryQuerySet(models.QuerySet["Repository"]):
    def in_trouble(self, trouble: str, at: datetime | None = None) -> int:
        """Mark those that are not marked so already; how many they were. "" takes the mark away."""
        moment = (at or timezone.now()) if trouble else None
        return self.exclude(trouble=trouble).update(trouble=trouble, trouble_at=moment)


class Repository(Base):
    """A repository that an installation shows, or has shown, to us."""

    github_id = models.PositiveBigIntegerField(unique=True)
    installation = models.ForeignKey(
        Installation, null=True, blank=True, on_delete=models.SET_NULL, related_name="repositories"
    )
    full_name = models.CharField(max_length=250)  # May change at any time: never matched by.
    private = models.BooleanField(default=False)
    archived = models.BooleanField(default=False)
    default_branch = models.CharField(max_length=250, default="main")
    pushed_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=20, blank=True, default="", choices=Trouble.choices)
    trouble_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Repository]] = RepositoryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "repositories"

    def __str__(self) -> str:
        return self.full_name

    @property
    def owner(self) -> str:
        return self.full_name.partition("/")[0]

    @property
    def name(self) -> str:
        return self.full_name.partition("/")[2]


class Connection(Base):
    """A service whose source is a repository of GitHub. A service without one has a plain git address."""

    service = models.OneToOneField(Service, on_delete=models.CASCADE, related_name="connection")
    repository = models.ForeignKey(Repository, on_delete=models.PROTECT, related_name="connections")
    # Whether GitHub shows its deployments: false until somebody connects it, or says so, who may push to the repository.
    may_tell = models.BooleanField(default=True)
    # How it is called there (`shop/web`), given once with the first news: whoever connects the repository later changes
    # no name that a branch rule may ask for. `is_plain`: its environments are called without it.
    label = models.CharField(max_length=130, blank=True)
    is_plain = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.service} from {self.repository}"


class Identity(Base):
    """Who a person is at GitHub: the numeric id. The login may change. The token acts as the person and is never shown."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="github")
    github_id = models.PositiveBigIntegerField(unique=True)
    login = models.CharField(max_length=100)
    avatar_url = models.CharField(max_length=500, blank=True)
    token = EncryptedTextField(blank=True, default="")
    token_expires_at = models.DateTimeField(null=True, blank=True)
    refresh_token = EncryptedTextField(blank=True, default="")
    refreshed_at = models.DateTimeField(null=True, blank=True)
    listed_at = models.DateTimeField(null=True, blank=True)  # When a list that let them in was last seen to hold them.
    refreshing_until = models.DateTimeField(null=True, blank=True)  # Somebody asks for a new token meanwhile.

    class Meta:
        verbose_name_plural = "identities"

    def __str__(self) -> str:
        return self.login

    def __repr__(self) -> str:
        return f"<Identity {self.github_id}>"
