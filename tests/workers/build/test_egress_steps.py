"""What a step reaches, on the real engine. Rules judge a bridge of the test's own: on the default one others build."""

from __future__ import annotations

import http.server
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workers.build.builds import MACHINE_CACHE, Builder, Lines, builder
from tests.workers.build.test_egress_closing import until_opened
from workers.build import egress_firewall
from workers.build.base_images import ensure_base
from workers.build.egress import ruleset
from workers.build.egress_containers import NFT
from workers.build.egress_firewall import limited
from workers.build.job import BuildLimits, BuildSettings, Egress
from workers.docker_cli import working_client

TRY = """
import socket, sys
for port in sys.argv[2:]:
    try:
        socket.create_connection((sys.argv[1], int(port)), 5).close()
        print(port, 'answers')
    except OSError as error:
        print(port, 'refused')
"""
NET = """
import socket
for line in open('/proc/net/route').read().splitlines()[1:]:
    _, target, by, *_ = line.split()
    if target == '00000000':
        print('way by', socket.inet_ntoa(bytes.fromhex(by)[::-1]))
"""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Builder]:
    with builder(tmp_path) as made:
        yield made


@pytest.fixture
def ports() -> Iterator[list[int]]:
    """Two servers on every address of this machine."""
    servers = [http.server.ThreadingHTTPServer(("0.0.0.0", 0), http.server.BaseHTTPRequestHandler) for _ in range(2)]  # noqa: S104
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield [server.server_port for server in servers]
    for server in servers:
        server.shutdown()
        server.server_close()


def docker(*argv: str) -> str:
    done = subprocess.run([working_client(MACHINE_CACHE), *argv], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def gateway(network: str) -> str:
    return docker("network", "inspect", "--format={{(index .IPAM.Config 0).Gateway}}", network)


@pytest.fixture
def bridge(here: Builder, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What is judged instead of the engine's default one."""
    name = f"slt{here.instance}"
    named = f"--opt=com.docker.network.bridge.name={name}"
    docker("network", "create", named, f"--label=slipway.instance={here.instance}", name)
    monkeypatch.setattr(egress_firewall, "NETWORK", name)
    yield name
    until_opened()
    docker("network", "rm", name)


def tried(here: Builder, bridge: str, egress: Egress, ports: list[int], **given: Path) -> list[str]:
    """As a step of a build would, from a container on the bridge."""
    image = ensure_base("python", "", report=Lines(), cache_dir=MACHINE_CACHE).reference
    labels = {"slipway.instance": here.instance}
    with limited(egress, given, here.report, network="", cache_dir=here.top / "machine", labels=labels):
        step = ("run", "--rm", f"--network={bridge}", f"--label=slipway.instance={here.instance}", "--", image)
        said = docker(*step, "python3", "-c", TRY, gateway(bridge), *map(str, ports))
    return [line.split()[1] for line in said.splitlines()]


def can_filter() -> bool:
    """Whether nft and the kernel take the rules, without setting them."""
    rules = ruleset("t", "docker0", set(), [], []).encode()
    return NFT.exists() and not subprocess.run([NFT, "-c", "-f", "-"], input=rules, check=False).returncode


@pytest.mark.docker
@pytest.mark.skipif(not can_filter(), reason="rules are loaded by root with nft")
def test_a_step_reaches_this_machine_by_its_index_only(
    here: Builder, bridge: str, ports: list[int], tmp_path: Path
) -> None:
    refused, index = ports
    assert tried(here, bridge, Egress(), ports) == ["answers", "answers"]
    pip = tmp_path / "pip.conf"
    pip.write_text(f"[global]\nindex-url = http://{gateway(bridge)}:{index}/simple\n")
    assert tried(here, bridge, Egress("public"), ports, pip_conf=pip) == ["refused", "answers"]
    assert tried(here, bridge, Egress("public", host_ports=(refused,)), ports, pip_conf=pip) == ["answers", "answers"]
    until_opened()
    listed = subprocess.run([NFT, "list", "tables"], check=True, capture_output=True, text=True)
    assert f"slipway_builds_{here.instance}" not in listed.stdout


@pytest.mark.docker
@pytest.mark.skipif(not can_filter(), reason="the engine's machine has no nft")
def test_a_builder_of_its_own_is_told_the_rules_by_a_container(
    here: Builder, bridge: str, ports: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIPWAY_BUILDER", "ssh://b.example")
    assert tried(here, bridge, Egress("public", host_ports=(ports[1],)), ports) == ["refused", "answers"]
    until_opened()
    assert f"slipway_builds_{here.instance}" not in subprocess.check_output([NFT, "list", "tables"], text=True)


@pytest.mark.docker
@pytest.mark.skipif(not can_filter(), reason="rules are loaded by root with nft")
def test_steps_run_where_the_rules_are_meant_for(here: Builder, bridge: str) -> None:
    """On the default bridge, which the rules of this test leave alone; with `none` on no network."""
    base = ensure_base("python", "", report=Lines(), cache_dir=MACHINE_CACHE).reference
    here.write(**{"net.py": NET}, Dockerfile=f"FROM {base}\nCOPY net.py /\nRUN python3 /net.py\n")
    found = []
    for egress in (Egress("public"), Egress("none")):
        here.report.lines.clear()
        here.build(settings=BuildSettings(limits=BuildLimits(egress=egress), no_cache=True))
        found.append([line for line in here.report.lines if line.startswith(("way by ", "The steps of the build "))])
    limited_line = "The steps of the build reach public addresses only, beside this machine's package indexes"
    assert found == [[limited_line, f"way by {gateway('bridge')}"], []]
