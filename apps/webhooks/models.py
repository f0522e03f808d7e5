"""What other servers told us, what became of it, and the secrets that a service's own webhook is signed with."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.accounts.access import Actor
from apps.accounts.models import User
from apps.deployments.models import Deployment
from apps.github.models import Repository
from apps.lib.encryption import EncryptedTextField
from apps.lib.models import Base
from apps.projects.models import Environment, Service
from apps.webhooks.forges import choices


class Hook(Base):
    """A webhook of one service, for a server that no App connects. After a rotation the old secret is good for a while."""

    service = models.OneToOneField(Service, on_delete=models.CASCADE, related_name="hook")
    forge = models.CharField(max_length=10, choices=choices)
    secret = EncryptedTextField()
    rotated_at = models.DateTimeField(null=True, blank=True)
    old_secret = EncryptedTextField(blank=True, default="")
    old_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.get_forge_display()} webhook of {self.service}"


class State(models.TextChoices):
    WAITING = "waiting", "waiting"
    HANDLED = "handled", "handled"
    FAILED = "failed", "failed"  # Given up, or not understood: `error` says why.


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def free(self) -> DeliveryQuerySet:
        """Those that somebody may handle now: nobody has, and nobody is at it."""
        return self.filter(Q(free_at=None) | Q(free_at__lt=Now()), state=State.WAITING)

    def visible_to(self, actor: Actor) -> DeliveryQuerySet:
        """All for operators; else those that led to something in a team of one's own."""
        if actor.user is not None and actor.user.is_staff:
            return self
        return self.filter(pk__in=Outcome.objects.filter(service__project__team__in=actor.teams).values("delivery"))


class Delivery(Base):
    """One message, kept once by the id that its sender gave it. `created_at` is when it was received.

    `attempts` is the fence: what an older attempt writes has no effect. `free_at` is when the next one may begin. Of the
    attempts `waits` found GitHub away, since `away_since`: these do not count as tries.
    """

    forge = models.CharField(max_length=10, choices=choices)
    hook = models.ForeignKey(Hook, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries")
    delivery_id = models.CharField(max_length=120)
    event = models.CharField(max_length=60)
    action = models.CharField(max_length=60, blank=True)
    installation_id = models.PositiveBigIntegerField(null=True, blank=True)
    repository_id = models.PositiveBigIntegerField(null=True, blank=True)
    repository_name = models.CharField(max_length=250, blank=True)
    ref = models.CharField(max_length=300, blank=True)
    payload = models.TextField(blank=True)  # JSON as it came, cut when it is large; "" once it is no longer kept.
    is_cut = models.BooleanField(default=False)
    is_caught_up = models.BooleanField(default=False)  # It did not reach us: we asked for it.
    replay_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replays")

    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    waits = models.PositiveSmallIntegerField(default=0)
    away_since = models.DateTimeField(null=True, blank=True)
    free_at = models.DateTimeField(null=True, blank=True)
    handled_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    objects: ClassVar[models.Manager[Delivery]] = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["forge", "hook", "delivery_id"], name="delivery_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="delivery_state_known"),
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state="waiting"), name="delivery_waiting"),
            models.Index(fields=["repository_id", "-created_at"]),
        ]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.event} {self.delivery_id}"


class Kind(models.TextChoices):
    DEPLOYED = "deployed", "deployed"
    HELD = "held", "waits for its checks"
    SKIPPED = "skipped", "not deployed"


class Outcome(Base):
    """What a delivery led to in one service, or with `service` None: why in none. Exactly one each.

    `environment` None: in production, or wherever a pull request has its preview. A held one becomes one of the others.
    What a push told stands here, because payloads are not kept for long.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="outcomes")
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.CASCADE, related_name="pushes")
    environment = models.ForeignKey(Environment, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    deployment = models.ForeignKey(Deployment, null=True, blank=True, on_delete=models.SET_NULL, related_name="told_by")
    code = models.CharField(max_length=20, blank=True)  # Of a skip: `apps.webhooks.verdicts`.
    reason = models.CharField(max_length=400, blank=True)

    ref = models.CharField(max_length=300, blank=True)
    before = models.CharField(max_length=64, blank=True)
    commit = models.CharField(max_length=64, blank=True)
    message = models.CharField(max_length=300, blank=True)
    author = models.CharField(max_length=200, blank=True)
    pushed_at = models.DateTimeField(null=True, blank=True)
    actor = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    actor_name = models.CharField(max_length=100, blank=True)

    held_until = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    standing = models.CharField(max_length=200, blank=True)  # Of a held one: how its checks stand.
    settled_at = models.DateTimeField(null=True, blank=True)  # When a held one was decided.

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["delivery", "service", "environment"], name="outcome_once", nulls_distinct=False
            ),
            models.UniqueConstraint(
                fields=["service", "environment"],
                condition=Q(kind="held"),
                name="outcome_one_held",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="outcome_kind_known"),
            models.CheckConstraint(condition=~Q(kind="skipped") | ~Q(reason=""), name="outcome_skip_has_reason"),
        ]
        indexes = [models.Index(fields=["service", "-created_at"]), models.Index(fields=["commit"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.service or self.delivery}"

    @property
    def name(self) -> str:
        """`main`, `tag v1.2` or `pull request 12`."""
        kind, _, name = self.ref.removeprefix("refs/").partition("/")
        if kind == "pull":
            return f"pull request {name.partition('/')[0]}"
        return f"tag {name}" if kind == "tags" else name


class CatchUp(Base):
    """A look for what did not reach us. Only the last one of those that found nothing is kept.

    `seen_until` is the moment up to which all deliveries are here: the next look goes on from there.
    """

    looked_at = models.DateTimeField()
    seen_until = models.DateTimeField(null=True, blank=True)
    deliveries = models.PositiveIntegerField(default=0)
    pushes = models.PositiveIntegerField(default=0)  # Found by comparing branches.
    note = models.CharField(max_length=300, blank=True)  # What it left, and how that is made good.
    trouble = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"caught up {self.found}"

    @property
    def found(self) -> int:
        return self.deliveries + self.pushes


class BranchLook(Base):
    """When a branch that services follow was compared with what we know last."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="+")
    branch = models.CharField(max_length=250)
    looked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "branch"], name="branch_look_once")]

    def __str__(self) -> str:
        return f"{self.branch} of {self.repository}"
