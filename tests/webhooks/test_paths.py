"""Which files a service watches."""

from __future__ import annotations

import pytest

from apps.webhooks.paths import is_watched, patterns_of


@pytest.mark.parametrize(
    ("root", "watch", "patterns"),
    [
        ("", "", []),
        ("/", "", []),
        (".", "", []),
        ("apps/web", "", ["apps/web/**"]),
        ("/apps/web/", "libs/**\n\n# a note\n!**/*.md", ["apps/web/**", "libs/**", "!**/*.md"]),
        ("", "!docs/**", ["**", "!docs/**"]),
        ("", "libs/**\n!libs/x", ["libs/**", "!libs/x"]),
        ("a[b]*", "", [r"a\[b\]\*/**"]),
    ],
)
def test_it_reads_the_patterns_of_a_service(root: str, watch: str, patterns: list[str]) -> None:
    assert patterns_of(root, watch) == patterns


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*.py", ["app.py"], ["src/app.py", "app.pyc"]),
        ("**/*.py", ["app.py", "src/app.py", "a/b/c.py"], ["app.txt"]),
        ("src/**", ["src/a", "src/a/b/c"], ["src", "srcs/a", "a/src/b"]),
        ("src/", ["src/a", "src/a/b"], ["srcs/a"]),
        ("src", ["src", "src/a/b"], ["srcs"]),
        ("src/*", ["src/a"], ["src/a/b"]),
        ("src/*/x", ["src/a/x"], ["src/x", "src/a/b/x"]),
        ("src/**/x", ["src/x", "src/a/x", "src/a/b/x"], ["x"]),
        ("**", ["a", "a/b"], []),
        ("?.py", ["a.py"], ["ab.py", "/.py"]),
        ("[ab].py", ["a.py", "b.py"], ["c.py"]),
        ("[!ab].py", ["c.py"], ["a.py"]),
        ("[a-c].py", ["b.py"], ["d.py"]),
        ("/app.py", ["app.py"], ["src/app.py"]),
        ("a+b(c).py", ["a+b(c).py"], ["aab.py"]),
        ("[", ["["], ["a"]),
    ],
)
def test_it_matches_as_workflow_filters_do(pattern: str, yes: list[str], no: list[str]) -> None:
    assert [path for path in yes if not is_watched(path, [pattern])] == []
    assert [path for path in no if is_watched(path, [pattern])] == []


def test_the_last_pattern_that_matches_decides() -> None:
    patterns = patterns_of("apps/web", "libs/**\n!**/*.md\nlibs/README.md")
    told = {
        "apps/web/app.py": True, "apps/web/README.md": False, "libs/x.py": True, "libs/README.md": True,
        "libs/a.md": False, "other/x": False, "apps/website/x": False,
    }  # fmt: skip
    assert {path: is_watched(path, patterns) for path in told} == told


def test_a_folder_with_odd_letters_matches_itself_alone() -> None:
    (pattern,) = patterns_of("a[b]*", "")
    assert is_watched("a[b]*/x", [pattern])
    assert not is_watched("ab/x", [pattern])


def test_many_stars_take_no_time() -> None:
    assert not is_watched("a" * 200, ["*a*a*a*b"])


@pytest.mark.parametrize(
    ("pattern", "path", "is_match"),
    [
        ("*a" * 20 + "*b", "a" * 250, False),
        ("*a" * 20 + "*b", "a" * 250 + "b", True),
        ("*a*b*c", "xaxbxbxc", True),
        ("*ab*ab", "abxab", True),
        ("*ab*ab", "ab", False),
        ("*x/y*z", "ax/yz", True),
        ("*/b*/c", "a/b1/c", True),
        ("*a/**/*c", "ba/x/y/zc", True),
    ],
)
def test_stars_are_bound_to_their_first_place(pattern: str, path: str, is_match: bool) -> None:
    """A pattern of twenty stars would otherwise try every way, and hold everybody's deliveries up."""
    assert is_watched(path, [pattern]) is is_match
