"""What a log line says: pure text, levels and colours."""

from __future__ import annotations

import time

import pytest

from apps.deployments.logcolours import nearest, runs
from apps.deployments.logtext import plain, severity_of


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nothing special", "nothing special"),
        ("\x1b[1;31mred\x1b[0m and plain", "red and plain"),
        ("10 %\r50 %\r100 %", "100 %"),
        ("10 %\r100 %\r", "100 %"),
        ("\x1b]8;;https://example.com\x1b\\a link\x1b]8;;\x1b\\.", "a link."),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b[2K\x1b[1Gstep\x1b[?25h", "step"),
        ("a\tb\x00\x07c", "a\tbc"),
        ("", ""),
    ],
)
def test_it_shows_the_last_state_without_escapes(text: str, shown: str) -> None:
    assert plain(text) == shown
    assert "".join(said for _, said in runs(text)) == plain(text), "both ways say the same"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("plain", [("", "plain")]),
        ("", [("", "")]),
        ("a \x1b[1;31mb\x1b[0m c", [("", "a "), ("b c1", "b"), ("", " c")]),
        ("\x1b[92mbright\x1b[39m off", [("c10", "bright"), ("", " off")]),
        ("\x1b[44;97mon blue\x1b[49m", [("c15 g4", "on blue")]),
        ("\x1b[1mb\x1b[4mu\x1b[22mo\x1b[24mn", [("b", "b"), ("b u", "u"), ("u", "o"), ("", "n")]),
        ("\x1b[38;5;196mred", [("c9", "red")]),
        ("\x1b[38;5;244mgrey", [("c8", "grey")]),
        ("\x1b[38;2;20;200;30mgreen", [("c2", "green")]),
        ("\x1b[38:2:250:30:30mred", [("c9", "red")]),
        ("\x1b[48;5;21;1mon blue", [("b g12", "on blue")]),
        ("\x1b[32m10 %\r20 %\x1b[0m", [("c2", "20 %")]),
        ("\x1b[31m\x1b[31mone\x1b[31m run", [("c1", "one run")]),
        ("\x1b[38;5mnothing", [("", "nothing")]),
        ("\x1b[99999999999999mnothing", [("", "nothing")]),
        ("\x1b[mreset", [("", "reset")]),
        ("<b onclick=x>\x1b[1m</b>", [("", "<b onclick=x>"), ("b", "</b>")]),
    ],
)
def test_it_keeps_colours_as_classes(text: str, found: list[tuple[str, str]]) -> None:
    assert runs(text) == found


@pytest.mark.parametrize(
    ("colour", "number"),
    [((0, 0, 0), 0), ((90, 90, 90), 8), ((200, 200, 200), 7), ((255, 255, 255), 15), ((180, 0, 0), 1),
     ((255, 80, 80), 9), ((0, 180, 0), 2), ((180, 180, 0), 3), ((60, 60, 250), 12), ((0, 170, 170), 6)],
)  # fmt: skip
def test_it_takes_the_nearest_of_the_sixteen(colour: tuple[int, int, int], number: int) -> None:
    assert nearest(*colour) == number


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Listening on 0.0.0.0:8000", "plain"),
        ("2026-11-21 08:00:00,123 ERROR django.request: Internal Server Error", "error"),
        ("[2026-11-21 08:00:00 +0000] [7] [INFO] Booting worker", "info"),
        ("WARNING:root:low on disk", "warn"),
        ("error: could not compile `app`", "error"),
        ("error[E0308]: mismatched types", "error"),
        ("npm ERR! code ELIFECYCLE", "error"),
        ("  Warning: something is deprecated", "warn"),
        ('{"level":"debug","msg":"tick"}', "debug"),
        ('{"level":50,"msg":"pino"}', "error"),
        ('{"severity": "NOTICE", "message": "error budget is fine"}', "info"),
        ('time=2026-11-21 level=warn msg="slow"', "warn"),
        ("Traceback (most recent call last):", "error"),
        ("ValueError: no such colour", "error"),
        ("django.db.utils.OperationalError: server closed the connection", "error"),
        ("\x1b[31mERROR\x1b[0m it broke", "error"),
        ("0 errors, 0 warnings", "plain"),
        ("Collecting error-handler==2.1 (from -r requirements.txt)", "plain"),
        ("TRACE entering", "debug"),
        ("[warn] deprecated", "warn"),
        ("", "plain"),
    ],
)
def test_it_sees_how_serious_a_line_is(text: str, level: str) -> None:
    assert severity_of(text) == level


def test_it_knows_our_own_kinds() -> None:
    assert severity_of("Mend it.", "error") == "error"
    assert severity_of("grep ERROR", "command") == "plain"
    assert severity_of("3 older lines are no longer kept", "gap") == "plain"


def test_it_is_quick_with_long_and_odd_lines() -> None:
    for text in (
        "[" * 64_000,
        "\x1b[" * 32_000,
        "a." * 32_000 + "Error",
        "level" * 12_000,
        "\x1b]" * 32_000,
        "=" * 64_000,
    ):
        began = time.process_time()
        severity_of(text), runs(text), plain(text)
        assert time.process_time() - began < 15, text[:10]
