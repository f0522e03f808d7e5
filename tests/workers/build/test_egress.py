"""What steps of builds reach: the rules as text, the doors of a machine, and builds on the real engine."""

from __future__ import annotations

import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workers.build.builds import MACHINE_CACHE, Builder, Lines, builder
from workers.build.base_images import ensure_base
from workers.build.egress import ruleset
from workers.build.egress_doors import doors_of_machine
from workers.build.egress_firewall import NFT, in_container_argv
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


def test_the_rules_leave_open_what_is_named_and_public() -> None:
    text = ruleset("t", "docker0", {("10.0.0.53", 53), ("fd00::/8", 0)}, [8080], ["172.17.0.9"])
    assert text == (
        "table inet t\n"
        "delete table inet t\n"
        "table inet t {\n"
        "  chain judge {\n"
        "    ct state established,related accept\n"
        "    ip saddr 172.17.0.9 accept\n"
        "    ip daddr 10.0.0.53/32 meta l4proto { tcp, udp } th dport 53 accept\n"
        "    ip6 daddr fd00::/8 accept\n"
        "    reject with icmpx type admin-prohibited\n"
        "  }\n"
        "  chain passing {\n"
        "    type filter hook forward priority -10; policy accept;\n"
        '    iifname "docker0" ip daddr { 0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, '
        "172.16.0.0/12, 192.168.0.0/16 } jump judge\n"
        '    iifname "docker0" ip6 daddr { ::/96, ::ffff:0:0/96, 64:ff9b::/96, fc00::/7, fe80::/10 } jump judge\n'
        "  }\n"
        "  chain arriving {\n"
        "    type filter hook input priority -10; policy accept;\n"
        '    iifname "docker0" tcp dport { 80, 443, 8080 } accept\n'
        '    iifname "docker0" meta l4proto { tcp, udp, sctp, dccp, icmp } jump judge\n'
        "  }\n"
        "}\n"
    )


def test_the_doors_are_name_servers_indexes_and_proxies_but_nothing_a_team_wrote(tmp_path: Path) -> None:
    (tmp_path / "resolv.conf").write_text("nameserver 10.9.9.53\nnameserver fe80::1%eth0\n")
    (tmp_path / "pip").write_text(
        "[global]\nindex-url = https://u:p@10.0.0.7/simple\nextra-index-url =\n    http://10.0.0.8:3141/\n"
    )
    (tmp_path / "npm").write_text("registry=https://203.0.113.5/npm/\n@a:registry=https://unknown.invalid/\n")
    (tmp_path / "variables").write_text("export API='http://10.0.0.9/'\n")
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(
        '{"proxies": {"default": {"httpProxy": "http://10.0.0.10:3128"}}}'
    )
    given = {"pip_conf": tmp_path / "pip", "npmrc": tmp_path / "npm", "variables": tmp_path / "variables"}
    assert doors_of_machine(given, {"HOME": str(tmp_path)}, [tmp_path / "resolv.conf"]) == {
        ("10.9.9.53", 53), ("10.0.0.7", 443), ("10.0.0.8", 3141), ("10.0.0.10", 3128)
    }  # fmt: skip


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


def gateway() -> str:
    form = "--format={{(index .IPAM.Config 0).Gateway}}"
    argv = [working_client(MACHINE_CACHE), "network", "inspect", form, "bridge"]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


def tried(here: Builder, egress: Egress, ports: list[int]) -> list[str]:
    base = ensure_base("python", "", report=Lines(), cache_dir=MACHINE_CACHE).reference
    command = " ".join(["python3 /try.py", gateway(), *map(str, ports)])
    here.write(**{"try.py": TRY}, Dockerfile=f"FROM {base}\nCOPY try.py /\nRUN {command}\n")
    here.report.lines.clear()
    here.build(settings=BuildSettings(limits=BuildLimits(egress=egress), no_cache=True))
    return [line.split()[1] for line in here.report.lines if line.endswith((" answers", " refused"))]


def can_filter() -> bool:
    """Whether nft and the kernel take the rules, without setting them."""
    rules = ruleset("t", "docker0", set(), [], []).encode()
    return NFT.exists() and not subprocess.run([NFT, "-c", "-f", "-"], input=rules, check=False).returncode


@pytest.mark.docker
@pytest.mark.skipif(not can_filter(), reason="rules are loaded by root with nft")
def test_a_build_reaches_this_machine_by_its_index_only(
    here: Builder, ports: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, index = ports
    assert tried(here, Egress(), ports) == ["answers", "answers"]
    monkeypatch.setenv("PIP_INDEX_URL", f"http://{gateway()}:{index}/simple")
    assert tried(here, Egress("public"), ports) == ["refused", "answers"]
    assert tried(here, Egress("public", host_ports=(refused,)), ports) == ["answers", "answers"]
    assert tried(here, Egress("none"), ports) == ["refused", "refused"]
    wait_until_open(here)


def wait_until_open(here: Builder) -> None:
    for thread in threading.enumerate():
        if thread.name == "egress":
            thread.join()
    listed = subprocess.run([shutil.which("nft") or NFT, "list", "tables"], check=True, capture_output=True, text=True)
    assert f"slipway_builds_{here.instance}" not in listed.stdout


def test_an_ordinary_users_container_may_set_rules_and_no_more() -> None:
    assert in_container_argv("docker", "n", "base", {"slipway.instance": "i"}) == [
        *("docker", "run", "--rm", "--interactive", "--pull=never", "--network=host", "--read-only", "--cap-drop=ALL"),
        *("--cap-add=NET_ADMIN", "--cap-add=SYS_CHROOT", "--userns=host", "--user=0:0"),
        *("--security-opt=no-new-privileges", "--security-opt=label=disable", "--memory=64m", "--pids-limit=16"),
        *("--volume=/:/host:ro", "--name=n", "--label=slipway.instance=i", "--label=slipway.role=build-egress"),
        *("--entrypoint=chroot", "--", "base", "/host", "/usr/sbin/nft", "-f", "-"),
    ]
