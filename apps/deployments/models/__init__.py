"""Builds, releases, deployments, their steps and logs."""

from __future__ import annotations

from apps.deployments.models.answer import IdempotencyKey
from apps.deployments.models.build import Build
from apps.deployments.models.deployment import Deployment, DeploymentQuerySet, DeploymentStep, Release, live_release
from apps.deployments.models.inspection import Inspection
from apps.deployments.models.log import LogChunk, LogStream, stream_of

__all__ = [
    "Build",
    "Deployment",
    "DeploymentQuerySet",
    "DeploymentStep",
    "IdempotencyKey",
    "Inspection",
    "LogChunk",
    "LogStream",
    "Release",
    "live_release",
    "stream_of",
]
