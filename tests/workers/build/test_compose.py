"""What compose files become: the whole plan, each refused key with its line, values, files that mean harm."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workers.build.compose.keys import FOLLOWED, REFUSED
from workers.build.compose.plan import ComposePlan, ComposeService, Finding
from workers.build.compose.read import NAMES, read_compose
from workers.build.compose.values import Asked
from workers.build.files import MemoryFiles
from workers.errors import UserError

SHOP = """
name: shop
x-env: &env
  GREETING: ${GREETING:-hello}
services:
  web:
    build: {context: ./web, dockerfile: Dockerfile.prod, args: {A: b}, target: app}
    ports: ["8080:8000", "9000:9000"]
    env_file: [web.env, local.env]
    environment:
      <<: *env
      DATABASE_URL: postgres://u:${DB_PASSWORD:?tell it}@db/shop
    depends_on:
      db: {condition: service_healthy}
    healthcheck:
      test: curl -f http://localhost:8000/up || exit 1
    deploy: {replicas: 2, resources: {limits: {memory: 256m, cpus: "0.5"}}}
    labels: {a: b}
  db:
    image: postgres:16
    user: postgres
    command: postgres -c "shared_buffers=64MB"
    expose: [5432]
    volumes: ["data:/var/lib/postgresql/data"]
    healthcheck: {test: ["CMD-SHELL", "pg_isready -U $$POSTGRES_USER"], start_period: 1m30s}
  mail:
    image: mailhog/mailhog
    profiles: [dev]
volumes:
  data:
"""


def plan_of(text: str, files: dict[str, str] | None = None, **values: str) -> ComposePlan:
    found = read_compose(MemoryFiles({"compose.yml": text, **(files or {})}), values)
    assert found is not None
    return found


def service(body: str, **values: str) -> tuple[ComposeService, list[Finding]]:
    """The one service `a` of a file; its body begins in line 3."""
    text = "services:\n  a:\n" + "".join(f"    {line}\n" for line in body.splitlines())
    plan = plan_of(text, **values)
    return plan.services[0], plan.findings


def ignored(service: str, key: str, line: int, why: str, *, file: str = "compose.yml") -> Finding:
    return Finding("ignored", service, key, file, line, why)


def test_it_becomes_services_in_the_order_in_which_they_start() -> None:
    plan = plan_of(SHOP, {"web.env": "A='one'\nGREETING=weaker\n", "compose.override.yml": "x"}, DB_PASSWORD="p")
    assert replace(plan, texts={}) == ComposePlan(
        file="compose.yml",
        folder="",
        name="shop",
        services=[
            ComposeService(
                "db", 19, "compose.yml", image="postgres:16", user="postgres",
                command=["postgres", "-c", "shared_buffers=64MB"],
                port=5432, volumes={"/var/lib/postgresql/data": "data"}, health_seconds=180.0,
                health_command=["/bin/sh", "-c", "pg_isready -U $POSTGRES_USER"],
            ),
            ComposeService("mail", 26, "compose.yml", image="mailhog/mailhog", is_made=False),
            ComposeService(
                "web", 6, "compose.yml", context="web", dockerfile="Dockerfile.prod", build_args={"A": "b"}, target="app",
                port=8000,
                is_public=True, depends_on=["db"],
                environment={"A": "one", "GREETING": "hello", "DATABASE_URL": "postgres://u:p@db/shop"},
                secret_names=["DATABASE_URL"], health_path="/up", health_seconds=90.0, replicas=2, memory_mb=256, cpus=0.5,
            ),
        ],
        findings=[
            ignored("", "file", 1, "It is for working on the code, and is not read.", file="compose.override.yml"),
            ignored("web", "labels", 18, "Logs, labels and names of containers are Slipway's own."),
            ignored("web", "ports", 8, "Its address leads to port 8000; its siblings reach 9000 too."),
            ignored("web", "env_file", 9, "local.env is not in the repository: set what it holds as variables."),
            ignored("mail", "profiles", 28, "It is for a profile only, so it is not made. Take the key out for that."),
        ],
        asked=[Asked("GREETING", "hello", False, 4, "compose.yml"), Asked("DB_PASSWORD", "", True, 12, "compose.yml")],
        missing=[],
        files=["compose.yml"],
    )  # fmt: skip
    assert [one.name for one in plan.made] == ["db", "web"]
    assert set(plan.texts) == {"compose.yml", "web.env"}


def test_it_takes_the_first_of_the_names() -> None:
    files = {name: f"services: {{a: {{image: {name.replace('.', '-')}}}}}" for name in NAMES}
    while files:
        found = read_compose(MemoryFiles(files), {})
        assert found is not None and found.file == next(iter(files))
        del files[found.file]
    assert read_compose(MemoryFiles({"README": ""}), {}) is None


WRONG = {
    "privileged": "true", "network_mode": "host", "pid": "host", "ipc": "host", "devices": "[/dev/kvm]",
    "cap_add": "[SYS_ADMIN]", "security_opt": "[seccomp:unconfined]", "cgroup": "host", "oom_kill_disable": "true",
}  # fmt: skip


@pytest.mark.parametrize("key", REFUSED)
def test_it_refuses_what_leaves_the_container(key: str) -> None:
    found, findings = service(f"image: x\n{key}: {WRONG.get(key, '[a]')}")
    assert not found.is_made
    assert [(one.kind, one.service, one.key, one.line) for one in findings] == [("refused", "a", key, 4)]
    assert findings[0].why == REFUSED[key][1]


@pytest.mark.parametrize(
    "body",
    [
        "image: x\nvolumes: ['./a:/a']",
        "image: x\nvolumes: ['/a:/a']",
        "image: x\nvolumes: ['~/a:/a']",
        "image: x\nvolumes: ['/var/run/docker.sock:/x']",
        "image: x\nvolumes: [{type: bind, source: a, target: /a}]",
        "image: x\nvolumes: ['${DATA:-/srv}:/a']",
        "image: x\nvolumes: ['a:../x']",
        "image: x\nvolumes: ['a:/']",
        "image: x\nvolumes: ['a:/b', 'a:/c']",
        "image: x\nvolumes: ['${DATA}:/var/lib/data']",
        "image: x\nvolumes: [{type: volume, source: '${DATA}', target: /a}]",
        "image: x\ndeploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}",
        "image: x\nuser: '0;id'",
        "image: x\ncommand: run ${PASSWORD}",
        "image: x\nentrypoint: 'a \" b'",
        "image: X!",
        "x-y: 1\nbuild: ../elsewhere",
        "x-y: 1\nbuild: https://git.example/x.git",
        "x-y: 1\nbuild: {dockerfile: ../Dockerfile}",
        "x-y: 1\nbuild: {dockerfile_inline: FROM x}",
        "x-y: 1\nbuild: {args: ['A=${PASSWORD}']}",
        "x-y: 1\nbuild: {target: --x}",
        "x-y: 1\nbuild: {args: {No_Proxy: '*'}}",
        "x-y: 1\nbuild: {args: [https_proxy=x]}",
        "x-y: 1\nbuild: {args: [BUILDKIT_SYNTAX=x]}",
    ],
)  # fmt: skip
def test_it_refuses_by_value_too(body: str) -> None:
    found, findings = service(body, PASSWORD="p")
    refused = [one for one in findings if one.kind == "refused"]
    assert not found.is_made and len(refused) == 1
    assert refused[0].line == (3 if body == "image: X!" else 4)


SHELL = "Let a shell put it in, as "


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("command: run ${DB_PASSWORD}", SHELL),
        ("entrypoint: [run, '${DB_PASSWORD}']", SHELL),
        ("healthcheck: {test: [CMD, ping, '${DB_PASSWORD}']}", SHELL),
        ("healthcheck: {test: [CMD-SHELL, 'ping ${DB_PASSWORD}']}", "Write $$NAME there, "),
        ("healthcheck: {test: 'ping ${DB_PASSWORD}'}", "Write $$NAME there, "),
        ("user: '${DB_PASSWORD}'", "If it is no secret, write it there as it is, "),
    ],
)
def test_it_says_how_a_secret_is_given_unseen(body: str, why: str) -> None:
    _, [said] = service(f"image: x\n{body}", DB_PASSWORD="p")
    assert said.kind == "refused" and said.why.startswith(f"A secret in it could be read by everybody. {why}")


@pytest.mark.parametrize(
    "name", ["KEY", "API_KEY", "APIKEY", "KEY_FILE", "APP_KEYS", "TS_AUTHKEY", "KEYID", "KEY2", "s3Key"]
)
def test_it_takes_a_key_for_a_secret(name: str) -> None:
    assert service(f"image: x\nenvironment: {{{name}: a}}")[0].secret_names == [name]


@pytest.mark.parametrize("name", ["KEYCLOAK_HOSTNAME", "KEYBOARD", "MONKEY"])
def test_it_takes_what_only_begins_or_ends_so_for_none(name: str) -> None:
    found, _ = service(f"image: x\ncommand: start --at=${{{name}}}", **{name: "here"})
    assert found.command == ["start", "--at=here"]


@pytest.mark.parametrize(
    ("told", "kept"),
    [("", None), ("entrypoint:", None), ("entrypoint: ''", []), ("entrypoint: []", []), ("entrypoint: run", ["run"])],
)
def test_an_empty_entrypoint_takes_the_images_away(told: str, kept: list[str] | None) -> None:
    found, _ = service(f"image: x\ncommand: []\n{told}")
    assert (found.entrypoint, found.command) == (kept, None)


def test_a_volume_without_a_name_goes_with_its_release() -> None:
    for text in ("/data", "{type: volume, target: /data}", "{type: tmpfs, source: '', target: /data}"):
        found, [said] = service(f"image: x\nvolumes: [{text}]")
        assert found.is_made and said.kind == "ignored"


def test_it_refuses_one_that_runs_once_and_shared_disks() -> None:
    plan = plan_of(
        "services:\n"
        "  web: {image: a, depends_on: {job: {condition: service_completed_successfully}}, volumes: ['d:/d']}\n"
        "  job: {image: a}\n"
        "  two: {image: a, volumes: ['d:/e']}\n"
        "  own: {image: a, volumes: ['e:/e']}\n"
        "volumes: {e: {driver_opts: {type: none, o: bind, device: /etc}}}\n"
    )
    assert [one.name for one in plan.made] == ["web"]
    told = {one.service: one.why for one in plan.findings if one.kind == "refused"}
    assert told["job"].startswith("compose.yml, line 2 waits for its end")
    assert told["two"].startswith("The volume d is one of web already")
    assert told["own"].startswith("compose.yml, line 6 gives it a driver")


def test_it_hands_variables_on_and_names_those_without_a_value() -> None:
    found, [said] = service("image: x\nenvironment: [A, B, C=1]", A="one")
    assert found.environment == {"A": "one", "C": "1"}
    assert (said.line, said.why) == (4, "B: without a value here. Set it once the service is made.")


def test_it_asks_for_what_an_example_names() -> None:
    text = "services: {a: {image: x, env_file: .env, environment: {C: '${C}', D: '${B_TOKEN-d}'}}}"
    plan = plan_of(text, {".env.example": "A=1\nB_TOKEN=change-me\nC=3\n"})
    assert plan.services[0].environment == {"A": "1", "C": "3", "D": "d"}
    assert plan.asked == [
        Asked(name, usual, False, 1, "compose.yml") for name, usual in (("C", "3"), ("B_TOKEN", "d"), ("A", "1"))
    ]
    assert plan.findings[0].why == ".env is not in the repository: what .env.example names is asked for."
    again = plan_of("", plan.texts, A="2", B_TOKEN="t").services[0]
    assert (again.environment, again.secret_names) == (
        {"A": "2", "B_TOKEN": "t", "C": "3", "D": "t"}, ["B_TOKEN", "D"],
    )  # fmt: skip


def test_it_takes_a_default_for_no_secret() -> None:
    body = "image: x\ncommand: run --requirepass ${REDIS_AUTH:-mine}"
    assert service(body)[0].command == ["run", "--requirepass", "mine"]
    assert not service(body, REDIS_AUTH="told")[0].is_made


def test_it_runs_well_known_images_as_the_user_that_they_change_to() -> None:
    found, [said] = service("image: docker.io/library/postgres:16")
    assert (found.user, said.kind, said.line) == ("postgres", "ignored", 3)
    assert service("image: redis\nuser: '7'")[0].user == "7"
    assert service("image: acme/postgres")[0].user == ""


def test_its_page_of_the_docs_names_every_key() -> None:
    text = (Path(__file__).parents[3] / "docs" / "compose.md").read_text()
    assert [key for key in (*FOLLOWED, *REFUSED, *NAMES) if f"`{key}`" not in text] == []


def test_it_cuts_a_circle() -> None:
    plan = plan_of("services:\n  a: {image: a, depends_on: [b]}\n  b: {image: b, depends_on: [a, gone]}\n")
    assert {one.name: one.depends_on for one in plan.services} == {"a": [], "b": ["a"]}
    assert [(one.service, one.key) for one in plan.findings] == [("a", "depends_on"), ("b", "depends_on")]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("ports: ['80']", (80, True)),
        ("ports: ['127.0.0.1:5000:80/tcp']", (80, False)),
        ("ports: [{target: 80, published: '90'}]", (80, True)),
        ("ports: ['8000-8010:9000-9010']", (9000, True)),
        ("ports: ['53:53/udp']\nexpose: ['70000', 7]", (7, False)),
        ("ports: ['x']", (None, False)),
        ("command: x", (None, False)),
    ],
)
def test_it_knows_where_it_listens_and_for_whom(body: str, told: tuple[int | None, bool]) -> None:
    found, _ = service(f"image: x\n{body}")
    assert (found.port, found.is_public) == told


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ('["CMD", "curl", "-f", "http://localhost/up?a=1"]', {"health_path": "/up?a=1"}),
        ("wget -qO- http://127.0.0.1:80 || exit 1", {"health_path": "/"}),
        ('["CMD", "curl", "-fsSLo", "/dev/null", "-m5", "--retry", "3", "http://localhost/up"]', {"health_path": "/up"}),
        ('["CMD", "/bin/wget", "--spider", "--tries=1", "-nv", "-T", "5", "-O-", "http://[::1]/"]', {"health_path": "/"}),
        *(
            (f'["CMD-SHELL", "{line}"]', {"health_command": ["/bin/sh", "-c", line]})
            for line in (
                "curl http://localhost/ || exit 1", "curl -s --retry 3 http://localhost/",
                "curl -f -u a:b http://localhost/up", "curl -f -X POST -d '{}' http://localhost/rpc",
                "wget --header='Host: x.example.com' http://127.0.0.1/up", "curl -fo up.txt http://localhost/",
                "wget -qO- --post-data=a http://localhost/", "curl -f http://localhost/;true", "curl -fIs http://localhost/",
            )
        ),
        ('["CMD-SHELL", "curl http://localhost:81/up"]', {"health_command": ["/bin/sh", "-c", "curl http://localhost:81/up"]}),
        ("curl localhost | grep ok", {"health_command": ["/bin/sh", "-c", "curl localhost | grep ok"]}),
        ('["CMD", "redis-cli", "ping"]', {"health_command": ["redis-cli", "ping"]}),
        ('["NONE"]', {}),
    ],
)  # fmt: skip
def test_it_asks_by_a_path_or_by_a_command(test: str, told: dict[str, Any]) -> None:
    found, _ = service(f"image: x\nports: [80]\nhealthcheck:\n  test: {test}")
    assert {"health_path": "", "health_command": None, **told} == {
        "health_path": found.health_path, "health_command": found.health_command
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "put"),
    [
        ("$A ${A} $$A", "one one $A"),
        ("${E:-x}|${E-x}|${N:-y}|${N-}", "x||y|"),
        ("${N:-${A}-${N:-z}}", "one-z"),
        ("${A:+yes}${N+no}", "yes"),
        ("[ $(ping) ] (.*)$ pa$1word $", "[ $(ping) ] (.*)$ pa$1word $"),
    ],
)
def test_it_puts_values_in(text: str, put: str) -> None:
    found, _ = service(f"image: x\nenvironment: {{T: '{text}'}}", A="one", E="")
    assert found.environment == {"T": put}


@pytest.mark.parametrize("text", ["${", "${1}", "${A", "${A:b}", "${A:-" * 20 + "}" * 20])
def test_it_says_where_a_value_is_written_wrongly(text: str) -> None:
    with pytest.raises(UserError, match="compose.yml, line 4"):
        service(f"image: x\nenvironment: {{T: '{text}'}}")


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + at)}: &{chr(98 + at)} [{','.join(['*' + chr(97 + at)] * 9)}]\n" for at in range(9)
)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "services:", "services: []", "services: {a: 1}", "services: {a: [x]}", "services: {a: null}",
        "a: b: c", "\t", "? [a]\n: b", "services: {a: {image: x}}\n---\na: b", "\x00", "{" * 90_000,
        "[" * 90_000, "- " * 45_000, "? " * 45_000,
        "services: !!python/object/apply:os.system [id]", "services: &s {a: *s}", BOMB, "x" * 200_000,
        "include: [a]", "include: [[a]]", "include: {path: 1, env_file: {a: b}}",
        "include: [{path: compose.yml}]", "services: {a: {extends: {file: [a]}}}",
        "services: {a: &a {build: *a, image: [*a]}}",
        "services: {a: {image: x, ports: {a: b}, volumes: 1, environment: x, depends_on: 1, healthcheck: [], deploy: x}}",
        "services: {a: {image: [x], build: [], command: {}, env_file: {path: ../../etc/passwd}, profiles: {}, user: []}}",
        "services: {a: {image: x, env_file: /etc/passwd, healthcheck: {test: {}, retries: -1, interval: xyz}, cpus: nan}}",
        "services: {a: {image: x, mem_limit: 9999999999999999t, scale: 1e9, expose: [[], {}, -1], depends_on: [a, [b]]}}",
        'services: {a: {image: x, command: ["\\0"], user: "\\ud800"}}', 'services: {"\\0": {image: x}}',
        "services: {a: {image: x, build: {context: \"\\0\", dockerfile: \"\\0\"}}}",
        "services: {a: {image: x, environment: ['', '=', 'A', '1=2'], volumes: ['', ':', '::', [a]]}}",
        "services: {" + ", ".join(f"a{at}: {{image: x}}" for at in range(60)) + "}",
        "services: {a: {image: '" + "${A:-" * 18_000 + "'}}",
        "services: {a: {image: x, command: '" + "\" " * 49_000 + "'}}",
        "services: {a: {image: x, healthcheck: {test: 'curl " + "http://localhost/" * 5_000 + "'}}}",
        "services: {a: {image: x, ports: [80], healthcheck: {test: 'curl " + "-ffff " * 15_000 + "-x'}}}",
        "services: {a: {image: x, ports: [80], healthcheck: {test: 'curl -" + "f" * 90_000 + "x'}}}",
        "services: {a: {image: x, ports: ['" + "1" * 90_000 + "']}}",
        "a: &a " + "{b: " * 20 + "1" + "}" * 20 + "\nservices: {" + "<<: *a, " * 4_000 + "}",
    ],
    ids=lambda text: text[:40],
)  # fmt: skip
def test_it_takes_nonsense_for_what_it_is(text: str) -> None:
    began = time.process_time()
    try:
        plan_of(text)
    except UserError as error:
        assert error.message and error.hint and error.code.startswith("compose:user:")
    assert time.process_time() - began < 15
