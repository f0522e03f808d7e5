"""What a team has: projects, their environments and services, and the variables, domains and volumes of those."""

from __future__ import annotations

import math
import re
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.functional import cached_property

from apps.accounts.access import Actor
from apps.accounts.models import Team, User
from apps.lib.asked_often import asked_often
from apps.lib.encryption import EncryptedJSONField, EncryptedTextField
from apps.lib.models import Base
from workers.build.aptfile import NAME as PACKAGE
from workers.build.foreign import VERSION
from workers.build.outside import OUTSIDE, OWN
from workers.errors import UserError
from workers.image_reference import parse_image

# The most that can be asked for.
BUILD_MEMORY_MB, BUILD_SECONDS, MEMORY_MB, PIDS = 262_144, 4 * 3600, 1_048_576, 65_536
NEAREST = 13  # Environments that a page offers, and one more that says there are others.
BUILDERS = [("", "as detected"), (OWN, "Slipway"), *((name, one.title) for name, one in OUTSIDE.items())]
SCAN_POLICIES = [("", "as the installation"), ("warn", "warn"), ("block", "block")]


def check_globs(text: str) -> None:
    """One glob a line, from the top of the repository; `!` in front takes away."""
    for line in text.splitlines():
        if line.strip() in ("!", "/") or ".." in line.split("/"):
            raise ValidationError(f"{line.strip()[:60]!r} is not a path.")
        if line.count("**") > 3:
            raise ValidationError(f"{line.strip()[:60]!r} has more than three **.")


def check_packages(text: str) -> None:
    """Names of the distribution's packages, told apart by blanks."""
    for word in text.split():
        if not PACKAGE.fullmatch(word):
            raise ValidationError(f"{word[:60]!r} is not the name of a package.")


def check_image(text: str) -> None:
    """Where an image is; `builder_image` of slipway.toml is looked at in the same way once it is used."""
    try:
        parse_image(text)
    except UserError as error:
        raise ValidationError(f"{error.message} {error.hint}", code=error.code) from error


def finite(value: float) -> None:
    """NaN is neither below nor above any limit."""
    if not math.isfinite(value):
        raise ValidationError("This is not a number.")


class Project(Base):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="projects")
    name = models.CharField(max_length=60)
    slug = models.SlugField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "slug"], name="project_slug_unique")]

    def __str__(self) -> str:
        return self.name

    @property
    def production(self) -> Environment:
        return self.environments.get(slug="production")

    @cached_property
    def nearest(self) -> list[Environment]:
        """For pages: production first, then staging, the newest previews last. Some of them only."""
        rows = _nearest(self.pk)
        for row in rows:
            row.project = self
        return rows


@asked_often
def _nearest(project: UUID) -> models.QuerySet[Environment]:
    kinds = models.Case(*(models.When(kind=kind, then=place) for place, kind in enumerate(EnvironmentKind)))
    return Environment.objects.filter(project=project).order_by(kinds, "-created_at")[:NEAREST]


class EnvironmentKind(models.TextChoices):
    PRODUCTION = "production", "production"
    STAGING = "staging", "staging"  # Made by people, whatever it is called.
    PREVIEW = "preview", "preview"  # Of a pull request: made and removed with it.


class Environment(Base):
    """production, staging or a preview: has its own variables, domains and data.

    `branch`, `commit` and `ref` say what is deployed in it: "" is what the service says. `ref` is where a commit is found
    that is on no branch. `is_isolated`: it is given only variables that were meant for previews, because its code is of a
    stranger.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="environments")
    name = models.CharField(max_length=40)
    slug = models.SlugField(max_length=40)
    kind = models.CharField(max_length=10, choices=EnvironmentKind.choices, default=EnvironmentKind.STAGING)
    branch = models.CharField(max_length=250, blank=True, default="")
    commit = models.CharField(max_length=64, blank=True, default="")
    ref = models.CharField(max_length=250, blank=True, default="")
    is_isolated = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "slug"], name="environment_slug_unique"),
            models.CheckConstraint(
                condition=models.Q(is_isolated=False) | models.Q(kind="preview"), name="environment_isolated_preview"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} {self.name}"

    @property
    def is_production(self) -> bool:
        return self.kind == EnvironmentKind.PRODUCTION

    @property
    def is_preview(self) -> bool:
        return self.kind == EnvironmentKind.PREVIEW


class ServiceQuerySet(models.QuerySet["Service"]):
    def visible_to(self, actor: Actor) -> ServiceQuerySet:
        return self.filter(project__team__in=actor.teams).select_related("project__team")


class Service(Base):
    """One deployable thing of a project: a source and how it is built, run and checked. "" means: as detected."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="services")
    name = models.CharField(max_length=40)
    slug = models.SlugField(max_length=40)

    source_url = models.CharField(max_length=500, blank=True)
    image = models.CharField(max_length=400, blank=True, default="")  # Comes from it, and not from git.
    compose = models.JSONField(blank=True, default=dict)  # `workers.build.compose.run.Run`, as it was read last.
    compose_said = EncryptedJSONField(blank=True, default=dict)  # `apps.deployments.said.Said`: of then.
    branch = models.CharField(max_length=250, default="main")
    root_directory = models.CharField(max_length=250, blank=True)
    source_token = EncryptedTextField(blank=True, default="")
    source_key = EncryptedTextField(blank=True, default="")  # The private part of its deploy key, for ssh.
    source_host_key = models.CharField(max_length=2500, blank=True, default="")  # Pinned when it was met first.

    builder = models.CharField(max_length=10, blank=True, default="", choices=BUILDERS)
    builder_image = models.CharField(max_length=400, blank=True, default="", validators=[check_image])
    dockerfile = models.CharField(max_length=250, blank=True)
    language_version = models.CharField(
        max_length=64,
        blank=True,
        default="",
        validators=[RegexValidator(rf"^{VERSION.pattern}\Z", "Write a version such as 3.12 or >=20.")],
    )
    packages = models.CharField(max_length=1000, blank=True, default="", validators=[check_packages])
    install_command = models.CharField(max_length=1000, blank=True)
    build_command = models.CharField(max_length=1000, blank=True)
    start_command = models.CharField(max_length=1000, blank=True)
    release_command = models.CharField(max_length=1000, blank=True)
    static_dir = models.CharField(max_length=250, blank=True)
    build_memory_mb = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(128), MaxValueValidator(BUILD_MEMORY_MB)]
    )
    build_timeout_seconds = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(10), MaxValueValidator(BUILD_SECONDS)]
    )

    # Of images with known flaws; the installation's holds where it is stricter (`apps.deployments.image_steps`).
    scan_policy = models.CharField(max_length=5, blank=True, default="", choices=SCAN_POLICIES)

    port = models.PositiveIntegerField(null=True, blank=True, validators=[MaxValueValidator(65535)])
    replicas = models.PositiveSmallIntegerField(default=1, validators=[MaxValueValidator(20)])
    memory_mb = models.PositiveIntegerField(
        default=512, validators=[MinValueValidator(16), MaxValueValidator(MEMORY_MB)]
    )
    cpus = models.FloatField(default=1.0, validators=[finite, MinValueValidator(0.05), MaxValueValidator(256)])
    pids = models.PositiveIntegerField(default=512, validators=[MinValueValidator(16), MaxValueValidator(PIDS)])

    health_path = models.CharField(max_length=250, blank=True)
    health_deadline_seconds = models.FloatField(
        default=60.0, validators=[finite, MinValueValidator(1), MaxValueValidator(900)]
    )
    health_interval_seconds = models.FloatField(
        default=0.5, validators=[finite, MinValueValidator(0.02), MaxValueValidator(60)]
    )
    drain_seconds = models.FloatField(default=30.0, validators=[finite, MinValueValidator(0), MaxValueValidator(600)])
    observation_seconds = models.FloatField(
        default=60.0, validators=[finite, MinValueValidator(0), MaxValueValidator(900)]
    )
    releases_kept = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )

    auto_deploy = models.BooleanField(default=True)
    auto_deploy_paused_at = models.DateTimeField(null=True, blank=True)
    watch_paths = models.TextField(blank=True, default="", max_length=4000, validators=[check_globs])
    deploy_tags = models.CharField(blank=True, default="", max_length=250)
    wait_for_ci = models.BooleanField(default=False)

    objects: ClassVar[models.Manager[Service]] = ServiceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="service_slug_unique")]

    def __str__(self) -> str:
        return self.name

    @property
    def team_id(self) -> UUID:
        return self.project.team_id

    @property
    def environment(self) -> Environment:
        """Where it is deployed unless another environment is named."""
        return self.project.production

    @property
    def is_internal(self) -> bool:
        """Only its siblings reach it: it gets no host name by itself."""
        return bool(self.compose) and not self.compose["is_public"]

    @property
    def internal_names(self) -> list[str]:
        """By which its siblings reach it. One with a dot would hide a host elsewhere from them."""
        names = {self.slug, self.name, self.compose.get("name", self.slug)}
        return sorted(name for name in names if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name))


class VariableQuerySet(models.QuerySet["Variable"]):
    def for_release(self, service: Service, environment: Environment) -> VariableQuerySet:
        """Those that a release of `service` in `environment` is given, widest scope first: the last one of a name wins."""
        mine = models.Q(service__isnull=True) | models.Q(service=service)
        return self.filter(reaching(environment), mine, project_id=service.project_id).widest_first()

    def in_environment(self, project_id: UUID, environment: Environment) -> VariableQuerySet:
        """All that any service of the project is given in `environment`, widest scope first."""
        return self.filter(reaching(environment), project_id=project_id).widest_first()

    def widest_first(self) -> VariableQuerySet:
        by_service = models.F("service").asc(nulls_first=True)
        return self.order_by(by_service, models.F("environment").asc(nulls_first=True), "for_previews", "name")


def reaching(environment: Environment) -> models.Q:
    """Which scopes reach an environment. The one place that decides it: what is not named here is given to nobody.

    Everywhere: its own, and those of all environments. Previews have those of all previews too; one whose code is a
    stranger's has those and its own, and nothing else.
    """
    its_own = models.Q(environment=environment)
    everywhere = models.Q(environment__isnull=True, for_previews=False)
    previews = models.Q(environment__isnull=True, for_previews=True)
    if environment.is_isolated:
        return its_own | previews
    return its_own | everywhere | previews if environment.is_preview else its_own | everywhere


class KeptVariables(models.Manager["Variable"]):
    """Without those that were deleted."""

    def get_queryset(self) -> VariableQuerySet:
        return VariableQuerySet(self.model, using=self._db).filter(deleted_at=None)

    def for_release(self, service: Service, environment: Environment) -> VariableQuerySet:
        return self.get_queryset().for_release(service, environment)

    def in_environment(self, project_id: UUID, environment: Environment) -> VariableQuerySet:
        return self.get_queryset().in_environment(project_id, environment)


class Variable(Base):
    """One value given to a release. A secret can be written and never read back.

    Scope: the whole project, one environment, one service, or a service in an environment; `for_previews` stands for all
    previews instead of one environment. A deleted one stays for some minutes, so that it can be brought back; `objects`
    are without it.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="variables")
    environment = models.ForeignKey(Environment, null=True, blank=True, on_delete=models.CASCADE)
    for_previews = models.BooleanField(default=False)
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.CASCADE, related_name="variables")
    name = models.CharField(max_length=200)
    value = EncryptedTextField()
    is_secret = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    updated_by_name = models.CharField(max_length=100, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[KeptVariables] = KeptVariables()
    with_deleted: ClassVar[models.Manager[Variable]] = VariableQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "environment", "for_previews", "service", "name"],
                condition=models.Q(deleted_at__isnull=True),
                name="variable_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=models.Q(name__regex=r"^[A-Za-z_][A-Za-z0-9_]*$"), name="variable_name"),
            models.CheckConstraint(
                condition=models.Q(environment__isnull=True) | models.Q(for_previews=False), name="variable_one_scope"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shown(self) -> str | None:
        """The value, or None for a secret."""
        return None if self.is_secret else self.value

    @property
    def scope(self) -> str:
        """`project`, `environment production`, `service` or `service in production`; `all previews`, `service in all
        previews`."""
        where = "all previews" if self.for_previews else self.environment.slug if self.environment else ""
        if self.service_id:
            return f"service in {where}" if where else "service"
        return where if self.for_previews else f"environment {where}" if where else "project"


class Domain(Base):
    """A host name routed to a service in an environment. `is_generated`: made by us beneath the base domain."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="domains")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE)
    host = models.CharField(max_length=253, unique=True)
    is_generated = models.BooleanField(default=False)
    checked_at = models.DateTimeField(null=True, blank=True)
    check_state = models.CharField(
        max_length=12, blank=True
    )  # `apps.projects.domain_checks.State`; "" before the first
    check_detail = models.CharField(max_length=300, blank=True)
    check_found = models.JSONField(default=list)  # The addresses that its name led to.

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(host__regex=r"^[a-z0-9.-]+$"), name="domain_grammar")]

    def __str__(self) -> str:
        return self.host


class Volume(Base):
    """Durable disk of a service in an environment. Without its service it is kept until somebody discards it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="volumes")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE)
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.SET_NULL, related_name="volumes")
    name = models.CharField(max_length=40)
    path = models.CharField(max_length=250)
    discarded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["service", "environment", "path"],
                condition=models.Q(discarded_at__isnull=True),
                name="volume_path_once",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Registry(Base):
    """A login of a team for a registry of images. The password is written and never read back."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="registries")
    host = models.CharField(max_length=250)
    username = models.CharField(max_length=200)
    password = EncryptedTextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "host"], name="registry_once")]
        verbose_name_plural = "registries"

    def __str__(self) -> str:
        return self.host


def scoped(model: type[Any], actor: Actor, through: str) -> models.QuerySet[Any]:
    """Rows of `model` whose team, reached by `through` (`project__team`), is one of the actor's."""
    return model._default_manager.filter(**{f"{through}__in": actor.teams})  # type: ignore[no-any-return]
