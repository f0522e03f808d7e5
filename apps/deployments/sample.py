"""The bundled sample: a folder that becomes a git repository in the data folder and goes the way of every other one."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings

from apps.accounts.access import Actor
from apps.accounts.models import Team
from apps.deployments import actions
from apps.deployments.first_run import SAMPLE, sample_url
from apps.deployments.models import Deployment
from apps.projects.models import Service
from workers.errors import UserError
from workers.git import commit_folder

FOLDER = "hello-python"


def deploy_sample(*, actor: Actor, team: Team, trigger: str = "sample") -> Deployment:
    """Make its service and deploy it; once it exists it is deployed like any other."""
    if Service.objects.filter(project__team=team, slug=SAMPLE, source_url=sample_url()).exists():
        raise UserError("sample:user:there", "The sample is here already.", hint="Deploy it again.", status=409)
    _write_repository()
    return actions.create_app(
        actor=actor,
        team=team,
        project="samples",
        service=SAMPLE,
        settings={"source_url": sample_url(), "branch": "main", "health_path": "/health"},
        trigger=trigger,
    )


def _write_repository() -> None:
    copy = settings.SLIPWAY.home / "samples" / FOLDER
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(Path(settings.BASE_DIR) / "deploy" / "samples" / FOLDER, copy)
    commit_folder(copy, branch="main", message="Say hello")
