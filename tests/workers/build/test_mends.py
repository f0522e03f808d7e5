"""What a failure asks of a service's settings, where its own words name it: one test a kind. Pure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.workers.build.builds import Lines
from workers.agent.diagnosis import _not_listening, ended
from workers.agent.reporter import on_the_wire
from workers.agent.sockets import LISTEN, Socket
from workers.build.analyze import analyze
from workers.build.base_families import FAMILIES
from workers.build.base_images import _not_available
from workers.build.causes import cause
from workers.build.files import MemoryFiles
from workers.build.image_run import run_build
from workers.build.job import BuildLimits, BuildSettings
from workers.build.limits_enforced import Enforced
from workers.build.mends_limits import MB, doubled_memory
from workers.build.plan import Origin, Plan
from workers.desired import Health, Process
from workers.errors import UserError

NODE = Plan("node", version="20", install="npm ci --no-audit --no-fund")
PNPM = replace(NODE, install="cd ../.. && pnpm install --frozen-lockfile")
PEERS = "npm error code ERESOLVE\nnpm error ERESOLVE could not resolve"

SAID = [
    # A program, a header and a library of the distribution
    ("Error: pg_config executable not found.", NODE, {"packages": "libpq-dev"}),
    ("./x.h:3:10: fatal error: openssl/ssl.h: No such file or directory", NODE, {"packages": "libssl-dev"}),
    ("ImportError: libGL.so.1: cannot open shared object file: No such file", NODE, {"packages": "libgl1"}),
    ("fatal error: of_nobody.h: No such file or directory", NODE, {}),
    # Packages that disagree
    (PEERS, NODE, {"install_command": "npm ci --no-audit --no-fund --legacy-peer-deps"}),
    (
        PEERS,
        replace(NODE, install="npm pkg delete scripts.prepare && npm ci"),
        {"install_command": "npm ci --legacy-peer-deps"},
    ),
    (PEERS, replace(NODE, install="npm ci --legacy-peer-deps"), {}),
    (PEERS, replace(NODE, install="make install"), {}),
    # Of a pull request, say: it would become every environment's
    (PEERS, replace(NODE, install="npm install theirs", origins={"install": Origin("file", "in slipway.toml")}), {}),
    (
        " ERR_PNPM_PEER_DEP_ISSUES  Unmet peer dependencies",
        PNPM,
        {"install_command": "cd ../.. && pnpm install --frozen-lockfile --config.strict-peer-dependencies=false"},
    ),
    # A Node that npm has
    ('Please upgrade Node.js to a supported version: ">=22.12.0"', NODE, {"language_version": "24"}),
    ("requires a minimum Node.js version of v20.19 or v22.12.", NODE, {"language_version": "20"}),
    ("npm error code EBADENGINE", NODE, {}),
    # A person must think
    ("npm error code E401\nnpm error Incorrect or missing password.", NODE, {}),
]  # fmt: skip


@pytest.mark.parametrize(("output", "plan", "change"), SAID)
def test_a_cause_names_the_setting_that_mends_it(output: str, plan: Plan, change: dict[str, str]) -> None:
    found = cause(output.splitlines(), plan)
    assert found is not None and found.change == change


def test_a_version_that_cannot_be_had_names_one_that_can() -> None:
    error = _not_available(FAMILIES["python"], "3.9", {"3.11.2", "3.13.5"})
    assert error.change == {"language_version": "3.13"}
    assert _not_available(FAMILIES["node"], "16", {"20.19.2"}).change == {"language_version": "20"}
    assert _not_available(FAMILIES["python"], "3.9", set()).change == {}


def test_a_workspace_with_one_folder_to_start_names_it() -> None:
    top = {"package.json": '{"workspaces": ["apps/*"]}', "apps/web/package.json": '{"scripts": {"start": "node ."}}'}
    for files, change in ((top, {"root_directory": "apps/web"}), ({**top, "apps/b/package.json": "{}"}, {})):
        with pytest.raises(UserError, match="how to start it") as raised:
            analyze(MemoryFiles(files), BuildSettings())
        assert raised.value.change == change


def test_the_host_tells_what_mends_a_start() -> None:
    error = ended({"Status": "exited", "ExitCode": 1}, 0, ["ImportError: libpq.so.5: cannot open shared object file"])
    assert error is not None
    assert on_the_wire(error).change == {"packages": "libpq5"}


def test_a_limit_that_was_met_names_its_double_as_far_as_the_machine_goes() -> None:
    assert doubled_memory("memory_mb", 512 * MB, 2**40) == {"memory_mb": "1024"}
    assert doubled_memory("memory_mb", 512 * MB, 700 * MB) == {"memory_mb": "700"}
    assert doubled_memory("memory_mb", 512 * MB, 512 * MB) == {}
    error = ended({"OOMKilled": True}, 64 * MB, [])
    assert error is not None and on_the_wire(error).change == {"memory_mb": "128"}


def test_a_build_that_took_too_long_or_too_much_names_the_limit(tmp_path: Path) -> None:
    limit = Enforced(64 * MB, tmp_path)
    for seconds, argv, change in (
        (0.5, ["sleep", "9"], {"build_timeout_seconds": "1"}),
        (60, ["sh", "-c", f"echo oom_kill 1 > {tmp_path}/memory.events; exit 1"], {"build_memory_mb": "128"}),
    ):
        settings = BuildSettings(limits=BuildLimits(timeout_seconds=seconds))
        with pytest.raises(UserError) as caught:
            run_build(argv, tmp_path / f"config-{seconds}", NODE, settings, Lines(), limit)
        assert caught.value.change == change


def test_an_app_that_listens_elsewhere_names_its_port() -> None:
    listens = [Socket("0.0.0.0", 3000, "", 0, LISTEN), Socket("127.0.0.1", 9229, "", 0, LISTEN)]
    error = _not_listening(listens, Process(port=8000), Health(), [])
    assert (error.code, on_the_wire(error).change) == ("health:user:other-port", {"port": "3000"})
    assert _not_listening(listens[1:], Process(port=9229), Health(), []).change == {}
