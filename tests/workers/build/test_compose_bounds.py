"""What a compose file of a stranger may cost: time, memory, and nobody's secret."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from tests.workers.build.test_compose import plan_of
from workers.build.build_args import without_own
from workers.build.compose.env_files import MOST_NAMED
from workers.build.compose.read import read_compose
from workers.build.env_text import MOST_BLANKS
from workers.build.files import MemoryFiles
from workers.build.variables import suggested_variables
from workers.errors import Stopped, UserError

ONE = "services: {a: {image: x, env_file: [%s]}}"


class CountedFiles(MemoryFiles):
    """Says how often a file was read."""

    reads = 0

    def head(self, path: str, size: int = 4096) -> str:
        self.reads += path == "e"
        return super().head(path, size)


def test_it_reads_each_env_file_once_and_few_of_them() -> None:
    files = CountedFiles({"compose.yml": ONE % ("e," * 19_000), "e": "A=1\n"})
    plan = read_compose(files, {})
    assert plan is not None and files.reads == 1
    assert [(one.kind, one.key, one.line) for one in plan.findings] == [("refused", "env_file", 1)]
    assert str(MOST_NAMED) in plan.findings[0].why and plan.services[0].environment == {"A": "1"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("B=1\nA=" + " " * 40_000 + "x", f"e has {MOST_BLANKS} blanks in a row in line 2."),
        ("".join(f"A{at}=\n" for at in range(501)), "e has more than 500 variables."),
    ],
    ids=["blanks", "many"],
)
def test_it_refuses_an_env_file_that_takes_long(text: str, why: str) -> None:
    began = time.monotonic()
    [said] = plan_of(ONE % "e", {"e": text}).findings
    assert (said.kind, said.line) == ("refused", 1) and said.why.startswith(why)
    with pytest.raises(UserError, match="blanks|variables"):
        plan_of(ONE % "e", {".env": text})
    suggested_variables(MemoryFiles({".env.example": text}))
    assert time.monotonic() - began < 0.5


def test_it_stops_when_the_time_is_over() -> None:
    def over() -> None:
        raise Stopped("deadline")

    with pytest.raises(Stopped):
        read_compose(MemoryFiles({"compose.yml": ONE % "e", "e": "A=1"}), {}, check=over)


@pytest.mark.parametrize("text", ["$A" * 10_000, "${B:-" + "$A" * 10_000 + "}"], ids=["values", "default"])
def test_it_puts_no_more_in_than_it_may_keep(text: str) -> None:
    tracemalloc.start()
    with pytest.raises(UserError, match="Line 1: with its values the file is too large"):
        plan_of(f"services: {{a: {{image: x, environment: {{T: '{text}'}}}}}}", A="x" * 5_000)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 10_000_000


def test_a_build_is_given_no_argument_that_is_slipways_own() -> None:
    told = dict.fromkeys(("A", "no_proxy", "HTTPS_PROXY", "buildkit_syntax", "MY_PROXY"), "x")
    assert without_own(told) == {"A": "x", "MY_PROXY": "x"}
