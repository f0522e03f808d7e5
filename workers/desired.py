"""The desired state of one target, and what an agent reports back: the contract of the control and run planes.

Engine-neutral: nothing here is Docker's, so that another engine can render the same document. The published schema is
`docs/desired-state.schema.json`, written by `python -m workers.desired`.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
NO_ENVIRONMENT = "00000000-0000-0000-0000-000000000000"  # Said by nobody: from before environments were named here.
StepName = Literal["fetch", "analyze", "build", "release", "start", "health", "switch", "drain"]


def key_of(service: str, environment: str) -> str:
    """A service in an environment, by one word: the names of its routes and of what is remembered of it."""
    return service if environment == NO_ENVIRONMENT else f"{service}-{environment}"


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(Model):
    memory_bytes: int = Field(default=512 * 1024**2, ge=16 * 1024**2)
    cpus: float = Field(default=1.0, gt=0)
    pids: int = Field(default=512, ge=16)


class Process(Model):
    """One process type. `command`, `entrypoint` None and `user` "" mean the image's own, an empty `entrypoint` none; `port`
    None means that nothing is routed to it."""

    command: list[str] | None = None
    entrypoint: list[str] | None = None
    user: str = ""
    replicas: int = Field(default=1, ge=0, le=20)
    port: int | None = Field(default=None, ge=1, le=65535)
    limits: Limits = Limits()


class Health(Model):
    """`path` None means that a TCP connection is enough. `host` is sent as the Host header. With `command` nothing is asked
    from outside: it runs in the container, and is well when that exits with 0."""

    path: str | None = None
    command: list[str] | None = None
    host: str | None = None
    interval_seconds: float = Field(default=0.1, gt=0)
    timeout_seconds: float = Field(default=5.0, gt=0)
    deadline_seconds: float = Field(default=60.0, gt=0)


class Mount(Model):
    """A volume at an absolute path. It outlives every release."""

    volume: Id
    path: str


class Release(Model):
    """Immutable. `image` is an image id (`sha256:...`) of this host or a reference by digest (`name@sha256:...`), which
    is pulled where it is not there yet."""

    id: Id
    image: str
    processes: dict[str, Process]
    variables: dict[str, str] = {}
    secret_names: list[str] = []
    release_command: list[str] | None = None
    health: Health = Health()
    mounts: list[Mount] = []
    stop_seconds: float = 30.0


class Route(Model):
    host: str
    path: str = "/"


class Service(Model):
    """What should run of one service in one environment.

    `deployment` and `fence` name the attempt that wants it; they come back in every report about it. `rolling_out` false
    means that the release is live already and is only kept up, without step reports. Services with the same `project` share
    a network: for production its project's id, for other environments their own. There they reach it by its `names`.
    """

    id: Id
    project: Id
    environment: Id = NO_ENVIRONMENT
    names: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=63)]] = []
    deployment: Id
    fence: int
    rolling_out: bool
    release: Release
    routes: list[Route] = []
    drain_seconds: float = 30.0
    observation_seconds: float = 60.0

    @property
    def key(self) -> str:
        """Tells it from the same service in another environment."""
        return key_of(self.id, self.environment)


class Registry(Model):
    """A login for the registry that images of releases are pulled from."""

    host: str
    username: str
    password: str = Field(repr=False)


class Document(Model):
    """Everything that one host should run. Whatever carries our labels and is not in here is removed, volumes excepted."""

    schema_version: Literal[1] = 1
    target: Id
    generation: int
    services: list[Service] = []
    discarded_volumes: list[Id] = []
    registries: list[Registry] = []


class ErrorReport(Model):
    """A `workers.errors.SlipwayError` on the wire."""

    code: str
    message: str
    hint: str = ""
    retry: bool = False
    change: dict[str, str] = {}


class StepReport(Model):
    """A step of a rollout began or ended. `command` is what was done, as a person would type it."""

    kind: Literal["step"] = "step"
    deployment: Id
    fence: int
    step: StepName
    status: Literal["running", "succeeded", "failed", "skipped"]
    at: datetime
    command: str = ""
    error: ErrorReport | None = None


class ObservedReport(Model):
    """The observation window of a deployment ended: well (`error` None), or the new release failed in it."""

    kind: Literal["observed"] = "observed"
    deployment: Id
    fence: int
    at: datetime
    error: ErrorReport | None = None


class Instance(Model):
    """One container as it is now. `state` is the engine's word; `healthy` None while nothing is known yet."""

    name: str
    process: str
    release: Id
    state: str
    healthy: bool | None = None
    restarts: int = 0
    started_at: datetime | None = None
    exit_code: int | None = None
    cpu_percent: float | None = None
    memory_bytes: int | None = None
    network_rx_bytes: int | None = None
    network_tx_bytes: int | None = None


class InstancesReport(Model):
    """What runs of a service, at a moment. Sent on change and at least every 10 s."""

    kind: Literal["instances"] = "instances"
    service: Id
    environment: Id = NO_ENVIRONMENT
    at: datetime
    instances: list[Instance]


Report = Annotated[StepReport | ObservedReport | InstancesReport, Field(discriminator="kind")]


class Reports(Model):
    """`POST /api/agent/reports`: in the order in which they happened. `generation` is the newest document seen."""

    generation: int
    agent_version: str = ""
    reports: list[Report]


# Upper bounds, in seconds, of the ranges in which the edge counts answers; one more range is beyond the last.
LATENCY_BOUNDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0)

Count = Annotated[int, Field(ge=0, lt=2**53)]
Amount = Annotated[float, Field(ge=0, lt=2**53, allow_inf_nan=False)]


class Usage(Model):
    """What the containers of a service used: together, over `seconds`. `cpu_cores` is a mean; memory is as it is now."""

    seconds: Amount
    cpu_cores: Amount
    memory_bytes: Count
    received_bytes: Count
    sent_bytes: Count


class Traffic(Model):
    """What the edge answered for a service in `seconds`. `errors` are answers 5xx; `latency` counts by `LATENCY_BOUNDS`."""

    seconds: Amount
    requests: Count
    errors: Count
    latency: list[Count] = Field(min_length=len(LATENCY_BOUNDS) + 1, max_length=len(LATENCY_BOUNDS) + 1)


class Sample(Model):
    """A service since the sample before. None: not known, which is not zero. The limits are those of all its containers."""

    service: Id
    environment: Id = NO_ENVIRONMENT
    cpu_limit: Amount = 0.0
    memory_limit_bytes: Count = 0
    usage: Usage | None = None
    traffic: Traffic | None = None


class Tick(Model):
    """The samples of one moment, at most one a service."""

    at: datetime
    samples: list[Sample]


class MetricsReport(Model):
    """`POST /api/agent/metrics`: moments in order. One that was taken already is dropped, so sending again is harmless."""

    ticks: list[Tick]


class LogLine(Model):
    """`kind` gap is a marker in the stream's own place: `text` says what is missing."""

    at: datetime
    text: str
    kind: Literal["line", "gap"] = "line"
    level: Literal["out", "err"] = "out"


class LogBatch(Model):
    """Lines of one container in order. `cursor` orders batches of a container: one seen already is dropped.

    `stream` is the service whose runtime log it is; with `deployment` set the lines belong to that deployment's own
    log instead (the release command's output).
    """

    service: Id
    environment: Id = NO_ENVIRONMENT
    deployment: Id | None = None
    process: str
    container: str
    cursor: int
    lines: list[LogLine]


class LogBatches(Model):
    """`POST /api/agent/logs`."""

    batches: list[LogBatch]


if __name__ == "__main__":
    print(json.dumps(Document.model_json_schema(), indent=1, sort_keys=True))
