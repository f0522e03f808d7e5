"""`secrets` and `configs` of a compose file: no file is put into a container, and what can be a variable becomes one."""

from __future__ import annotations

import pytest

from tests.workers.build.test_compose import plan_of
from workers.build.compose.values import Asked

TEXT = """
services:
  db:
    image: postgres:16
    environment: {POSTGRES_USER: u, POSTGRES_PASSWORD_FILE: /run/secrets/password, OTHER_FILE: /etc/x}
    secrets: [password]
  own:
    build: .
    environment: {KEY_FILE: /run/secrets/password}
    secrets: [{source: password, target: key}]
    configs: [settings]
secrets:
  password: SOURCE
configs:
  settings: {file: ./settings.ini}
"""


@pytest.mark.parametrize(
    ("source", "told", "files", "value", "missing"),
    [
        ("{file: ./password.txt}", {}, {"password.txt": "in the file\n"}, "in the file", []),
        ("{file: ./password.txt}", {}, {}, "", ["PASSWORD"]),
        ("{file: ./password.txt}", {"PASSWORD": "told"}, {}, "told", []),
        ("{file: ../password.txt}", {"POSTGRES_PASSWORD": "told"}, {}, "told", []),
        ("{environment: DB_PW}", {}, {}, "", ["DB_PW"]),
        ("{environment: DB_PW}", {"DB_PW": "told"}, {}, "told", []),
        ("{external: true}", {"POSTGRES_PASSWORD": "told"}, {}, "told", []),
    ],
)
def test_a_secret_of_an_image_becomes_its_variable(
    source: str, told: dict[str, str], files: dict[str, str], value: str, missing: list[str]
) -> None:
    plan = plan_of(TEXT.replace("SOURCE", source), files, **told)
    db, own = plan.services
    assert db.environment == {"POSTGRES_USER": "u", "OTHER_FILE": "/etc/x", "POSTGRES_PASSWORD": value}
    assert "POSTGRES_PASSWORD" in db.secret_names and [one.name for one in plan.missing] == missing
    assert own.environment == {"KEY_FILE": "/run/secrets/password"}, "what is built reads the file itself"
    listed = {(one.service, one.key, one.line) for one in plan.findings if one.key in ("secrets", "configs")}
    assert listed == {
        ("db", "secrets", 6), ("own", "secrets", 10), ("own", "configs", 11), ("", "secrets", 12), ("", "configs", 14)
    }  # fmt: skip
    assert value == "" or value not in str(plan.findings)
    assert [one.environment for one in plan_of(TEXT.replace("SOURCE", source), plan.texts, **told).services] == [
        db.environment, own.environment
    ]  # fmt: skip


def test_one_secret_is_asked_for_once() -> None:
    text = """
services:
  wordpress:
    image: wordpress
    environment: {WORDPRESS_DB_PASSWORD_FILE: /run/secrets/db-pin}
    secrets: [db-pin]
  db:
    image: mysql
    environment: {MYSQL_PASSWORD_FILE: /run/secrets/pin}
    secrets: [{source: db-pin, target: pin}]
secrets:
  db-pin: {file: pin.txt}
"""
    [asked] = plan_of(text).asked
    assert asked == Asked("DB_PIN", "", True, 12, "compose.yml", is_secret=True)
    plan = plan_of(text, DB_PIN="p")
    assert (plan.missing, [one.environment for one in plan.services]) == (
        [], [{"WORDPRESS_DB_PASSWORD": "p"}, {"MYSQL_PASSWORD": "p"}],
    )  # fmt: skip
