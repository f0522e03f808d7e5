"""What is shown of a compose file before its services are made (`bringing`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from workers.build.compose.plan import ComposePlan
from workers.build.compose.values import SOUNDS_SECRET


def shown(plan: ComposePlan) -> dict[str, Any]:
    """JSON-ready, and without a value of a variable: some are secret."""
    told = asdict(plan)
    del told["texts"], told["missing"]
    for one in told["asked"]:
        one["has_default"] = bool(one["default"])
        one["is_secret"] = one["is_secret"] or bool(SOUNDS_SECRET.search(one["name"]))
        one["default"] = "" if one["is_secret"] else one["default"]
    for one in told["services"]:
        one["variables"] = sorted(one.pop("environment"))
    return told


def for_page(told: Mapping[str, Any]) -> dict[str, Any]:
    """As `shown` told it, in the order of the file, then of those that it includes, with the findings at their services;
    `of_file` are those of none."""

    def place(one: Mapping[str, Any]) -> tuple[bool, str, int]:
        return one["file"] != told["file"], one["file"], one["line"]

    findings = sorted(told["findings"], key=place)
    services = [
        {**one, "findings": [f for f in findings if f["service"] == one["name"]]}
        for one in sorted(told["services"], key=place)
    ]
    for one in services:
        one["is_refused"] = any(f["kind"] == "refused" for f in one["findings"])
    return {**told, "services": services, "of_file": [f for f in findings if not f["service"]]}
