"""What a compose file of a stranger may cost: time, memory, and nobody's secret."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

from tests.workers.build.test_compose import plan_of, service
from workers.build.build_args import without_own
from workers.build.compose.env_files import MOST_NAMED
from workers.build.compose.read import read_compose
from workers.build.env_text import MOST_BLANKS
from workers.build.files import FolderFiles, MemoryFiles
from workers.build.git_tree import Entry, TreeFiles
from workers.build.variables import suggested_variables
from workers.errors import Stopped, UserError

ONE = "services: {a: {image: x, env_file: [%s]}}"


class CountedFiles(MemoryFiles):
    """Says how often a file was read."""

    reads = 0

    def head(self, path: str, size: int = 4096) -> str:
        self.reads += path == "e"
        return super().head(path, size)


@pytest.mark.parametrize("text", ["A=1\n", "".join(f"A{at}=\n" for at in range(501))], ids=["fit", "unfit"])
def test_it_reads_each_env_file_once_and_few_of_them(text: str) -> None:
    files = CountedFiles({"compose.yml": ONE % ("e," * 19_000), "e": text})
    plan = read_compose(files, {})
    assert plan is not None and files.reads == 1
    assert {(one.kind, one.key, one.line) for one in plan.findings} == {("refused", "env_file", 1)}
    assert str(MOST_NAMED) in plan.findings[-1].why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("A=" + "я" * 100_000, "e has more than 100,000 characters."),
        ("B=1\nA=" + " " * 40_000 + "x", f"e has {MOST_BLANKS} blanks in a row in line 2."),
        ("".join(f"A{at}=\n" for at in range(501)), "e has more than 500 variables."),
    ],
    ids=["long", "blanks", "many"],
)
def test_it_refuses_an_env_file_that_takes_long(text: str, why: str) -> None:
    began = time.process_time()
    [said] = plan_of(ONE % "e", {"e": text}).findings
    assert (said.kind, said.line) == ("refused", 1) and said.why.startswith(why)
    with pytest.raises(UserError, match="characters|blanks|variables"):
        plan_of(ONE % "e", {".env": text})
    suggested_variables(MemoryFiles({".env.example": text}))
    assert time.process_time() - began < 15


def test_it_stops_when_the_time_is_over() -> None:
    def over() -> None:
        raise Stopped("deadline")

    with pytest.raises(Stopped):
        read_compose(MemoryFiles({"compose.yml": ONE % "e", "e": "A=1"}), {}, check=over)


@pytest.mark.parametrize("text", ["$A" * 10_000, "${B:-" + "$A" * 10_000 + "}"], ids=["values", "default"])
def test_it_puts_no_more_in_than_it_may_keep(text: str) -> None:
    tracemalloc.start()
    with pytest.raises(UserError, match="compose.yml, line 1: with its values the file is too large"):
        plan_of(f"services: {{a: {{image: x, environment: {{T: '{text}'}}}}}}", A="x" * 5_000)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 10_000_000


def test_a_build_is_given_no_argument_that_is_slipways_own() -> None:
    told = dict.fromkeys(("A", "no_proxy", "HTTPS_PROXY", "buildkit_syntax", "MY_PROXY"), "x")
    assert without_own(told) == {"A": "x", "MY_PROXY": "x"}


class SlowFiles(MemoryFiles):
    """Has to be asked elsewhere for one of its files."""

    def head(self, path: str, size: int = 4096) -> str:
        if path == "e":
            raise UserError("source:user:too-much", "Too much.")
        return super().head(path, size)


def test_it_says_that_a_file_could_not_be_read() -> None:
    with pytest.raises(UserError, match="Too much"):
        read_compose(SlowFiles({"compose.yml": ONE % "e", "e": ""}), {})
    with pytest.raises(UserError, match="more than 500,000 characters"):
        plan_of(ONE % ",".join("abcdef"), dict.fromkeys("abcdef", "A=" + "x" * 90_000))
    assert [one.kind for one in plan_of(ONE % "../e").findings] == ["ignored"]


@pytest.mark.parametrize("sign", ["x", "я"])
def test_it_cuts_no_file(sign: str, tmp_path: Path) -> None:
    """The plan that is made of what was read says the same."""
    (tmp_path / "compose.yml").write_text(ONE % "e")
    (tmp_path / "e").write_text("A=" + sign * 99_990)
    found = read_compose(FolderFiles(tmp_path), {})
    assert found is not None and found.services[0].environment == {"A": sign * 99_990}
    (tmp_path / "e").write_text("A=" + sign * 300_000)
    found = read_compose(FolderFiles(tmp_path), {})
    assert found is not None and [one.kind for one in found.findings] == ["refused"]
    assert read_compose(MemoryFiles(found.texts), {}) == found


def test_it_refuses_one_too_large_to_be_asked_for() -> None:
    texts = {"compose.yml": ONE % "e", "e": ""}
    entries = {name: Entry("file", name, 3_000_000 * (name == "e")) for name in texts}
    found = read_compose(TreeFiles(entries, lambda one: texts[one.sha].encode()), {})
    assert found is not None and [(one.kind, one.line) for one in found.findings] == [("refused", 1)]


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ("image: x\nuser: $API_TOKEN", "user"),
        ("x-a: 1\nimage: 'x:${API_TOKEN}!'", "image"),
        ("x-a: 1\nbuild: {target: $API_TOKEN}", "build.target"),
        ("x-a: 1\nbuild: {context: $API_TOKEN}", "build.context"),
        ("x-a: 1\nbuild: {args: ['$API_TOKEN']}", "build.args"),
        ("x-a: 1\nbuild: $API_TOKEN", "build"),
        ("image: x\nvolumes: ['a:$API_TOKEN']", "volumes"),
        ("image: x\nvolumes: ['$API_TOKEN:/a']", "volumes"),
        ("image: x\nports: ['$API_TOKEN']", "ports"),
        ("image: x\ndepends_on: [$API_TOKEN]", "depends_on"),
        ("image: x\nenv_file: $API_TOKEN", "env_file"),
        ("image: x\nenvironment: ['$API_TOKEN=a']", "environment"),
        ("image: x\nenvironment: ['$API_TOKEN']", "environment"),
        ("image: x\nhealthcheck: {test: 'curl $API_TOKEN'}", "healthcheck.test"),
    ],
)
def test_it_shows_no_secret(body: str, key: str) -> None:
    made, findings = service(body, API_TOKEN="t0ps3cret")
    assert not made.is_made and [(one.kind, one.key, one.line) for one in findings] == [("refused", key, 4)]
    assert "t0ps3cret" not in f"{made} {findings}"


def test_it_shows_no_secret_of_the_file() -> None:
    text = "name: a$API_TOKEN\nservices: {a: {image: 'x:${KEYCLOAK_TAG}', environment: {A: '${B:-c$API_TOKEN}'}}}"
    plan = plan_of(text, API_TOKEN="t0ps3cret", KEYCLOAK_TAG="1")
    assert "t0ps3cret" not in f"{plan}"
    assert (plan.made[0].image, plan.made[0].secret_names) == ("x:1", ["A"])
    assert plan.made[0].environment == {"A": "ct0ps3cret"}
