"""Values of other variables in the files of `env_file` and in `.env`: whose they are, who is asked, what becomes secret."""

from __future__ import annotations

import time

import pytest

from tests.workers.build.test_compose import plan_of
from workers.build.compose.values import Asked
from workers.errors import UserError

APP = "services: {a: {image: x, env_file: app.env}}"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("DSN=pg://${NAME}@${HOST:-db}/$NAME", "pg://bob@db/bob"),
        ('DSN="${NAME} there"', "bob there"),
        ("DSN='${NAME}'", "${NAME}"),
        ("export DSN = '$NAME'", "$NAME"),
        ("DSN=$$NAME \\$NAME $1 ${", "$$NAME \\$NAME $1 ${"),
        ("DSN=$$NAME \\$NAME $1 $", "$NAME $NAME $1 $"),
        ("DSN=${LATER}", ""),
    ],
)
def test_it_puts_values_of_the_lines_above_in(line: str, value: str) -> None:
    plan = plan_of(APP, {"app.env": f"NAME=bob\n{line}\n"})
    assert plan.services[0].environment == {"NAME": "bob", "DSN": value}
    assert "NAME" not in [one.name for one in plan.asked]


def test_what_is_told_or_beside_comes_first_and_the_files_before() -> None:
    text = "services: {a: {image: x, env_file: [one.env, {path: two.env}, {path: raw.env, format: raw}]}}"
    files = {".env": "B=beside\n", "one.env": "A=1\nB=1\nC=1\n", "two.env": "D=$A$B$C$E\n", "raw.env": "F=$A\n"}
    plan = plan_of(text, files, A="told")
    assert plan.services[0].environment == {"A": "1", "B": "1", "C": "1", "D": "toldbeside1", "F": "$A"}
    assert plan.asked == [Asked("E", "", False, 1, "two.env")], "what a file says is asked of nobody"


def test_a_name_with_a_secret_in_it_is_one() -> None:
    text = "services: {a: {image: x, env_file: app.env, environment: {OWN: '$URL'}}}"
    files = {".env": "PASSWORD=hush\nURL=http://u:$PASSWORD@x\n", "app.env": "\n\nDSN=${PASSWORD}\nPLAIN=1\n"}
    plan = plan_of(text, files)
    assert [one.secret_names for one in plan.services] == [["DSN", "OWN"]]
    assert plan.services[0].environment["OWN"] == "http://u:hush@x"
    assert {one.name: one.is_secret for one in plan.asked} == {"PASSWORD": False, "URL": True}
    assert plan.asked[-1] == Asked("PASSWORD", "hush", False, 3, "app.env")
    assert not plan_of("services: {a: {image: x, command: 'run $URL'}}", files).made


def test_an_example_asks_for_nothing_with_a_secret_in_it() -> None:
    example = "PASSWORD=change-me\nUSER=bob\nURL=http://${USER}:${PASSWORD}@x\nMAIL=${USER}@x\n"
    for text in (APP, "services: {a: {image: x, environment: ['U=$USER', 'M=$MAIL', 'L=$URL', 'P=$PASSWORD']}}"):
        plan = plan_of(text, {"app.env.example": example, ".env.example": example})
        assert {one.name: one.default for one in plan.asked} == {
            "PASSWORD": "", "USER": "bob", "URL": "", "MAIL": "bob@x",
        }  # fmt: skip
        assert "change-me" not in str(plan.services[0].environment)


def test_it_puts_no_more_in_than_a_file_may_keep() -> None:
    text = f"A={'x' * 60_000}\n" + "".join(f"B{at}=$A$A\n" for at in range(400))
    began = time.process_time()
    with pytest.raises(UserError, match="app.env, line .*: with its values the file is too large"):
        plan_of(APP, {"app.env": text})
    assert time.process_time() - began < 15
