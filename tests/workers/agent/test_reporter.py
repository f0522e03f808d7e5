"""Reports that the control plane can not store must not hold up the others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.workers.agent.conftest import new_id
from tests.workers.agent.control import TOKEN, Control
from workers.agent.client import ControlPlane
from workers.agent.reporter import Reporter, Steps
from workers.desired import InstancesReport


class Breaking(Control):
    """Answers 500 to whatever holds a report of `bad`, as one does that fails at it."""

    bad = ""

    def take_reports(self, body: bytes) -> int:
        return 500 if self.bad and self.bad.encode() in body else super().take_reports(body)


@pytest.fixture
def control() -> Iterator[Breaking]:
    control = Breaking()
    yield control
    control.close()


@pytest.fixture
def reporter(control: Breaking) -> Iterator[Reporter]:
    reporter = Reporter(ControlPlane(control.url, TOKEN))
    yield reporter
    reporter.stop(1)


def test_it_sends_the_others_of_a_batch_that_fails_again_and_again(control: Breaking, reporter: Reporter) -> None:
    control.bad, good = new_id(), new_id()
    Steps(reporter, control.bad, 1, quiet=False).running("start")
    Steps(reporter, good, 1, quiet=False).running("start")
    Steps(reporter, good, 1, quiet=False).succeeded("start")
    reporter.start()
    control.wait(lambda: control.steps(good) == ["start:running", "start:succeeded"])
    control.bad = ""
    control.wait(lambda: len(control.steps()) == 3)


def test_it_drops_what_is_never_stored(
    control: Breaking, reporter: Reporter, capsys: pytest.CaptureFixture[str]
) -> None:
    control.bad = new_id()
    Steps(reporter, control.bad, 1, quiet=False).running("start")
    reporter.start()
    for _ in range(4):
        control.reports.clear()
        reporter.add(InstancesReport(service=new_id(), at=datetime.now(UTC), instances=[]))
        control.wait(lambda: control.reports)
    control.wait(lambda: not reporter._waiting)
    assert "never stored is dropped: step" in capsys.readouterr().err


def test_it_keeps_the_newest_of_each_environment(control: Breaking, reporter: Reporter) -> None:
    service, environments = new_id(), [new_id(), new_id()]
    for environment in [*environments, environments[0]]:
        reporter.add(InstancesReport(service=service, environment=environment, at=datetime.now(UTC), instances=[]))
    reporter.start()
    control.wait(lambda: len(control.reports) == 2)
    assert {r["environment"] for r in control.reports} == set(environments)
