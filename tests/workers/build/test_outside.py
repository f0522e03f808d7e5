"""Builders from outside: their plans, what they are called with, how their images start, and the fence around pack's
containers."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.workers.build.builds import Lines, builder
from workers.build import railpack
from workers.build.analyze import analyze
from workers.build.buildpacks import build_by_buildpacks, pack_argv
from workers.build.buildpacks_images import Images
from workers.build.clean import remove_caches
from workers.build.files import MemoryFiles
from workers.build.finish import LAUNCHER, METADATA, Start, start_of, with_start
from workers.build.job import BuildLimits, BuildSettings, Checkout, Workspace
from workers.build.outside import require_near, required
from workers.build.plan import Origin, Plan
from workers.docker import Engine
from workers.docker_cli import working_client
from workers.errors import PlatformError, Stopped, UserError

LIMITS = BuildLimits(memory_bytes=2**30, cpus=0.5)
TOLD = 'builder = "buildpacks"\nbuilder_image = "acme/builder:1"\npackages = ["ffmpeg"]\n'


def test_the_plan_of_one_says_who_builds_and_leaves_it_the_rest() -> None:
    files = MemoryFiles({"slipway.toml": TOLD, "Dockerfile": "FROM x", "Procfile": "web: ./a\nmail: ./b\nrelease: ./c"})
    found = analyze(files, BuildSettings(port=3000, variables={"RAILPACK_START_CMD": "./theirs"}))
    assert (found.language, found.builder, found.builder_image) == ("buildpacks", "buildpacks", "acme/builder:1")
    assert (found.start, found.release, found.processes, found.port) == ("", "./c", {"mail": "./b"}, 3000)
    assert found.origins["builder"] == Origin("file", "set in slipway.toml, line 1")
    assert found.origins["start"] == Origin("image", "found by Cloud Native Buildpacks")
    assert "not used: packages set in slipway.toml, line 3: Cloud Native Buildpacks builds" in found.reasons
    told = with_start(found, "node server.js")
    assert told.origins["start"].detail == "`node server.js`, found by Cloud Native Buildpacks"
    mine = BuildSettings(builder="railpack", start_command="./mine")
    found = analyze(files, mine)
    assert (found.language, found.start) == ("railpack", "./mine") and with_start(found, "./x") == found
    assert mine.fingerprint() != BuildSettings(start_command="./mine").fingerprint()
    assert analyze(files, BuildSettings(builder="slipway")).language == "dockerfile", "the service's setting wins"


def test_a_builder_that_there_is_not_is_an_error_with_its_line() -> None:
    with pytest.raises(UserError, match="slipway.toml, line 2: builder is not as it must be"):
        analyze(MemoryFiles({"slipway.toml": '\nbuilder = "nixpacks"'}), BuildSettings())


def test_one_whose_command_is_not_here_fails_and_says_what_to_do() -> None:
    with pytest.raises(
        UserError, match=r"built by Railpack, and the command no-such-railpack is not on this host"
    ) as caught:
        required("railpack", "no-such-railpack")
    assert "SLIPWAY_RAILPACK" in caught.value.hint
    assert required("buildpacks", "sh").endswith("/sh")


def test_one_fails_where_builds_run_on_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    require_near("railpack")
    monkeypatch.setenv("SLIPWAY_BUILDER", "ssh://b.example")
    with pytest.raises(PlatformError, match="Buildpacks can use .* own engine only, and builds run at ssh://b"):
        require_near("buildpacks")


def test_pack_is_told_no_value_of_a_variable_and_reads_no_project_toml_of_the_repository() -> None:
    caches = {"build": "b", "launch": "l"}
    argv = pack_argv("/p", "t:1", Images("acme/b:1", "run", "lc"), Path("/src"), Path("/f"), caches, no_cache=True)
    assert argv == [
        "/p", "build", "--no-color", "--path=/src", "--builder=acme/b:1", "--pull-policy=never",
        "--run-image=run", "--lifecycle-image=lc",
        "--descriptor=/f/project.toml", "--volume=/f/env:/platform/env:ro", "--network=bridge",
        "--docker-host=unix:///f/door/engine.sock", "--cache=type=build;format=volume;name=b",
        "--cache=type=launch;format=volume;name=l", "--clear-cache", "--", "t:1",
    ]  # fmt: skip


def test_railpack_looks_at_a_repository_in_a_container_of_its_own() -> None:
    variables = {"B": "two\nlines", "A": "secret", "no-name": "x"}
    assert railpack.variables_file(variables) == "A=secret\nB=two lines\n"
    argv = railpack.prepare_argv(
        "docker", "n", "base", {"/r": "/slipway/railpack:ro"}, (Path("/v"), ["A", "B"]), LIMITS, "none", {"l": "1"}
    )
    assert argv[argv.index("--") :] == [
        "--", "base", "prepare", "--plan-out=/slipway/out/plan.json", "--env=A", "--env=B", "--", "/slipway/app",
    ]  # fmt: skip
    fence = {"--network=none", "--read-only", "--cap-drop=ALL", f"--memory={2**30}", "--cpus=0.5", "--pids-limit=4096"}
    assert fence | {"--security-opt=no-new-privileges", "--label=l=1", "--env-file=/v"} <= set(argv)
    assert not any("secret" in word for word in argv)


def test_what_railpack_keeps_can_be_reached_by_nobody_else_of_the_machine(tmp_path: Path) -> None:
    around = tmp_path / "railpack"
    around.mkdir(mode=0o755)  # As it may be already.
    kept = railpack.kept_in(tmp_path)
    assert (kept.is_dir(), kept.parent, around.stat().st_mode & 0o777) == (True, around, 0o700)
    (kept / "sh").touch()
    (kept / "sh").chmod(0o4755)
    assert railpack.kept_in(tmp_path) == kept and around.stat().st_mode & 0o077 == 0


def test_the_image_of_one_starts_so_that_its_command_can_be_replaced() -> None:
    found = start_of({"Entrypoint": ["/bin/bash", "-c"], "Cmd": ["node a.js"]})
    assert found == Start((), ("/bin/bash", "-c", "node a.js"), "node a.js")
    assert found.instructions() == ["ENTRYPOINT []", 'CMD ["/bin/bash", "-c", "node a.js"]']
    web = {"type": "web", "command": ["node"], "args": ["a b.js"], "direct": True, "working-dir": "/workspace/x"}
    old = {"type": "old", "command": "npm", "args": ["start"], "direct": False}
    told = {"processes": [old, web], "buildpack-default-process-type": "web"}
    found = start_of({"Entrypoint": ["/cnb/process/web"], "Labels": {METADATA: json.dumps(told)}})
    assert found == Start((LAUNCHER, "--"), ("node", "a b.js"), "node 'a b.js'", "/workspace/x")
    told["buildpack-default-process-type"] = "old"
    assert start_of({"Labels": {METADATA: json.dumps(told)}}).command == ("bash", "-c", "npm start")
    assert start_of({"Labels": {METADATA: "{}"}}).command == ()
    bad = ("[]", "{", "[" * 99_999, '{"processes": [1]}', '{"processes": [{"type": "web", "command": ["a\\u0000b"]}]}')
    for strange in bad:
        with pytest.raises(UserError, match="in no way that is known"):
            start_of({"Labels": {METADATA: strange}})


# Its last argument is the tag; the folder of variables is what it is told to mount.
STAND_IN = """#!/bin/sh
for tag; do :; done
env=$(printf '%s\\n' "$@" | sed -n 's/^--volume=\\(.*\\):ro$/\\1/p')
CLI run BASE true; CLI pull BASE; CLI start OTHER
CLI tag FROM pack.local/builder/WHO &&
CLI run --volume "$env:ro" --volume pack-WHO:/left --name WHO pack.local/builder/WHO \\
    sh -c 'cat /platform/env/WORD; echo; AFTER' &&
DOCKER_HOST= CLI commit --change "LABEL METADATA='$(echo 'PROCESSES')'" WHO "$tag"
"""


@pytest.mark.docker
def test_what_pack_starts_is_fenced_labelled_and_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small program stands in for pack, which is on few machines: `make test-builds` runs the real one."""
    with builder(tmp_path) as here:
        here.write(index__html="hello")
        engine, base = Engine(here.instance), "slipway/base-debian:trixie"
        docker, name, told = working_client(here.machine_cache), f"slipway-test/{here.instance}", here.report.lines
        label = '{"stack":{"runImage":{"image":"slipway/base-debian:trixie"}}}'
        argv = [docker, "build", "--quiet", f"--tag={name}", f"--label=slipway.instance={here.instance}", "-"]
        text = f"FROM {base}\nLABEL io.buildpacks.builder.metadata='{label}'\n"
        subprocess.run(argv, input=text.encode(), check=True)

        def build(after: str, number: int, report: Lines) -> str:
            processes = '{"processes":[{"type":"web","command":["serve"],"direct":true}]}'
            words = {
                "PROCESSES": processes,
                "CLI": docker,
                "BASE": base,
                "FROM": name,
                "OTHER": "0" * 64,
                "METADATA": METADATA,
                "AFTER": after,
                "WHO": f"{here.instance}-{number}",
            }
            text = re.sub("|".join(words), lambda found: words[found[0]], STAND_IN)
            (tmp_path / "pack").write_text(text)
            (tmp_path / "pack").chmod(0o755)
            labels = {"slipway.instance": here.instance}
            workspace = Workspace(tmp_path / "cache", tmp_path / f"scratch-{number}", labels)
            settings = BuildSettings(variables={"WORD": "told"}, limits=LIMITS)
            return build_by_buildpacks(
                Checkout(here.app, here.app, "a" * 40, "Greet", "Alice"), Plan("buildpacks"), settings, workspace, report,
                program=str(tmp_path / "pack"), builder=name, lifecycle=base, machine_cache=here.machine_cache,
            ).digest  # fmt: skip

        memory = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max"
        image = engine.image(build(memory, 1, here.report))
        assert {"told", str(2**30), "start command: serve"} <= set(told)
        assert any(f"may not run the image {base}" in line for line in told)
        assert any("may not ask the engine for POST /v1.41/images/create" in line for line in told)
        assert any("The container 000000000000 is not this build's." in line for line in told)
        assert image["Config"]["Entrypoint"] == [LAUNCHER, "--"] and image["Config"]["Cmd"] == ["serve"]
        assert image["Config"]["Labels"]["slipway.instance"] == here.instance
        assert engine.containers() == []
        caches = {name for name, labels in engine.volumes() if labels["slipway.role"] == "build-cache"}
        assert len(caches) == 2
        assert subprocess.run([docker, "volume", "inspect", f"pack-{here.instance}-1"], capture_output=True).returncode
        stopping = Lines(stop_at="now")
        with pytest.raises(Stopped):
            build("echo now; sleep 99", 2, stopping)
        assert "now" in stopping.lines and engine.containers() == [], "cancelled, with no container left"
        remove_caches(docker, here.instance, {"none"}, here.report)
        assert len(engine.volumes()) == 2
        remove_caches(docker, here.instance, set(), here.report)
        assert engine.volumes() == []
