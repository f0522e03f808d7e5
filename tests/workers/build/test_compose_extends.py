"""`extends` within one compose file: what is taken from the base, what is refused, and that it stays bounded."""

from __future__ import annotations

import pytest

from tests.workers.build.test_compose import plan_of
from workers.errors import UserError

BASE = """
services:
  base:
    image: base:1
    command: [base]
    environment: [A=base, B=base, TOKEN_OF_IT]
    ports: ["80:80"]
    volumes: ["data:/data", "more:/more"]
    depends_on: [db]
    healthcheck: {test: [CMD, check], interval: 40s}
    deploy: {replicas: 2, resources: {limits: {memory: 256m, cpus: "0.5"}}}
    profiles: [template]
  middle: {extends: base, environment: {B: middle}}
  web:
    extends: {service: middle, file: ./compose.yml}
    profiles: []
    command: [web]
    environment: {C: web}
    ports: ["81:81"]
    volumes: ["files:/data"]
    depends_on: {other: {condition: service_started}}
    healthcheck: {retries: 5}
    deploy: {resources: {limits: {memory: 512m}}}
  db: {image: db}
  other: {image: other}
volumes: {data: {}, more: {}, files: {}}
"""


def test_it_takes_what_its_base_says() -> None:
    plan = plan_of(BASE)
    assert [one.name for one in plan.made] == ["db", "other", "web"]
    web = plan.made[2]
    assert (web.image, web.command, web.port, web.replicas, web.memory_mb, web.cpus) == (
        "base:1", ["web"], 80, 2, 512, 0.5
    )  # fmt: skip
    assert web.environment == {"A": "base", "B": "middle", "C": "web"}
    assert web.volumes == {"/data": "files", "/more": "more"}
    assert (web.depends_on, web.health_command, web.health_seconds) == (["db", "other"], ["check"], 200)
    assert web.line == 14


def test_it_refuses_what_its_base_may_not() -> None:
    text = "services:\n  a:\n    image: x\n    privileged: true\n  b: {extends: {service: a}}\n  c: {image: y}\n"
    plan = plan_of(text)
    refused = [(one.service, one.key, one.line) for one in plan.findings if one.kind == "refused"]
    assert refused == [("a", "privileged", 4), ("b", "privileged", 4)]
    assert [one.name for one in plan.made] == ["c"]


@pytest.mark.parametrize(
    ("extends", "why"),
    [
        ("{service: x, file: other.yml}", "'other.yml' is not a file of this"),
        ("{file: ../compose.yml, service: a}", "is not a file of this repository"),
        ("nobody", "no service 'nobody'"),
        ("a", "circle"),
        ("b", "circle"),
        ("[a]", "no service ''"),
    ],
)
def test_it_refuses_what_it_cannot_follow(extends: str, why: str) -> None:
    plan = plan_of(f"services:\n  a:\n    image: x\n    extends: {extends}\n  b: {{extends: a}}\n  c: {{image: y}}\n")
    first = next(one for one in plan.findings if one.service == "a")
    assert (first.kind, first.key) == ("refused", "extends") and first.line in (4, 5) and why in first.why
    assert [one.name for one in plan.made] == ["c"]


def test_a_secret_stays_one() -> None:
    text = "services:\n  a: {image: x, environment: ['$API_TOKEN=1']}\n  b: {extends: a, environment: {X: '1'}}\n"
    plan = plan_of(text, API_TOKEN="hush")
    assert {one.service for one in plan.findings if one.kind == "refused"} == {"a", "b"}
    text = "services:\n  a: {image: x, environment: {X: '$API_TOKEN'}}\n  b: {extends: a, environment: [Y=1]}\n"
    b = plan_of(text, API_TOKEN="hush").services[1]
    assert (b.environment, b.secret_names) == ({"X": "hush", "Y": "1"}, ["X"])


def test_it_is_bounded() -> None:
    ports = ", ".join(["80"] * 2_000)
    chain = "".join(f"  s{n}: {{image: x, extends: s{n - 1}, ports: [{n}]}}\n" for n in range(1, 40))
    with pytest.raises(UserError) as caught:
        plan_of(f"services:\n  s0: {{image: x, ports: [{ports}]}}\n{chain}")
    assert caught.value.code == "compose:user:too-large"
