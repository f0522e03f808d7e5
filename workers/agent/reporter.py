"""Sends reports in the order in which they happened, from a thread of its own, so that no rollout waits for it.

Not in charge of what is reported. Reports of instances are only worth their newest, so one per service is kept.
"""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime
from typing import Literal

from workers.agent.client import ControlPlane, NotStored
from workers.desired import ErrorReport, InstancesReport, ObservedReport, Reports, StepName, StepReport
from workers.errors import PlatformError, SlipwayError

AGENT_VERSION = "1"
BATCH = 100
KEPT = 5000  # Steps of about 500 deployments; the oldest go first when the control plane is away for that long.

Status = Literal["running", "succeeded", "failed", "skipped"]
AnyReport = StepReport | ObservedReport | InstancesReport


TRIES = 3  # Of a whole batch, before its reports are sent one by one.
BAD_TRIES = 3  # Of one report that fails while others are taken; then it is dropped.


class Reporter:
    def __init__(self, control: ControlPlane) -> None:
        self.generation = 0
        self._control = control
        self._waiting: list[AnyReport] = []
        self._wake = threading.Condition()
        self._stopping = False
        self._failures = 0  # Of whole batches, one after another.
        self._bad: dict[int, int] = {}  # Reports by `id` -> how often each failed while others were taken.
        self._thread = threading.Thread(target=self._run, name="reports", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, report: AnyReport) -> None:
        with self._wake:
            if isinstance(report, InstancesReport):
                self._waiting = [r for r in self._waiting if not _replaced_by(r, report)]
            self._waiting.append(report)
            del self._waiting[:-KEPT]
            self._wake.notify()

    def stop(self, seconds: float) -> None:
        """Give what waits a last chance."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(seconds)

    def _run(self) -> None:
        pause = 0.1
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._waiting or self._stopping)
                batch = self._waiting[:BATCH]
                if not batch:
                    return
            try:
                self._send(batch)
            except PlatformError as error:
                print(f"reports wait: {error.message}", file=sys.stderr, flush=True)
                with self._wake:
                    if self._stopping:
                        return
                    self._wake.wait_for(lambda: self._stopping, timeout=pause)
                pause = min(pause * 2, 5.0)
                continue
            pause = 0.1

    def _send(self, batch: list[AnyReport]) -> None:
        """What is refused or fails again and again is sent one by one: a bad report must not hold up the others."""
        if self._failures >= TRIES:
            self._send_one_by_one(batch)
            return
        try:
            taken = self._control.send("reports", self._body(batch))
        except NotStored:
            self._failures += 1
            raise
        self._failures = 0
        if taken == "refused" and len(batch) > 1:
            self._send_one_by_one(batch)
        else:
            self._drop(batch)

    def _send_one_by_one(self, batch: list[AnyReport]) -> None:
        """Raises the last failure. What stays is tried again, but not for ever when others are taken."""
        failed: dict[int, AnyReport] = {}
        last: NotStored | None = None
        taken = 0
        for report in batch:
            if any(_deployment(report) == _deployment(other) != "" for other in failed.values()):
                continue  # The order within a deployment is kept.
            try:
                self._control.send("reports", self._body([report]))
                self._drop([report])
                taken += 1
            except NotStored as error:
                failed[id(report)], last = report, error
        if last is None:
            self._failures = 0
            return
        if taken:
            self._give_up_on(failed)
        raise last

    def _give_up_on(self, failed: dict[int, AnyReport]) -> None:
        self._bad = {key: self._bad.get(key, 0) + 1 for key in failed}
        hopeless = [report for key, report in failed.items() if self._bad[key] >= BAD_TRIES]
        for report in hopeless:
            print(f"a report that is never stored is dropped: {report.kind}", file=sys.stderr, flush=True)
        self._drop(hopeless)

    def _drop(self, sent: list[AnyReport]) -> None:
        gone = {id(report) for report in sent}
        with self._wake:
            self._waiting = [report for report in self._waiting if id(report) not in gone]

    def _body(self, batch: list[AnyReport]) -> bytes:
        told = Reports(generation=self.generation, agent_version=AGENT_VERSION, reports=list(batch))
        return told.model_dump_json().encode()


class Steps:
    """The step reports of one attempt. With `quiet` (what is live is only kept up) nothing is said."""

    def __init__(self, reporter: Reporter, deployment: str, fence: int, *, quiet: bool) -> None:
        self._reporter = reporter
        self._deployment = deployment
        self._fence = fence
        self.quiet = quiet

    def running(self, step: StepName, command: str = "") -> None:
        self._say(step, "running", command)

    def succeeded(self, step: StepName) -> None:
        self._say(step, "succeeded")

    def skipped(self, step: StepName) -> None:
        self._say(step, "skipped")

    def failed(self, step: StepName, error: ErrorReport) -> None:
        self._say(step, "failed", error=error)

    def observed(self, error: ErrorReport | None) -> None:
        """Said even when quiet: it is the end of a window that was opened by a rollout."""
        self._reporter.add(
            ObservedReport(deployment=self._deployment, fence=self._fence, at=datetime.now(UTC), error=error)
        )

    def _say(self, step: StepName, status: Status, command: str = "", error: ErrorReport | None = None) -> None:
        if not self.quiet:
            self._reporter.add(
                StepReport(
                    deployment=self._deployment,
                    fence=self._fence,
                    step=step,
                    status=status,
                    at=datetime.now(UTC),
                    command=command,
                    error=error,
                )
            )


def on_the_wire(error: SlipwayError) -> ErrorReport:
    return ErrorReport(code=error.code, message=error.message, hint=error.hint, retry=error.retry, change=error.change)


def _deployment(report: AnyReport) -> str:
    return "" if isinstance(report, InstancesReport) else report.deployment


def _replaced_by(old: AnyReport, new: InstancesReport) -> bool:
    if not isinstance(old, InstancesReport):
        return False
    return (old.service, old.environment) == (new.service, new.environment)
