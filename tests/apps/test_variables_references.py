"""What `${{service.NAME}}` leads to, and what a pasted file says: pure."""

from __future__ import annotations

import time

import pytest

from apps.lib.dotenv import VALUE_LENGTH, looks_pasted, parse_variables, read_variables
from apps.projects.references import DEEPEST, Given, Resolver, references_in
from workers.errors import UserError


def resolver(**services: dict[str, str]) -> Resolver:
    given = {slug: {name: Given(value) for name, value in values.items()} for slug, values in services.items()}
    given.setdefault("db", {})["PASSWORD"] = Given("p4ss", is_secret=True)
    return Resolver(given, {slug: {"URL": f"https://{slug}.example", "HOST": f"{slug}.example"} for slug in given})


def refused(found: Resolver, name: str = "A") -> UserError:
    with pytest.raises(UserError) as caught:
        found.resolve("web", name)
    return caught.value


@pytest.mark.parametrize(
    ("value", "comes_to"),
    [
        ("plain", "plain"),
        ("${{db.USER}}", "app"),
        ("postgres://${{ db.USER }}:x@${{db.HOST}}/${{db.USER}}", "postgres://app:x@db.example/app"),
        ("${{web.OWN}}", "mine"),
        ("${{api.URL}}", "their own"),
        ("${{db.URL}}", "https://db.example"),
        ("${{db.DEEP}}", "mine"),
        ("$${{db.USER}} and ${HOME} and {{ x }} and ${x}", "${{db.USER}} and ${HOME} and {{ x }} and ${x}"),
        ("cost: $${{", "cost: ${{"),
    ],
)
def test_it_follows_references(value: str, comes_to: str) -> None:
    found = resolver(
        web={"A": value, "OWN": "mine"}, db={"USER": "app", "DEEP": "${{web.OWN}}"}, api={"URL": "their own"}
    ).resolve("web", "A")
    assert (found.value, found.is_secret) == (comes_to, False)


def test_it_makes_secret_what_refers_to_a_secret_however_far() -> None:
    found = resolver(web={"A": "x${{web.B}}", "B": "${{db.PASSWORD}}"})
    assert [found.resolve("web", name).is_secret for name in "AB"] == [True, True]
    assert found.resolve("web", "A").refers_to == ("web.B",)
    assert "p4ss" not in repr(found.resolve("web", "A"))


@pytest.mark.parametrize(
    ("value", "code", "said"),
    [
        ("${{nope.X}}", "variables:user:reference-unknown", "A refers to nope.X, but there is no service nope."),
        ("${{db.X}}", "variables:user:reference-unknown", "A refers to db.X, but db has no X."),
        ("${{db.X", "variables:user:reference-syntax", "A holds ${{ that is not a reference."),
        ("${{s3cr3t}}", "variables:user:reference-syntax", "A holds ${{ that is not a reference."),
        ("${{}}", "variables:user:reference-syntax", "A holds ${{ that is not a reference."),
        ("${{web.A}}", "variables:user:reference-cycle", "A leads round in a circle: web.A -> web.A."),
        ("${{web.B}}", "variables:user:reference-cycle", "A leads round in a circle: web.A -> web.B -> web.A."),
    ],
)
def test_it_says_what_leads_nowhere(value: str, code: str, said: str) -> None:
    error = refused(resolver(web={"A": value, "B": "${{web.A}}"}))
    assert (error.code, error.message) == (code, said)
    assert error.hint and "s3cr3t" not in error.hint + error.message


def test_it_names_what_there_is() -> None:
    assert refused(resolver(web={"A": "${{db.X}}"})).hint == "It has HOST, PASSWORD, URL."


def test_it_bounds_how_far_and_how_large_a_reference_grows() -> None:
    chain = {f"N{n}": f"${{{{web.N{n + 1}}}}}" for n in range(400)} | {"N400": "end", "A": "${{web.N0}}"}
    assert refused(resolver(web=chain)).code == "variables:user:reference-depth"
    assert resolver(web=chain).resolve("web", f"N{400 - DEEPEST}").value == "end"
    found = resolver(web=chain)
    for n in range(400, -1, -1):  # What was found before must not make a longer way legal.
        if n >= 400 - DEEPEST:
            assert found.resolve("web", f"N{n}").value == "end"
    assert refused(found, f"N{399 - DEEPEST}").code == "variables:user:reference-depth"
    laughs = {f"L{n}": f"${{{{web.L{n + 1}}}}}" * 10 for n in range(12)} | {"L12": "ha", "A": "${{web.L0}}"}
    assert refused(resolver(web=laughs)).code == "variables:user:invalid-value"


def test_it_finds_the_references_of_a_value() -> None:
    assert references_in("${{db.A}} $${{db.B}} ${{ db.C }} ${{db.A}} ${{no}}") == ["db.A", "db.C"]


PASTED = """\
# comment
export GREETING="good day"

PEM='-----BEGIN
x
-----END'
1BAD=x
no pair at all
LAST=1
"""


def test_it_reads_all_lines_and_numbers_the_wrong_ones() -> None:
    found = read_variables(PASTED)
    assert found.values == {"GREETING": "good day", "PEM": "-----BEGIN\nx\n-----END", "LAST": "1"}
    assert found.lines == {"GREETING": 2, "PEM": 4, "LAST": 9}
    assert [wrong.line for wrong in found.wrong] == [7, 8]
    with pytest.raises(UserError, match="Line 7 is not NAME=value"):
        parse_variables(PASTED)


def test_it_reads_json_and_numbers_the_wrong_members() -> None:
    found = read_variables('{\n "A": "x",\n "N": 5,\n "T": true,\n "bad name": "y",\n "O": {}\n}')
    assert found.values == {"A": "x", "N": "5", "T": "true"}
    assert [wrong.line for wrong in found.wrong] == [5, 6]
    assert [wrong.line for wrong in read_variables('{\n "A": 1,\n oops').wrong] == [3]
    assert read_variables("{" * 100_000).wrong


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("A=" + "x" * (VALUE_LENGTH + 1), "variables:user:invalid-value"),
        ("A=" + "é" * (VALUE_LENGTH // 2 + 1), "variables:user:invalid-value"),
        ('{"A": "\\ud800"}', "variables:user:invalid-value"),
        ('{"A\\n": "x"}', "variables:user:invalid-name"),
        ("A" * 201 + "=x", "variables:user:invalid-name"),
        ("A", "variables:user:invalid-line"),
    ],
)
def test_it_refuses_what_cannot_be_a_variable(text: str, code: str) -> None:
    assert [(wrong.line, wrong.error.code) for wrong in read_variables(text).wrong] == [(1, code)]


def test_it_repeats_no_value_of_a_wrong_line() -> None:
    for text in ("s3cr3t", "s3c r3t=x", '{"A": {"s3cr3t": 1}}', "A=" + "s3cr3t" * 20_000):
        for wrong in read_variables(text).wrong:
            assert "s3cr3t" not in wrong.error.message + wrong.error.hint


def test_it_tells_a_file_from_a_name() -> None:
    assert [looks_pasted(text) for text in ("NAME", " NAME\n", "A=1", "A\nB", '{"A": 1}')] == [
        False,
        False,
        True,
        True,
        True,
    ]


def test_a_paste_cannot_hold_the_parser_up() -> None:
    started = time.process_time()
    found = read_variables("GOOD=1\nLONG=x" + " " * 90_000 + "y")
    assert ([one.line for one in found.wrong], found.values) == ([2], {})
    assert time.process_time() - started < 15
