"""The real pack, where Go can build it: a builder of our own, from a base image of this host, makes an app that answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workers.build.builds import MACHINE_CACHE, Builder, Lines, builder
from workers.build.buildpacks import build_by_buildpacks
from workers.build.clean import remove_caches
from workers.build.job import BuildSettings, BuiltImage, Checkout, Workspace
from workers.build.plan import Plan
from workers.docker import Engine
from workers.docker_cli import working_client
from workers.errors import UserError

pytestmark = [pytest.mark.builds, pytest.mark.docker, pytest.mark.skipif(not shutil.which("go"), reason="no Go here")]
PACK, LIFECYCLE = "github.com/buildpacks/pack@v0.36.4", "github.com/buildpacks/lifecycle@v0.20.5"
PHASES = ("analyzer", "creator", "detector", "restorer", "builder", "exporter", "extender", "rebaser")
APIS = {
    "buildpack": {"deprecated": [], "supported": ["0.10", "0.11"]},
    "platform": {"deprecated": [], "supported": ["0.12", "0.13", "0.14"]},
}
FILES = {
    "bp/buildpack.toml": 'api = "0.10"\n[buildpack]\nid = "own/files"\nversion = "1.0.0"\n[[targets]]\nos = "linux"\n',
    "bp/bin/detect": "#!/bin/sh\ntest -f index.html\n",
    "bp/bin/build": """#!/bin/sh
set -e
echo "the word is $(cat "$CNB_PLATFORM_DIR/env/WORD")"
if test "$(cat "$CNB_PLATFORM_DIR/env/WORD")" = steal; then
    sed -i 's|reference = .*|reference = "slipway/base-debian:trixie"|' /layers/analyzed.toml
fi
mkdir -p "$CNB_LAYERS_DIR/tool/bin"
printf '#!/bin/sh\\nexec python3 -m http.server "$PORT"\\n' > "$CNB_LAYERS_DIR/tool/bin/serve"
chmod +x "$CNB_LAYERS_DIR/tool/bin/serve"
printf '[types]\\nlaunch = true\\n' > "$CNB_LAYERS_DIR/tool.toml"
printf '[[processes]]\\ntype = "web"\\ncommand = ["serve"]\\ndefault = true\\n' > "$CNB_LAYERS_DIR/launch.toml"
""",
    "stack/Dockerfile": """FROM slipway/base-python:trixie
RUN useradd --uid 1000 --create-home cnb
ENV CNB_USER_ID=1000 CNB_GROUP_ID=1000 CNB_STACK_ID=own
LABEL io.buildpacks.stack.id=own
USER 1000:1000
""",
    "builder.toml": """[[buildpacks]]
uri = "bp"
[[order]]
[[order.group]]
id = "own/files"
[stack]
id = "own"
build-image = "IMAGE-stack"
run-image = "IMAGE-stack"
[lifecycle]
uri = "lifecycle.tgz"
""",
}


@pytest.fixture(scope="module")
def programs() -> Path:
    """A folder with pack, and the lifecycle's two programs, kept between runs."""
    folder = MACHINE_CACHE / "pack-for-tests"
    for module, target, package in (
        (PACK, "pack", "./cmd/pack"),
        (LIFECYCLE, "lifecycle", "./cmd/lifecycle"),
        (LIFECYCLE, "launcher", "./cmd/launcher"),
    ):
        if not (folder / target).exists():
            told = json.loads(subprocess.check_output(["go", "mod", "download", "-json", module]))
            version = "-X github.com/buildpacks/lifecycle/cmd.Version=0.20.5"
            argv = ["go", "build", "-buildvcs=false", f"-ldflags=-s -w {version}", "-o", str(folder / target), package]
            subprocess.run(argv, cwd=told["Dir"], env={**os.environ, "CGO_ENABLED": "0"}, check=True)
    return folder


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Builder]:
    with builder(tmp_path) as made:
        yield made
        remove_caches(working_client(MACHINE_CACHE), made.instance, (), Lines())


@pytest.mark.timeout(1500)  # pack and its lifecycle are compiled first.
def test_it_builds_by_pack_what_then_answers(here: Builder, programs: Path, tmp_path: Path) -> None:
    docker, image = working_client(MACHINE_CACHE), f"slipway-test/{here.instance}"
    _make_builder(docker, image, programs, tmp_path, here.instance)
    try:
        here.write(index__html="hello from buildpacks")
        workspace = Workspace(tmp_path / "cache", tmp_path / "scratch", {"slipway.instance": here.instance})

        def build(word: str) -> BuiltImage:
            return build_by_buildpacks(
                Checkout(here.app, here.app, "a" * 40, "Greet", "Alice"), Plan("buildpacks"),
                BuildSettings(variables={"WORD": word}), replace(workspace, scratch=tmp_path / word),
                here.report, program=str(programs / "pack"), builder=f"{image}-builder",
                lifecycle=f"{image}-lifecycle:latest", machine_cache=MACHINE_CACHE,
            )  # fmt: skip

        with pytest.raises(UserError) as caught:  # What a buildpack leaves is read by the last phase.
            build("steal")
        assert "The image slipway/base-debian:trixie is not this build's." in caught.value.hint
        built = build("told")
        assert "[builder] the word is told" in here.report.lines and built.start == "serve"
        assert Engine(here.instance).containers() == []
        fetch = "import time,urllib.request as u;time.sleep(2);print(u.urlopen('http://127.0.0.1:9').read())"
        line = ["/bin/sh", "-c", f'serve & exec python3 -c "{fetch}"']
        argv = [docker, "run", "--rm", "--env=PORT=9", "--cap-add=NET_BIND_SERVICE", "--user=0", built.digest, *line]
        assert b"hello from buildpacks" in subprocess.check_output(argv), "a command of ours finds what layers brought"
    finally:
        names = [f"{image}-{what}" for what in ("builder", "stack", "lifecycle")]
        subprocess.run([docker, "image", "rm", "--force", "--", *names], check=False)


def _make_builder(docker: str, image: str, programs: Path, folder: Path, instance: str) -> None:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.replace("IMAGE", image))
    for name in ("detect", "build"):
        (folder / "bp" / "bin" / name).chmod(0o755)
    ours = folder / "lifecycle" / "lifecycle"
    ours.mkdir(parents=True)
    for name in ("lifecycle", "launcher"):
        shutil.copy(programs / name, ours / name)
    for name in PHASES:
        (ours / name).symlink_to("lifecycle")
    apis = "\n".join(f"[apis.{k}]\nsupported = {json.dumps(v['supported'])}\ndeprecated = []" for k, v in APIS.items())
    told = f'{apis}\n[api]\nplatform = "0.12"\nbuildpack = "0.10"\n[lifecycle]\nversion = "0.20.5"\n'
    (folder / "lifecycle.toml").write_text(told)
    with tarfile.open(folder / "lifecycle.tgz", "w:gz") as tar:
        tar.add(folder / "lifecycle.toml", "lifecycle.toml")
        tar.add(ours, "lifecycle")
    label = f"LABEL io.buildpacks.lifecycle.version=0.20.5 io.buildpacks.lifecycle.apis='{json.dumps(APIS)}'"
    (folder / "lifecycle" / "Dockerfile").write_text(
        f"FROM slipway/base-debian:trixie\nCOPY lifecycle /cnb/lifecycle\n{label}\n"
    )
    env = {**os.environ, "DOCKER_BUILDKIT": "1", "PACK_HOME": str(folder / "home")}
    for what in ("stack", "lifecycle"):
        argv = [docker, "build", "--quiet", f"--tag={image}-{what}", f"--label=slipway.instance={instance}", "."]
        subprocess.run(argv, cwd=folder / what, env=env, check=True)
    argv = [str(programs / "pack"), "builder", "create", f"{image}-builder", "--config=builder.toml"]
    subprocess.run([*argv, "--pull-policy=never"], cwd=folder, env=env, check=True)
