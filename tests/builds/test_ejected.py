"""Ejected files build with Docker alone, and through Slipway as a repository's own Dockerfile; the app answers the same.

The public images that they name stand behind arguments: here are this machine's own in their places.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.builds.test_every_sample import ALL, Sample
from tests.workers.build.builds import MACHINE_CACHE, Builder, Lines, builder
from tests.workers.build.test_dockerfile_samples import HARDENED, ask, docker
from workers.build.analyze import analyze
from workers.build.base_images import ensure_base
from workers.build.bases import build_base, run_base
from workers.build.eject import ejected
from workers.build.files import FolderFiles
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.build.secrets import Share, network, write_secrets
from workers.build.trust_store import write_trust_store
from workers.docker_cli import working_client

pytestmark = [pytest.mark.builds, pytest.mark.docker]
SAMPLES = Path(__file__).parents[1] / "samples"
NAMES = (
    *("flask-pip", "node-npm", "node-turbo", "node-vite-static"),
    *("go-plain", "static-plain", "java-maven", "ruby-plain"),
)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("sample", [one for one in ALL if one.name in NAMES], ids=lambda one: one.name)
def test_it_builds_by_itself_and_as_a_repositorys_own(tmp_path: Path, sample: Sample) -> None:
    with builder(tmp_path) as here:
        shutil.copytree(SAMPLES / sample.name, here.app)
        plan = analyze(FolderFiles(here.app / sample.root, here.app), BuildSettings())
        found = ejected(plan, folder=sample.root)
        for file, content in found.files.items():
            (here.app / file).parent.mkdir(parents=True, exist_ok=True)
            (here.app / file).write_text(content)
        args = bases(plan)
        for image in (alone(here, found.path, args), as_own(here, found.path, args)):
            container = docker("run", "--detach", f"--label=slipway.instance={here.instance}", *HARDENED, image).strip()
            try:
                status, answer = ask(container, sample.path)
            finally:
                docker("rm", "--force", container)
            assert (status, sample.text in answer) == (200, True)


def bases(plan: Plan) -> dict[str, str]:
    """This machine's own images, by the arguments of the file."""

    def own(kind: str, version: str) -> tuple[str, str]:
        base = ensure_base(kind, version, report=Lines(), cache_dir=MACHINE_CACHE)
        return base.reference, base.version

    built, version = own(*build_base(plan))
    kind, asked = run_base(plan, version)
    run_on = own(kind, asked)[0] if kind else built
    return {"BASE_IMAGE": built, "RUN_IMAGE": run_on, "SERVER_IMAGE": own("static", "")[0]}


def alone(here: Builder, dockerfile: str, args: dict[str, str]) -> str:
    """`docker build .`; only where packages come from is this machine's."""
    lent = write_secrets(here.top / "secrets", BuildSettings(), Share())
    if "ca" in lent:
        lent["trust_store"] = write_trust_store(here.top / "secrets", lent["ca"])
    told = [f"--build-arg={name}={image}" for name, image in args.items()]
    told += [f"--secret=id={name},src={file}" for name, file in lent.items()]
    told += [f"--label=slipway.instance={here.instance}", f"--network={network()[0] or 'default'}", "--quiet"]
    argv = [working_client(MACHINE_CACHE), "build", *told, f"--file={dockerfile}", "."]
    done = subprocess.run(
        argv, cwd=here.app, env={**os.environ, "DOCKER_BUILDKIT": "1"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


def as_own(here: Builder, dockerfile: str, args: dict[str, str]) -> str:
    settings = BuildSettings(dockerfile="" if dockerfile == "Dockerfile" else dockerfile, args=args)
    plan = analyze(FolderFiles(here.app), settings)
    assert (plan.language, plan.dockerfile) == ("dockerfile", dockerfile)
    return here.build(plan, settings).digest
