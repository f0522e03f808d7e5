"""What Trivy 0.58.1 itself wrote: a report of a small image of Python, and what it says without its databases. Pure.

The advisories are of a database made for this, in Trivy's own form.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.deployments.steps.scan import refuse
from workers.build.supply.scan import Finding, explained, read_flaws
from workers.build.supply.tool import ToolFailed
from workers.errors import UserError

REPORT = Path(__file__).parent / "answers" / "trivy-0.58.1.json"
STAMP = "2026-11-22T00:30:45Z\tFATAL\tFatal error\t"
AWAY = 'Get "https://mirror.example/v2/": dial tcp: lookup mirror.example: no such host'
NO_DATABASE = (
    f"{STAMP}init error: DB error: failed to download vulnerability DB: OCI artifact error: failed to download "
    "vulnerability DB: failed to download artifact from mirror.example/aquasec/trivy-db:2: OCI repository error: 1 error "
    "occurred:"
)
NO_JAVA = (
    f"{STAMP}image scan error: scan error: scan failed: failed analysis: analyze error: pipeline error: failed to analyze "
    "layer (sha256:1917f833): post analysis error: post analysis error: Unable to initialize the Java DB: Java DB update "
    "failed: OCI artifact error: failed to download Java DB: failed to download artifact from "
    "mirror.example/aquasec/trivy-java-db:1: OCI repository error: 1 error occurred:"
)
NO_IMAGE = f"{STAMP}image scan error: scan error: unable to initialize a scanner: 1 error occurred:"


def test_it_reads_a_report_of_packages_of_debian_and_of_python() -> None:
    found = read_flaws(REPORT.read_bytes())
    assert found.counts == {"critical": 1, "high": 1, "medium": 1, "low": 0, "unknown": 0}
    assert found.fixable == {"critical": 0, "high": 1, "medium": 1, "low": 0, "unknown": 0}
    zlib, version = "zlib1g", "1:1.3.dfsg+really1.3.1-1+deb13u1"
    assert found.findings == (
        Finding("CVE-2026-0002", "critical", zlib, version, "", "CVE-2026-0002 of the test"),
        Finding("CVE-2026-0001", "high", "bash", "5.2.37-2+b10", "99.0-1", "CVE-2026-0001 of the test"),
        Finding("CVE-2026-0003", "medium", "Flask", "3.0.0", "99.0", "CVE-2026-0003 of the test"),
    )


def test_it_refuses_what_the_policy_names() -> None:
    found = read_flaws(REPORT.read_bytes())
    refuse(found, "critical", unfixed=False)
    for severity, unfixed, said in (("high", False, ": 1 high."), ("medium", True, "1 critical, 1 high and 1 medium.")):
        with pytest.raises(UserError, match=said):
            refuse(found, severity, unfixed=unfixed)


@pytest.mark.parametrize(
    ("said", "code", "message", "setting"),
    [
        (NO_DATABASE, "scan:platform:no-database", f"no database of known flaws: {AWAY}.", "by TRIVY_DB_REPOSITORY"),
        (NO_JAVA, "scan:platform:no-database", f"flaws of Java: {AWAY}.", "TRIVY_JAVA_DB_REPOSITORY"),
        (NO_IMAGE, "supply:platform:failed", f"trivy failed: {AWAY}", ""),
    ],
)
def test_it_says_which_database_it_lacks(said: str, code: str, message: str, setting: str) -> None:
    error = explained(ToolFailed("trivy", [said, AWAY]))
    assert error.code == code
    assert error.message.endswith(message) and setting in error.hint
