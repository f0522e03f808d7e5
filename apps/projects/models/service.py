"""A service: where it comes from, and how it is built, run and checked."""

from __future__ import annotations

import re
from typing import ClassVar
from uuid import UUID

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from apps.accounts.access import Actor
from apps.lib.encryption import EncryptedJSONField, EncryptedTextField
from apps.lib.models import Base
from apps.projects.models.project import Environment, Project
from apps.projects.setting_checks import check_globs, check_image, check_packages, finite
from workers.build.foreign import VERSION
from workers.build.outside import OUTSIDE, OWN

# The most that can be asked for.
BUILD_MEMORY_MB, BUILD_SECONDS, MEMORY_MB, PIDS = 262_144, 4 * 3600, 1_048_576, 65_536
BUILDERS = [("", "as detected"), (OWN, "Slipway"), *((name, one.title) for name, one in OUTSIDE.items())]
SCAN_POLICIES = [("", "as the installation"), ("warn", "warn"), ("block", "block")]


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
