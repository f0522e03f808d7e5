"""Lists of packages, known flaws and signatures: what the tools are asked, and what is read of their answers. Pure."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from workers.build.supply.registry_login import write_login
from workers.build.supply.sbom import read_sbom, sbom_argv
from workers.build.supply.scan import Finding, at_least, read_flaws, scan_argv, words
from workers.build.supply.sign import sign_argv, signer_env
from workers.build.supply.tool import tool_env
from workers.errors import PlatformError
from workers.image_reference import Login

IMAGE = "sha256:" + "2" * 64

# Syft 1.18.1 of a base image of Node: what it wrote, with 2 of 226 components.
SBOM: dict[str, Any] = {
    "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "metadata": {
        "timestamp": "2026-11-21T17:25:36Z",
        "tools": {
            "components": [{"type": "application", "author": "anchore", "name": "syft", "version": "1.18.1"}],
        },
        "component": {"bom-ref": "39f77c390cdabbb6", "type": "container", "name": "sha256", "version": IMAGE[7:]},
    },
    "components": [
        {
            "bom-ref": "pkg:npm/%40npmcli/agent@4.0.2?package-id=9d3cf1823b70d7a1",
            "type": "library",
            "name": "@npmcli/agent",
            "version": "4.0.2",
            "licenses": [{"license": {"id": "ISC"}}],
        },
        {"bom-ref": "os:debian@13", "type": "operating-system", "name": "debian", "version": "13"},
    ],
}


def flaw(number: int, severity: str, package: str, fixed: str = "") -> dict[str, Any]:
    """In the form of Trivy's documentation; Go leaves out what is empty."""
    told = {
        "VulnerabilityID": f"CVE-2026-{number}",
        "PkgID": f"{package}@1.0",
        "PkgName": package,
        "InstalledVersion": "1.0",
        "Status": "fixed" if fixed else "affected",
        "Severity": severity,
        "Title": f"{package}: reads too far",
        "PrimaryURL": f"https://avd.example/cve-2026-{number}",
    }
    return told | ({"FixedVersion": fixed} if fixed else {})


def report(*flaws: dict[str, Any]) -> bytes:
    found = {"Target": "x (debian 13)", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": list(flaws)}
    empty = {"Target": "Node.js", "Class": "lang-pkgs", "Type": "node-pkg"}
    told = {"SchemaVersion": 2, "ArtifactName": IMAGE, "ArtifactType": "container_image"}
    return json.dumps({**told, "Results": [found, empty, found]}).encode()


def test_it_counts_what_is_in_an_image() -> None:
    document = json.dumps(SBOM).encode()
    found = read_sbom(document)
    assert (found.packages, found.tool, found.document) == (1, "syft 1.18.1", document)
    assert sbom_argv("/bin/syft", IMAGE, Path("/t/o")) == [
        "/bin/syft", "scan", "--quiet", "--output=cyclonedx-json=/t/o", "--", f"docker:{IMAGE}",
    ]  # fmt: skip


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"bomFormat": "SPDX"}', b'{"bomFormat": "CycloneDX"}'])
def test_it_takes_nothing_else_for_a_list(document: bytes) -> None:
    with pytest.raises(PlatformError, match="not understood"):
        read_sbom(document)


def test_it_reads_known_flaws_the_worst_first_and_each_once() -> None:
    found = read_flaws(report(flaw(1, "LOW", "bash"), flaw(2, "CRITICAL", "zlib"), flaw(3, "CRITICAL", "idn", "2.0")))
    assert found.counts == {"critical": 2, "high": 0, "medium": 0, "low": 1, "unknown": 0}
    assert found.fixable == {"critical": 1, "high": 0, "medium": 0, "low": 0, "unknown": 0}
    assert found.findings[0] == Finding("CVE-2026-3", "critical", "idn", "1.0", "2.0", "idn: reads too far")
    assert [one.id for one in found.findings] == ["CVE-2026-3", "CVE-2026-2", "CVE-2026-1"]
    assert found.as_dict()["findings"][2]["fixed"] == ""
    assert read_flaws(b'{"SchemaVersion": 2, "ArtifactName": "x"}').findings == (), "nothing that it knows"
    for wrong in (b"", b"[]", b"{}", b'{"SchemaVersion": 2, "Results": [{"Vulnerabilities": [{}]}]}'):
        with pytest.raises(PlatformError, match="not understood"):
            read_flaws(wrong)


def test_it_counts_from_a_severity_on() -> None:
    counts = {"critical": 2, "high": 5, "medium": 1, "low": 0, "unknown": 3}
    assert at_least(counts, "high") == {"critical": 2, "high": 5}
    assert at_least({**counts, "critical": 0}, "critical") == {}
    assert words(at_least(counts, "medium")) == "2 critical, 5 high and 1 medium"
    assert (words({"high": 1}), words({})) == ("1 high", "")


def test_it_asks_with_argument_lists(tmp_path: Path) -> None:
    assert scan_argv("/bin/trivy", IMAGE, Path("/c"), Path("/t/o")) == [
        "/bin/trivy", "image", "--image-src=docker", "--no-progress", "--quiet", "--scanners=vuln", "--format=json",
        "--timeout=600s", "--output=/t/o", "--cache-dir=/c", "--", IMAGE,
    ]  # fmt: skip
    reference = f"r.example/slipway/app@{IMAGE}"
    assert sign_argv("/bin/cosign", "/keys/c.key", Path("/t"), reference) == [
        "/bin/cosign", "sign", "--yes", "--key=/keys/c.key", "--signing-config=/t/services.json",
        "--trusted-root=/t/authorities.json", "--", reference,
    ]  # fmt: skip


def test_a_tool_is_told_its_own_settings_only() -> None:
    host = {"PATH": "/bin", "HOME": "/root", "TRIVY_DB_REPOSITORY": "r.example/db", "SLIPWAY_SECRET_KEY": "x"}
    told = tool_env(host | {"DOCKER_HOST": "unix:///x", "COSIGN_PASSWORD": "y"}, "trivy", Path("/c"), Path("/t"))
    assert told["TRIVY_DB_REPOSITORY"] == "r.example/db" and told["DOCKER_HOST"] == "unix:///x"
    assert (told["HOME"], told["TMPDIR"]) == ("/c", "/t")
    assert not {"SLIPWAY_SECRET_KEY", "COSIGN_PASSWORD"} & told.keys()


def test_cosign_alone_is_told_how_to_open_a_key_service() -> None:
    opens = {
        "AWS_REGION": "eu-1",
        "AWS_PROFILE": "p",
        "VAULT_TOKEN": "t",
        "GOOGLE_CLOUD_PROJECT": "g",
        "AZURE_TENANT_ID": "a",
    }
    host = {"PATH": "/bin", "SLIPWAY_SECRET_KEY": "x", "GITHUB_TOKEN": "y"} | opens
    told = signer_env(host, Path("/t"))
    assert opens.items() <= told.items()
    assert not {"SLIPWAY_SECRET_KEY", "GITHUB_TOKEN"} & told.keys()
    for tool in ("syft", "trivy"):
        assert not opens.keys() & tool_env(host, tool, Path("/c"), Path("/t")).keys()


def test_a_login_is_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    folder = write_login(tmp_path / "a", "r.example:5000", Login("alice", "pw"))
    told = json.loads((folder / "config.json").read_text())
    assert base64.b64decode(told["auths"]["r.example:5000"]["auth"]) == b"alice:pw"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "config.json")] == [0o700, 0o600]
    hub = write_login(tmp_path / "b", "docker.io", Login("alice", "pw")) / "config.json"
    assert list(json.loads(hub.read_text())["auths"]) == ["https://index.docker.io/v1/"]
    assert json.loads((write_login(tmp_path / "c", "x", None) / "config.json").read_text()) == {"auths": {}}
