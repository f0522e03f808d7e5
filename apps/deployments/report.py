"""How a job's words and steps reach the database: lines in small batches, steps as rows, everything fenced and redacted."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from apps.deployments import logs
from apps.deployments.lease import Heartbeat
from apps.deployments.models import Deployment, DeploymentStep, LogStream
from apps.deployments.states import StepStatus
from apps.deployments.step_rows import begin_step, end_step
from workers.build.command_text import readable
from workers.errors import SlipwayError, Stopped
from workers.redact import Redactor

FLUSH_SECONDS = 0.02
BATCH_LINES = 1000


class DatabaseReport:
    """`workers.build.job.Report` for one attempt. Lines are written by a thread of its own, in order."""

    def __init__(self, deployment: Deployment, heartbeat: Heartbeat, redactor: Redactor) -> None:
        self.deployment = deployment
        self.heartbeat = heartbeat
        self.redactor = redactor
        self.source = "build"
        self._waiting: list[logs.Line] = []
        self._lock = threading.Condition()
        self._closed = False
        self._writer = threading.Thread(target=self._write, name=f"log-{deployment.short_id}", daemon=True)
        self._writer.start()

    def line(self, text: str, *, level: str = "out", kind: str = "line") -> None:
        self._put(logs.Line(self.redactor.redact(text), timezone.now().isoformat(), self.source, level, kind))

    def command(self, argv: Sequence[str]) -> None:
        """Whole with its step, and as people read it in the log."""
        step = DeploymentStep.objects.filter(
            deployment=self.deployment, name=self.deployment.step, attempt=self.deployment.attempt
        )
        step.filter(command="").update(command=self.redactor.redact(shlex.join(argv)))
        self.line(readable(argv), kind="command")

    def hide(self, secret: str) -> None:
        """From here on it is in no line."""
        self.redactor = self.redactor.with_more(secret)

    def check(self) -> None:
        self.heartbeat.check()

    @contextmanager
    def step(self, name: str) -> Iterator[DeploymentStep]:
        """Record a step's begin and end. Its failure is recorded with the error's code and goes on upwards."""
        self.check()
        row = begin_step(self.deployment, name)
        self.source = name
        try:
            yield row
        except SlipwayError as error:
            end_step(row, StepStatus.FAILED, detail=self.redactor.redact(error.message), code=error.code)
            raise
        except Stopped as stop:
            end_step(row, StepStatus.STOPPED, detail=stop.reason)
            raise
        except Exception as error:
            end_step(row, StepStatus.FAILED, detail=type(error).__name__, code="deploy:platform:bug")
            raise
        end_step(row, row.status if row.status != StepStatus.RUNNING else StepStatus.SUCCEEDED, detail=row.detail)

    def close(self) -> None:
        """Every line is in the database when this returns."""
        with self._lock:
            self._closed = True
            self._lock.notify_all()
        self._writer.join()

    def _put(self, line: logs.Line) -> None:
        with self._lock:
            # A flood waits for the database rather than growing in memory.
            self._lock.wait_for(lambda: len(self._waiting) < 20 * BATCH_LINES or self._closed, timeout=30)
            self._waiting.append(line)
            self._lock.notify_all()

    def _write(self) -> None:
        try:
            while True:
                with self._lock:
                    self._lock.wait_for(lambda: bool(self._waiting) or self._closed)
                    if not self._waiting:
                        return
                    if not self._closed:
                        self._lock.wait(FLUSH_SECONDS)
                    batch, self._waiting = self._waiting[:BATCH_LINES], self._waiting[BATCH_LINES:]
                    self._lock.notify_all()
                self._append(batch)
        finally:
            connection.close()

    def _append(self, batch: list[logs.Line]) -> None:
        """Through a restart of the database: try again until it is back or the attempt is lost."""
        while True:
            try:
                logs.append(self.deployment.log, batch)
                return
            except (LogStream.DoesNotExist, Deployment.DoesNotExist):
                return  # The service was deleted meanwhile.
            except (OperationalError, InterfaceError):
                connection.close()
                if self.heartbeat.reason:
                    raise
                threading.Event().wait(0.5)
