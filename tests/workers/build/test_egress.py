"""What steps of builds reach: the rules as text, and the doors of a machine."""

from __future__ import annotations

from pathlib import Path

from workers.build.egress import ruleset
from workers.build.egress_containers import in_container_argv, of_others
from workers.build.egress_doors import doors_of_machine


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


def test_containers_of_other_builds_are_not_left_alone() -> None:
    """Builders from outside run what a repository wrote in some: another build's beginning must not set them free."""
    attached = [
        "a=172.17.0.2/16=",
        "b=172.17.0.3/16=fd00::3/64",
        "c=172.17.0.4/16=",
        "d=172.17.0.5/16=",
        "e=fd00::6/64=",
    ]
    running = ["a build", "b ", "c build-prepare", "d app"]
    assert of_others(attached, running) == ["172.17.0.3", "fd00::3", "172.17.0.5"]


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


def test_an_ordinary_users_container_may_set_rules_and_no_more() -> None:
    assert in_container_argv("docker", "n", "base", {"slipway.instance": "i"}) == [
        *("docker", "run", "--rm", "--pull=never", "--read-only", "--cap-drop=ALL", "--user=0:0"),
        *("--security-opt=no-new-privileges", "--memory=64m", "--pids-limit=16"),
        *("--label=slipway.instance=i", "--label=slipway.role=build-egress"),
        *("--interactive", "--network=host", "--cap-add=NET_ADMIN", "--cap-add=SYS_CHROOT", "--userns=host"),
        *("--security-opt=label=disable", "--volume=/:/host:ro", "--name=n"),
        *("--entrypoint=chroot", "--", "base", "/host", "/usr/sbin/nft", "-f", "-"),
    ]
