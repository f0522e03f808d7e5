from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from workers import docker_cli as subject
from workers.build.clean import images_to_remove
from workers.docker_cli import BuildCall, anonymous, build_argv, client_env
from workers.errors import PlatformError


def fake_client(folder: Path, text: str) -> Path:
    folder.mkdir()
    path = folder / "docker"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def forgotten() -> None:
    subject.working_client.cache_clear()


def test_it_describes_a_build() -> None:
    call = BuildCall(
        Path("/src"),
        Path("/out/Dockerfile"),
        "t:1",
        labels={"a": "b"},
        secrets={"ca": Path("/ca.crt")},
        network="host",
        cgroup_parent="docker",
        no_cache=True,
        args={"A": "b c"},
        target="app",
    )
    assert build_argv("docker", call) == [
        "docker",
        "build",
        "--progress=plain",
        "--file=/out/Dockerfile",
        "--tag=t:1",
        "--label=a=b",
        "--secret=id=ca,src=/ca.crt",
        "--network=host",
        "--cgroup-parent=docker",
        "--no-cache",
        "--build-arg=A=b c",
        "--target=app",
        "--",
        "/src",
    ]


def test_it_ends_options_before_names() -> None:
    assert subject.pull_argv("docker", "--x")[-2:] == ["--", "--x"]
    assert subject.remove_images_argv("docker", ["--x"])[-2:] == ["--", "--x"]


def test_it_gives_the_client_what_finds_its_engine_and_no_secrets() -> None:
    env = client_env({"DOCKER_HOST": "tcp://x", "PATH": "/bin", "SECRET_KEY": "s", "https_proxy": "http://p"})
    assert env == {
        "DOCKER_HOST": "tcp://x",
        "PATH": "/bin",
        "https_proxy": "http://p",
        "DOCKER_BUILDKIT": "1",
        "BUILDKIT_PROGRESS": "plain",
        "LC_ALL": "C.UTF-8",
    }


def test_it_gives_no_login_to_what_a_team_wrote(tmp_path: Path) -> None:
    own = tmp_path / "home" / ".docker"
    (own / "cli-plugins").mkdir(parents=True)
    told = {"auths": {"ghcr.io": {"auth": "c2VjcmV0"}}, "credsStore": "pass", "currentContext": "rootless"}
    (own / "config.json").write_text(json.dumps(told))
    env = anonymous({"HOME": str(tmp_path / "home"), "PATH": "/bin"}, tmp_path / "given")
    given = Path(env["DOCKER_CONFIG"])
    assert json.loads((given / "config.json").read_text()) == {"currentContext": "rootless"}
    assert (given / "cli-plugins").resolve() == own / "cli-plugins" and not (given / "contexts").exists()
    anonymous({"HOME": "/nonexistent"}, tmp_path / "without")
    assert (tmp_path / "without" / "config.json").read_text() == "{}"
    anonymous({"HOME": "/nonexistent"}, tmp_path / "known", known_as="who")
    assert [(tmp_path / "known" / place / ".buildNodeID").read_text() for place in (".", "buildx")] == ["who", "who"]


@pytest.mark.docker
def test_it_passes_over_a_client_that_cannot_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_client(
        tmp_path / "broken", "echo 'ERROR: BuildKit is enabled but the buildx component is missing' >&2; exit 1"
    )
    monkeypatch.setenv("PATH", f"{tmp_path / 'broken'}:{os.environ['PATH']}")
    found = subject.working_client(tmp_path / "cache")
    assert found != str(tmp_path / "broken" / "docker")
    assert json.loads((tmp_path / "cache" / "docker-client.json").read_text())["path"] == found


def test_it_says_what_was_tried_when_none_can_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fake_client(tmp_path / "broken", "echo 'ERROR: no buildx' >&2; exit 1")
    monkeypatch.setattr(subject, "DISTRIBUTION_CLIENT", str(path))
    monkeypatch.setenv("PATH", f"{tmp_path / 'broken'}:/nonexistent")
    with pytest.raises(PlatformError) as caught:
        subject.working_client()
    assert caught.value.code == "engine:platform:no-buildkit"
    assert f"{path}: ERROR: no buildx" in caught.value.message


def test_it_forgets_a_client_that_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fake_client(tmp_path / "bin", "true")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    cache = tmp_path / "cache"
    assert subject.working_client(cache) == str(path)
    path.write_text("#!/bin/sh\nexit 1\n")
    monkeypatch.setattr(subject, "DISTRIBUTION_CLIENT", str(path))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}")
    subject.working_client.cache_clear()
    with pytest.raises(PlatformError):
        subject.working_client(cache)


def test_it_removes_what_is_kept_by_none_of_its_digests() -> None:
    images = {"a": {"a", "<none>"}, "b": {"b", "r"}, "c": {"c", "<none>"}}
    assert images_to_remove(images, {"c", "r"}) == ["a"]


def test_a_mark_reaches_every_step_beside_what_is_not_proxied(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    told = {"proxies": {"default": {"httpProxy": "http://p:3128", "noProxy": "localhost"}, "tcp://b": {}}}
    (tmp_path / ".docker" / "config.json").write_text(json.dumps(told))
    anonymous({"HOME": str(tmp_path)}, tmp_path / "given", "mark")
    assert json.loads((tmp_path / "given" / "config.json").read_text())["proxies"] == {
        "default": {"httpProxy": "http://p:3128", "noProxy": "localhost,mark"},
        "tcp://b": {"noProxy": "mark"},
    }
