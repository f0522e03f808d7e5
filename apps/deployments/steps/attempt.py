"""What the steps of one attempt share: the row, how to speak, where to work, and what was found so far."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.conf import settings

from apps.deployments.models import Build, Deployment
from apps.deployments.report import DatabaseReport
from apps.deployments.resources import MB, build_memory_mb, build_seconds
from apps.projects.models import Service
from apps.projects.source_keys import key_of
from workers.build.foreign import wants_no_cache
from workers.build.job import ISOLATED, BuildLimits, BuildSettings, Checkout, Egress, Source, Workspace
from workers.build.plan import Plan


@dataclass
class Attempt:
    deployment: Deployment
    report: DatabaseReport
    variables: dict[str, str]
    checkout: Checkout | None = None
    plan: Plan | None = None
    build: Build | None = None
    followed: Service | None = None  # As its compose file at this commit has it; see `steps.follow`.
    workspace: Workspace = field(init=False)

    def __post_init__(self) -> None:
        home: Path = settings.SLIPWAY.home
        self.workspace = Workspace(
            cache=home / "cache" / str(self.deployment.service_id) / (ISOLATED if self.is_isolated else ""),
            scratch=home / "builds" / f"{self.deployment.key}-{self.deployment.fence}",
            labels={
                "slipway.instance": settings.SLIPWAY.instance,
                "slipway.service": str(self.deployment.service_id),
                "slipway.deployment": self.deployment.key,
                "slipway.fence": str(self.deployment.fence),
            },
            title=f"{self.service.project.slug}/{self.service.slug}",
            source=self.service.source_url,
        )

    @property
    def machine_cache(self) -> Path:
        """What is the same for all services: which client can build, the base images that were made."""
        return Path(settings.SLIPWAY.home) / "cache" / "machine"

    @property
    def service(self) -> Service:
        return self.followed or self.deployment.service

    @property
    def source(self) -> Source:
        told = self.deployment
        found = source_of(self.service, commit=told.commit, branch=told.branch, ref=told.environment.ref)
        # A compose file is read first: it may say another folder by now.
        return replace(found, root_directory="") if self.service.compose_said else found

    @property
    def settings(self) -> BuildSettings:
        return settings_of(self.service, self.variables, no_cache=self.deployment.no_cache)

    @property
    def is_isolated(self) -> bool:
        """What a stranger's code builds leaves nothing behind for builds that are given production's variables."""
        return self.deployment.environment.is_isolated

    @property
    def fingerprint(self) -> str:
        found = self.settings.fingerprint()
        return hashlib.sha256(f"isolated {found}".encode()).hexdigest() if self.is_isolated else found


def source_of(service: Service, *, commit: str = "", branch: str = "", ref: str = "") -> Source:
    return Source(
        url=service.source_url,
        branch=branch or service.branch,
        commit=commit,
        ref=ref,
        root_directory=service.root_directory,
        token=service.source_token,
        key=key_of(service),
    )


def settings_of(service: Service, variables: dict[str, str], *, no_cache: bool = False) -> BuildSettings:
    """The service's build settings, with this installation's limits where it has none, never above its ceiling.

    The port is a release's: it would stay in the plan of a build that is used again.
    """
    told = settings.SLIPWAY
    return BuildSettings(
        builder=service.builder,
        builder_image=service.builder_image,
        root_directory=service.root_directory,
        dockerfile=service.dockerfile,
        language_version=service.language_version,
        packages=tuple(service.packages.split()),
        install_command=service.install_command,
        build_command=service.build_command,
        start_command=service.start_command,
        release_command=service.release_command,
        static_dir=service.static_dir,
        args=service.compose.get("build_args", {}),
        target=service.compose.get("target", ""),
        variables=variables,
        limits=BuildLimits(
            memory_bytes=build_memory_mb(service) * MB,
            cpus=told.build_cpus,
            timeout_seconds=build_seconds(service),
            disk_bytes=round(told.build_disk_gb * 1e9),
            disk_floor_bytes=round(told.build_free_gb * 1e9),
            egress=Egress(told.build_egress, told.build_network_allowed, (told.edge_port,)),
            has_neighbours=told.builds_at_once > 1,
        ),
        no_cache=no_cache or wants_no_cache(variables),
    )
