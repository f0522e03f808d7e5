"""What the API tells of images that tools looked through."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema
from pydantic import Field


class SbomOut(Schema):
    tool: str = Field(examples=["syft 1.18.1"])
    packages: int = Field(examples=[226])


class SbomDocument(Schema):
    """A CycloneDX document; its own schema says all that may be in it."""

    bomFormat: str = Field(examples=["CycloneDX"])
    specVersion: str = Field(examples=["1.6"])
    components: list[dict[str, object]] = Field(examples=[[{"type": "library", "name": "flask", "version": "3.1.2"}]])


class FindingOut(Schema):
    """A known flaw of a package; `fixed` names the versions without it, and is empty when there is none yet."""

    id: str = Field(examples=["CVE-2019-18224"])
    severity: str = Field(examples=["critical"])
    package: str = Field(examples=["libidn2-0"])
    version: str = Field(examples=["2.0.5-1"])
    fixed: str = Field(examples=["2.0.5-1+deb10u1"])
    title: str = Field(examples=["libidn2: heap-based buffer overflow in lib/lookup.c"])


class ScanOut(Schema):
    """`fixable` counts the flaws that a newer version mends. `findings` are the worst, at most 50."""

    policy: str = Field(examples=["warn"])
    severity: str = Field(examples=["high"])
    at: datetime
    counts: dict[str, int] = Field(examples=[{"critical": 1, "high": 0, "medium": 2, "low": 9, "unknown": 0}])
    fixable: dict[str, int] = Field(examples=[{"critical": 1, "high": 0, "medium": 0, "low": 1, "unknown": 0}])
    findings: list[FindingOut]


class SignatureOut(Schema):
    reference: str = Field(examples=["registry.example.com/slipway/5e1f@sha256:9f86d081884c7d65"])
    at: datetime


class InspectionOut(Schema):
    digest: str = Field(examples=["sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    reference: str = Field(description="Where it was pushed, by digest; empty when it was not.")
    sbom: SbomOut | None
    scan: ScanOut | None
    signature: SignatureOut | None
