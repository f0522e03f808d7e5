"""Commands as logs show them."""

from __future__ import annotations

from pathlib import Path

from workers import git
from workers.build.command_text import readable
from workers.docker_cli import BuildCall, build_argv, pull_argv

AT = Path("/var/lib/slipway/builds/4f2a")


def test_it_counts_what_every_build_has_and_shows_what_this_one_has() -> None:
    call = BuildCall(
        context=AT / "source", dockerfile=AT / "build/Dockerfile",
        labels={"slipway.service": "1", "org.opencontainers.image.title": "web shop"},
        secrets={"apt_sources": AT / "build/secrets/apt"}, tag="slipway/build:1", network="host", no_cache=True,
        args={"TITLE": "a shop"}, target="web",
    )  # fmt: skip
    assert readable(build_argv("/usr/bin/docker", call)) == (
        "docker build --file=Dockerfile --network=host --no-cache '--build-arg=TITLE=a shop' --target=web source"
        " … (5 options)"
    )


def test_it_shows_other_commands_without_paths_of_the_machine() -> None:
    fetch = git.fetch_argv(AT / "cache.git", "https://git.example/shop.git", "refs/heads/main")
    assert (
        readable(fetch)
        == f"git fetch --depth=1 https://git.example/shop.git +refs/heads/main:{git.HEAD_REF} … (6 options)"
    )
    assert readable(pull_argv("/usr/bin/docker", "python:3.12")) == "docker pull python:3.12 … (1 option)"
    assert readable(["mix", "deps.get"]) == "mix deps.get"
