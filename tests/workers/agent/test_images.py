"""A host waits for an image without being given up on."""

from __future__ import annotations

from typing import Any

import pytest

from workers.agent import images
from workers.agent.reporter import Steps

ID = "5e1f0000-0000-4000-8000-000000000001"


class Reports(list[Any]):
    def add(self, report: Any) -> None:
        self.append(report)


def test_it_says_that_a_step_goes_on_while_an_image_comes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    checks, reports = list[int](), Reports()
    check = images.telling(lambda: checks.append(1), Steps(reports, ID, 1, quiet=False), "start")  # type: ignore[arg-type]
    check()
    assert (len(checks), len(reports)) == (1, 0)
    monkeypatch.setattr(images, "TELL_SECONDS", -1.0)
    check()
    assert [(one.step, one.status) for one in reports] == [("start", "running")] and len(checks) == 2
