"""The pure parts of the figures: numbers, the table, and whose memory is whose."""

from __future__ import annotations

import argparse
import ast

import pytest

from bench import builds
from bench.__main__ import FIGURES, wanted
from bench.build_page import Row, samples, written
from bench.builds import Built, Compared
from bench.hand_built import DOCKERFILES, SAME, adapted, dockerfile_of
from bench.memory import by_name, named
from bench.pages import figure
from bench.samples import flask_app, greedy_app, plain_app, talking_app
from bench.table import Figure, document, in_steps, markdown, middle, more, percentile, seconds, spread
from tests.builds.test_every_sample import ALL


def test_it_writes_one_aligned_row_for_each_figure() -> None:
    figures = [
        Figure("warm", "1.10 s", "by the clock", "0.60 s by hand", "+ 0.50 s", "+ 0.50 s", True),
        Figure("failed", "2 of 9", "under load", aim="0", is_met=False),
        Figure("up", "3 s", "make"),
    ]
    assert markdown(figures) == (
        "| what   | value  | against        | difference | aim           | how it was measured |\n"
        "| ------ | ------ | -------------- | ---------- | ------------- | ------------------- |\n"
        "| warm   | 1.10 s | 0.60 s by hand | + 0.50 s   | + 0.50 s: met | by the clock        |\n"
        "| failed | 2 of 9 | -              | -          | 0: MISSED     | under load          |\n"
        "| up     | 3 s    | -              | -          | -             | make                |\n"
    )


def test_it_says_above_the_table_which_aims_were_missed() -> None:
    missed = Figure("failed", "2 of 9", "under load", aim="0", is_met=False)
    assert "\nAims that were missed: failed.\n" in document([missed], "2 cores")
    assert "\nEvery aim was met.\n" in document([], "2 cores")


def test_it_shows_durations_as_people_read_them() -> None:
    assert [seconds(value) for value in (0.0004, 0.0456, 0.1, 1.234, 61.0)] == [
        "0 ms", "46 ms", "0.10 s", "1.23 s", "61.00 s",
    ]  # fmt: skip
    assert more(1.5, 1.0) == "+ 0.50 s, x 1.50"
    assert more(0.95, 1.0) == "- 50 ms, x 0.95"
    assert spread([0.3, 0.1, 0.2]) == "0.10 s to 0.30 s"


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 50), (99, 99), (100, 100)])
def test_it_takes_percentiles_by_nearest_rank(percent: float, value: float) -> None:
    assert percentile(range(100, 0, -1), percent) == value


def test_it_takes_the_larger_of_two_values_as_their_99th_percentile() -> None:
    assert percentile([1.0, 9.0], 99) == 9.0


@pytest.mark.parametrize(("values", "index"), [([5.0], 0), ([3.0, 1.0, 2.0], 2), ([4.0, 1.0, 3.0, 2.0], 3)])
def test_it_finds_the_run_in_the_middle(values: list[float], index: int) -> None:
    assert middle(values) == index


def test_it_tells_the_time_that_no_step_accounts_for() -> None:
    assert in_steps({"fetch": 0.05, "build": 0.3}, 0.4) == "fetch 50 ms, build 0.30 s, between them 50 ms"


def test_it_counts_memory_under_the_nearest_process_with_a_name() -> None:
    status = {"pid": 10, "processes": [{"name": "postgres", "pid": 11}, {"name": "web", "pid": None}]}
    parents = {10: 1, 11: 10, 12: 11, 13: 10, 99: 1}
    sizes = {10: 1, 11: 20, 12: 300, 13: 4000, 99: 50000}
    assert named(status) == {10: "supervisor", 11: "postgres"}
    assert by_name(named(status), parents, sizes) == {"supervisor": 4001, "postgres": 320}


def test_it_takes_the_figures_that_are_named_in_its_own_order() -> None:
    assert [name for name in FIGURES if name not in wanted("")] == ["builds-all"]
    assert wanted("builds-all") == ["builds-all"]
    assert wanted("steady,warm") == ["warm", "steady"]
    with pytest.raises(argparse.ArgumentTypeError, match="no figure colder"):
        wanted("colder")


def test_it_misses_the_aim_of_a_page_by_time_or_by_bytes() -> None:
    quick = figure("logs", [0.01] * 19 + [0.2], queries=9, bytes=8_000, slowest=[])
    assert (quick.value, quick.is_met) == ("10 ms", True)
    assert quick.how.endswith("p50 10 ms, 9 queries, 8 kB compressed")
    assert figure("logs", [0.07] * 20, queries=9, bytes=8_000).is_met is False
    assert figure("logs", [0.01] * 20, queries=9, bytes=100_000).is_met is False


def test_it_holds_warm_builds_alone_against_their_aim() -> None:
    ours, hand = Built([1.0, 1.1, 5.0], 144_000_000), Built([0.9, 1.0, 1.1], 120_000_000)
    warm, cold = builds.figure("warm", "flask", ours, hand), builds.figure("cold", "flask", ours, hand)
    assert (warm.value, warm.against, warm.is_met) == ("1.10 s, 144 MB", "1.00 s, 120 MB by hand", True)
    assert (warm.difference, cold.is_met) == ("+ 0.10 s, x 1.10; size x 1.20", None)
    assert builds.figure("warm", "flask", Built([1.2], 1), hand).is_met is False


def test_it_builds_by_hand_with_this_machines_bases_registries_and_caches_of_its_own() -> None:
    text = "ARG NODE=node:24\nFROM ${NODE}\nRUN --mount=type=cache,target=/root/.npm npm ci\nRUN npm run build\n"
    assert adapted(text, "s1", ["npmrc", "variables"], {"NODE": "base:1"}) == (
        "ARG NODE=base:1\nFROM ${NODE}\nRUN --mount=type=cache,id=s1-root-.npm,target=/root/.npm "
        "--mount=type=secret,id=npmrc,target=/root/.npmrc npm ci\nRUN npm run build\n"
    )


def test_it_lends_what_fetches_without_a_cache_the_machines_registries_and_apt_its_sources() -> None:
    text = "RUN apt-get update\nRUN pip install uv\nRUN npm run build\n"
    apt = "--mount=type=secret,id=apt_sources,target=/etc/apt/sources.list"
    pip = "--mount=type=secret,id=pip_conf,target=/etc/pip.conf"
    assert adapted(text, "s1", ["pip_conf", "apt_sources"], {}) == (
        f"RUN {pip} {apt} apt-get update\nRUN {pip} pip install uv\nRUN npm run build\n"
    )


def test_every_sample_has_a_dockerfile_by_hand_and_every_dockerfile_a_sample() -> None:
    assert {dockerfile_of(sample.name) for sample in ALL} == set(DOCKERFILES.iterdir())
    assert not any((DOCKERFILES / f"{name}.Dockerfile").exists() for name in SAME)


def test_it_compares_quick_samples_of_each_language_that_has_a_page_of_its_own() -> None:
    """A Procfile alone is built as a shell script is; Java takes half a minute."""
    languages = {sample.language for sample in ALL if sample.name in builds.TAKEN}
    assert {sample.language for sample in ALL} - languages == {"Procfile", "Java"}


def test_it_writes_a_page_of_builds_row_by_row() -> None:
    cold = (Built([4.0], 1), Built([2.0], 1))
    page = ""
    for name, ours in (("go-plain", 1.2), ("bun-server", 1.1), ("go-plain", 2.2)):
        warm = (Built([ours, 0.1, 9.0], 110_000_000), Built([1.0], 100_000_000))
        page = written(page, Row(name, name.split("-")[0].title(), Compared(cold, warm)))
    assert page.splitlines()[-5:] == [
        "",
        "| sample | language | cold s | by hand | x | warm s | by hand | x | MB | by hand | x |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        "| bun-server | Bun | 4.00 | 2.00 | 2.00 | 1.10 | 1.00 | 1.10 | 110 | 100 | 1.10 |",
        "| go-plain | Go | 4.00 | 2.00 | 2.00 | 2.20 | 1.00 | 2.20 | 110 | 100 | 1.10 |",
    ]
    assert "Warm builds within x 1.10: 1 of 2." in page
    assert samples(page) == {"bun-server", "go-plain"}


def test_a_change_of_the_flask_app_is_one_line() -> None:
    one, two = flask_app("one"), flask_app("two")
    assert one["requirements.txt"] == two["requirements.txt"]
    pairs = zip(one["app.py"].splitlines(), two["app.py"].splitlines(), strict=True)
    assert [a != b for a, b in pairs].count(True) == 1


@pytest.mark.parametrize("files", [flask_app("it's"), plain_app("x"), talking_app(), greedy_app(5)])
def test_the_apps_are_python(files: dict[str, str]) -> None:
    for name, text in files.items():
        if name.endswith(".py"):
            ast.parse(text)
