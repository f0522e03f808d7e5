"""Images looked through before their release: off, warn, block, skipped; on the page and over the API.

The tools are not on every machine, so small programs stand in for them that write what Syft and Trivy write.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pydantic import SecretStr, ValidationError

from apps.deployments import actions, lease, pipeline
from apps.deployments.image_steps import asked_steps
from apps.deployments.models import Build, Deployment, Inspection, LogChunk
from apps.deployments.presentation import slip_of
from apps.deployments.retention import forget_sboms
from apps.deployments.states import Status, StepStatus
from apps.deployments.steps.attempt import Attempt
from apps.deployments.steps.sbom import Sbom
from apps.deployments.steps.scan import Scan
from apps.deployments.steps.sign import Sign
from apps.projects.models import Service
from paas.config import Config
from tests.apps.cast import Person, Shop
from tests.workers.build.test_supply import SBOM, flaw, report

DIGEST = "sha256:" + "d" * 64
PASSPHRASE = "of-the-key-61fd20"
STAND_IN = """#!/bin/sh
file=/dev/null
for told in "$@"; do case "$told" in --output=*) file="${{told##*=}}";; esac; done
cat {answer} > "$file"; echo "$COSIGN_PASSWORD" >&2; exit {code}
"""

in_a_job = pytest.mark.django_db(transaction=True)  # Other threads of it look at the rows.


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a program on the PATH that writes an answer where it is told to."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    def make(name: str, answer: bytes = b"", code: int = 0) -> None:
        (tmp_path / f"{name}.json").write_bytes(answer)
        (tmp_path / name).write_text(STAND_IN.format(answer=tmp_path / f"{name}.json", code=code))
        (tmp_path / name).chmod(0o755)

    return make


@pytest.fixture
def told(settings: Any) -> Any:
    """Changes settings of the installation for one test."""

    def change(**values: object) -> None:
        settings.SLIPWAY = settings.SLIPWAY.model_copy(update=values)

    return change


def inspected(alice: Person, shop: Shop, *steps: Any, reference: str = "") -> Deployment:
    """A deployment whose image is there, taken through these steps by its job."""
    row = actions.deploy(actor=alice.actor, service=shop.service)
    claimed = lease.claim(row.key, start=Status.PENDING, during=Status.BUILDING, step="build")
    assert claimed is not None
    built = {"commit": "e" * 40, "fingerprint": "f" * 64, "digest": DIGEST, "reference": reference}
    with pipeline._job(claimed) as job:
        attempt = Attempt(claimed, job, {}, build=Build.objects.create(service=shop.service, **built))
        attempt.workspace.scratch.mkdir(parents=True, exist_ok=True)
        for step in steps:
            with job.step(step.name) as step_row:
                step(attempt).run(step_row)
    claimed.refresh_from_db()
    return claimed


def ended(row: Deployment) -> None:
    Deployment.objects.filter(pk=row.pk).update(status=Status.CANCELLED)


@in_a_job
def test_it_lists_and_warns_and_shows_both(alice: Person, shop: Shop, stand_in: Any, told: Any) -> None:
    told(sbom="auto", scan="warn")
    stand_in("syft", json.dumps(SBOM).encode())
    stand_in("trivy", report(flaw(1, "CRITICAL", "zlib"), flaw(2, "HIGH", "idn", "2.0"), flaw(3, "LOW", "<b>sh")))
    row = inspected(alice, shop, Sbom, Scan)
    assert row.status == Status.BUILDING, "it goes on"
    steps = {step.name: (step.status, step.detail) for step in row.steps.all()}
    assert steps["sbom"] == (StepStatus.SUCCEEDED, "1 packages, by syft 1.18.1")
    assert steps["scan"] == (StepStatus.SUCCEEDED, "1 critical, 1 high and 1 low")
    page = alice.client.get(f"/deployments/{row.pk}").content.decode()
    assert "1 package, known flaws: 1 critical, 1 high and 1 low" in page
    assert "mended in 2.0" in page and "CVE-2026-1" in page and "<b>sh" not in page
    found = alice.get(f"/deployments/{row.pk}/inspection").json()
    assert (found["digest"], found["sbom"]["packages"], found["signature"]) == (DIGEST, 1, None)
    assert (found["scan"]["counts"]["critical"], found["scan"]["policy"]) == (1, "warn")
    for path in (f"/deployments/{row.pk}/sbom", f"/api/v1/deployments/{row.pk}/sbom"):
        answer = alice.client.get(path) if path[1] == "d" else alice.get(path)
        assert json.loads(answer.content) == SBOM
        assert answer["Content-Disposition"] == f'attachment; filename="web-{row.number}.cdx.json"'
    ended(row)
    again = inspected(alice, shop, Sbom)
    assert [step.status for step in again.steps.all()] == [StepStatus.SKIPPED], "the same image was listed before"
    assert alice.get(f"/deployments/{again.pk}/sbom").status_code == 200


@in_a_job
def test_it_lets_nothing_through_that_the_policy_blocks(alice: Person, shop: Shop, stand_in: Any, told: Any) -> None:
    told(scan="block")
    stand_in("trivy", report(flaw(1, "CRITICAL", "zlib"), flaw(2, "HIGH", "idn", "2.0")))
    row = inspected(alice, shop, Scan)
    assert (row.status, row.error_code, row.step) == (Status.FAILED, "scan:user:vulnerable", "scan")
    assert row.error_message == "The image has known flaws that newer versions mend: 1 high."
    assert "idn 1.0: CVE-2026-2, high, mended in 2.0" in row.error_hint and "zlib" not in row.error_hint
    assert Deployment.objects.get(pk=shop.live.pk).status == Status.LIVE, "what serves goes on"
    assert "CVE-2026-1" in alice.client.get(f"/deployments/{row.pk}").content.decode()
    told(scan_severity="critical")
    assert inspected(alice, shop, Scan).status == Status.BUILDING
    ended(Deployment.objects.order_by("-number")[0])
    told(scan_unfixed=True)
    assert "known flaws: 1 critical." in inspected(alice, shop, Scan).error_message


@in_a_job
def test_what_is_not_on_the_machine_is_skipped_and_said(alice: Person, shop: Shop, stand_in: Any, told: Any) -> None:
    told(sbom="auto", syft="no-such-syft", scan="warn", trivy="no-such-trivy", sign_key="/k", push_registry="r.io/x")
    row = inspected(alice, shop, Sbom, Scan, Sign)
    assert {step.name: (step.status, step.detail) for step in row.steps.all()} == {
        "sbom": ("skipped", "skipped: no-such-syft is not on this machine"),
        "scan": ("skipped", "skipped: no-such-trivy is not on this machine"),
        "sign": ("skipped", "skipped: the image is in no registry, where its signature would be"),
    }
    assert alice.get(f"/deployments/{row.pk}/sbom").status_code == 404
    assert [s.name for s in slip_of(row)] == [
        "Fetch", "Analyze", "Build", "SBOM", "Scan", "Push", "Sign", "Release", "Start", "Health", "Switch", "Drain",
    ]  # fmt: skip
    ended(row)
    told(sbom="off", scan="off", sign_key="", push_registry="")
    assert [s.name for s in slip_of(inspected(alice, shop))][2:4] == ["Build", "Release"], "nothing was asked for"


@in_a_job
def test_blocking_fails_closed(alice: Person, shop: Shop, stand_in: Any, told: Any) -> None:
    told(scan="block", trivy="no-such-trivy")
    row = inspected(alice, shop, Scan)
    assert (row.status, row.error_code) == (Status.FAILED, "scan:platform:no-scanner")
    told(trivy="")
    stand_in("trivy", b"no database", code=1)
    assert inspected(alice, shop, Scan).status == Status.PENDING, "a fault of the scanner is tried again"


@in_a_job
def test_a_service_asks_for_more_than_the_installation_and_never_for_less(
    alice: Person, shop: Shop, stand_in: Any, told: Any
) -> None:
    stand_in("trivy", report(flaw(2, "HIGH", "idn", "2.0")))
    path, service = reverse("service-settings", args=[shop.service.pk]), f"/services/{shop.service.pk}"
    assert asked_steps(shop.service) == set()
    assert alice.patch(service, {"scan_policy": "off"}).status_code == 422
    assert alice.patch(service, {"scan_policy": "block"}).json()["scan_policy"] == "block"
    assert '<option value="block" selected>' in alice.client.get(path).content.decode()
    row = inspected(alice, shop, Scan)
    assert (row.status, row.error_code) == (Status.FAILED, "scan:user:vulnerable")
    assert "Scan" in [s.name for s in slip_of(row)]
    Service.objects.update(scan_policy="warn")
    shop.service.refresh_from_db()
    assert asked_steps(shop.service) == {"scan"}
    told(scan="block")
    assert inspected(alice, shop, Scan).status == Status.FAILED, "the installation's"


@in_a_job
def test_it_signs_with_a_passphrase_that_nobody_reads(alice: Person, shop: Shop, stand_in: Any, told: Any) -> None:
    told(sign_key="/keys/cosign.key", sign_key_password=SecretStr(PASSPHRASE))
    stand_in("cosign")
    reference = f"r.example/slipway/web@{DIGEST}"
    row = inspected(alice, shop, Sign, reference=reference)
    assert row.steps.get().detail == reference
    assert alice.get(f"/deployments/{row.pk}/inspection").json()["signature"]["reference"] == reference
    lines = str(list(LogChunk.objects.filter(stream__deployment=row).values_list("lines", flat=True)))
    assert reference in lines and PASSPHRASE not in lines, "the program said it, and it was hidden"
    ended(row)
    again = inspected(alice, shop, Sign, reference=reference)
    assert again.steps.get().status == StepStatus.SKIPPED, "once is enough"
    assert alice.get(f"/deployments/{again.pk}/inspection").json()["signature"]["reference"] == reference


def test_the_list_goes_with_its_image(shop: Shop) -> None:
    told = {"document": b"x", "sbom": {"packages": 1}}
    gone = Inspection.objects.create(deployment=shop.first, digest="sha256:gone", **told)
    listed = Inspection.objects.filter(document__isnull=False).order_by("created_at")
    forget_sboms()
    assert listed.count() == 2, "a build under way is new"
    Inspection.objects.update(created_at=timezone.now() - timedelta(days=2))
    forget_sboms()
    assert [one.digest for one in listed] == [shop.build.digest]
    assert Inspection.objects.get(pk=gone.pk).sbom == {"packages": 1}


@pytest.mark.parametrize("place", ["nginx", "acme/x", "r.example/X", "https://r.example/x", "r.example/x@sha256:1"])
def test_it_pushes_to_no_place_that_is_none(place: str) -> None:
    with pytest.raises(ValidationError, match="push_registry"):
        Config(push_registry=place)  # type: ignore[call-arg]


def test_a_login_to_push_is_whole() -> None:
    assert Config(push_registry="r.example:5000/x/").push_registry == "r.example:5000/x"  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match="set together"):
        Config(push_username="alice")  # type: ignore[call-arg]
