"""A builder of its own: what may be told of it, and how the worker is led there. Pure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from paas.config import Config
from paas.supervisor.builder import builder_env, tunnel_argv
from paas.supervisor.programs import agent_program, control_plane, worker_program
from tests.paas.test_supervisor import blueprint
from workers.build.builder import far_builder, run_engine_env


def test_it_needs_a_registry_that_hosts_pull_from() -> None:
    with pytest.raises(ValidationError, match="so set SLIPWAY_PUSH_REGISTRY too"):
        Config(builder="ssh://build@10.0.0.7")  # type: ignore[call-arg]
    for right in ("ssh://build@10.0.0.7:22", "tcp://builder.example:2376", "unix:///run/builder.sock"):
        assert Config(builder=right, push_registry="r.example/x").builder == right  # type: ignore[call-arg]
    for wrong in ("10.0.0.7", "ssh://-oProxyCommand=id", "ssh://a b", "unix://x", "http://x", "ssh://a@-x"):
        with pytest.raises(ValidationError, match="write it such as"):
            Config(builder=wrong, push_registry="r.example/x")  # type: ignore[call-arg]


def test_one_behind_ssh_becomes_a_socket() -> None:
    assert tunnel_argv("ssh://build@10.0.0.7:2222", "/run/b.sock") == [
        "ssh", "-N", "-oBatchMode=yes", "-oExitOnForwardFailure=yes", "-oStreamLocalBindUnlink=yes",
        "-oServerAliveInterval=15", "-p", "2222", "-L", "/run/b.sock:/var/run/docker.sock", "--", "build@10.0.0.7",
    ]  # fmt: skip
    assert tunnel_argv("ssh://b.example", "/s")[-2:] == ["--", "b.example"]


def test_the_worker_builds_there_and_nobody_else_does(tmp_path: Path) -> None:
    plan, env = replace(blueprint(tmp_path), builder="ssh://b.example"), {"DOCKER_HOST": "unix:///x.sock"}
    assert [program.name for program in control_plane(plan, env)] == ["web", "builder", "worker", "agent"]
    told = worker_program(plan, env).env
    assert told == builder_env("ssh://b.example", plan.tunnel, env)
    assert (told["DOCKER_HOST"], told["SLIPWAY_RUN_ENGINE"]) == (f"unix://{plan.tunnel}", "unix:///x.sock")
    assert agent_program(plan, env).env["DOCKER_HOST"] == "unix:///x.sock"
    near = replace(plan, builder="")
    assert [program.name for program in control_plane(near, env)] == ["web", "worker", "agent"]
    assert worker_program(near, env).env == env


def test_it_knows_what_is_on_another_machine() -> None:
    behind_ssh = builder_env("ssh://b.example", "/s", {})
    assert far_builder(behind_ssh) == "ssh://b.example", "though its socket is here"
    assert far_builder(builder_env("unix:///run/b.sock", "/s", {})) == ""
    assert far_builder({"DOCKER_HOST": "tcp://10.0.0.7:2376"}) == "tcp://10.0.0.7:2376"
    assert far_builder({}) == ""
    assert run_engine_env({}) is None
    cleaned = run_engine_env({**behind_ssh, "PATH": "/bin"})
    assert cleaned and cleaned["DOCKER_HOST"] == "unix:///var/run/docker.sock"
