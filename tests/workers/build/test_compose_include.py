"""Compose files that include or extend others of the repository: whose paths, values and lines hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.build.compose.plan import ComposePlan
from workers.build.compose.read import read_compose
from workers.build.files import FolderFiles, MemoryFiles
from workers.errors import UserError

MAIN = """
include:
  - ../data/compose.yml
  - path: [mail/base.yml, mail/over.yml]
    project_directory: ..
    env_file: mail/mail.env
services:
  web:
    extends: {file: ../common/base.yml, service: app}
    environment: {HERE: "${LEVEL}"}
    depends_on: [db, mail]
"""
FILES = {
    "shop/compose.yml": MAIN,
    "shop/.env": "LEVEL=main\n",
    "common/base.yml": "services:\n  app:\n    build: ./app\n    env_file: app.env\n    extends: {service: least}\n"
    "    tty: true\n  least: {mem_limit: 64m, environment: {L: '${LEVEL}'}}\n",
    "common/app.env": "FROM_FILE=1\n",
    "data/compose.yml": "services:\n  db:\n    build: .\n    volumes: ['data:/data']\n"
    "    environment: {LEVEL: '${LEVEL}', PORT_OF_IT: '${PORT_OF_IT}'}\nvolumes: {data: {}}\nnetworks: {a: {}}\n",
    "data/.env": "LEVEL=weaker\nPORT_OF_IT=5\n",
    "shop/mail/base.yml": "services: {mail: {image: 'mail:${TAG}', build: {dockerfile: D}, ports: [80]}}",
    "shop/mail/over.yml": "services: {mail: {ports: [81], environment: [A=1]}}",
    "shop/mail/mail.env": "TAG=2\n",
}


def plan_of(changes: dict[str, str] | None = None, **values: str) -> ComposePlan:
    found = read_compose(MemoryFiles({**FILES, **(changes or {})}), values, folder="shop")
    assert found is not None
    return found


def test_each_file_has_paths_and_values_of_its_own() -> None:
    plan = plan_of()
    web, db, mail = (plan.named(name) for name in ("web", "db", "mail"))
    assert web and db and mail and [one.name for one in plan.made] == ["db", "mail", "web"]
    assert (web.context, web.memory_mb, web.environment) == (
        "common/app", 64, {"FROM_FILE": "1", "L": "main", "HERE": "main"}
    )  # fmt: skip
    assert (db.context, db.volumes, db.environment) == ("data", {"/data": "data"}, {"LEVEL": "main", "PORT_OF_IT": "5"})
    assert (mail.context, mail.dockerfile, mail.environment, mail.port) == ("", "D", {"A": "1"}, 80)
    assert [(one.file, one.line) for one in (web, db, mail)] == [
        ("compose.yml", 8), ("../data/compose.yml", 2), ("mail/over.yml", 1)
    ]  # fmt: skip
    assert {(one.service, one.key, one.file, one.line) for one in plan.findings} == {
        ("", "networks", "../data/compose.yml", 7),
        ("web", "tty", "../common/base.yml", 6),
        ("mail", "image", "mail/base.yml", 1),
        ("mail", "ports", "mail/over.yml", 1),
    }
    assert plan.files == [
        *("shop/compose.yml", "common/base.yml", "data/compose.yml"),
        *("shop/mail/base.yml", "shop/mail/over.yml"),
    ]
    assert read_compose(MemoryFiles(plan.texts), {}, folder="shop") == plan


def test_what_it_includes_is_refused_where_it_stands() -> None:
    plan = plan_of({"data/compose.yml": "services:\n  db:\n    image: x\n    privileged: true\n"})
    assert [(one.service, one.file, one.line) for one in plan.findings if one.kind == "refused"] == [
        ("db", "../data/compose.yml", 4)
    ]
    assert [one.name for one in plan.made] == ["mail", "web"]


@pytest.mark.parametrize(
    ("include", "files", "why"),
    [
        ("[../../etc/passwd]", {}, "line 1: '../../etc/passwd' is not a file"),
        ("[/etc/passwd]", {}, "line 1: '/etc/passwd' is not a file"),
        ("['https://example.com/a.yml']", {}, "is not a file of this repository"),
        ("['oci://example.com/a:1']", {}, "is not a file"),
        ("[gone.yml]", {}, "is not a file"),
        ("[compose.yml]", {}, "includes itself"),
        ("[a.yml]", {"shop/a.yml": "include: b.yml", "shop/b.yml": "include: a.yml"}, "b.yml, line 1: 'a.yml' includes"),
        ("[{path: a.yml, what: 1}]", {"shop/a.yml": ""}, "say path"),
        ("['${A_TOKEN}']", {"shop/hush": ""}, "line 1: a secret in it"),
        ("[a.yml]", {"shop/a.yml": "services: {w: {image: y}}"}, "a.yml has another 'w' in its services than compose.yml"),
        ("[a.yml]", {"shop/a.yml": "services: ["}, "a.yml, line 1"),
        ("[a.yml, a.yml]", {"shop/a.yml": "include: [b.yml, b.yml, b.yml, b.yml]",
                            "shop/b.yml": "include: [c.yml, c.yml, c.yml]", "shop/c.yml": ""}, "too large"),
        ("[a.yml, b.yml]", dict.fromkeys(("shop/a.yml", "shop/b.yml"), "x-a: [" + "a," * 15_000 + "]"), "too large"),
    ],
)  # fmt: skip
def test_it_says_what_it_cannot_include(include: str, files: dict[str, str], why: str) -> None:
    with pytest.raises(UserError) as caught:
        plan_of({"shop/compose.yml": f"include: {include}\nservices: {{w: {{image: x}}}}", **files}, A_TOKEN="hush")
    assert why in caught.value.message and "hush" not in caught.value.message


def test_the_same_twice_is_one() -> None:
    a = {f"shop/{name}.yml": "include: [../common/c.yml]\nvolumes: {v: {}}" for name in "ab"}
    text = "include: [a.yml, b.yml]\nvolumes: {v: {}}"
    plan = plan_of({"shop/compose.yml": text, **a, "common/c.yml": "services: {c: {image: x}}"})
    assert [one.name for one in plan.made] == ["c"]


def test_a_link_out_of_the_repository_is_none_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "hush.yml").write_text("services: {a: {image: x}}")
    top = tmp_path / "top"
    top.mkdir()
    (top / "link.yml").symlink_to(tmp_path / "hush.yml")
    (top / "compose.yml").write_text("services: {w: {extends: {file: link.yml, service: a}}, x: {image: x}}")
    plan = read_compose(FolderFiles(top), {})
    assert plan and [one.name for one in plan.made] == ["x"] and "link.yml" in plan.findings[0].why


def test_a_chain_of_extensions_ends() -> None:
    chain = "".join(f"  s{n}: {{extends: s{n + 1}}}\n" for n in range(2_000))
    text = "services: {w: {extends: {file: c.yml, service: s0}}, x: {image: x}}"
    plan = plan_of({"shop/compose.yml": text, "shop/c.yml": f"services:\n{chain}"})
    assert [one.name for one in plan.made] == ["x"] and "or too far" in plan.findings[0].why
    back = {"shop/c.yml": "services: {s0: {extends: {file: compose.yml, service: w}}}"}
    assert "circle" in plan_of({"shop/compose.yml": text, **back}).findings[0].why


def test_it_knows_which_service_needs_what_is_missing() -> None:
    text = "services: {a: {image: x, command: '${A:?}'}, b: {extends: {service: c}}, c: {image: z, user: '${B:?}'}}"
    plan = plan_of({"shop/compose.yml": text}, B="")
    assert [[one.name for one in plan.missing_of(name)] for name in "abcd"] == [["A"], ["B"], ["B"], []]
    assert plan_of({"shop/compose.yml": text}, A="1", B="2").missing == []
