from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.workers.git_server import commit, git, make_repository, served
from workers.build.fetch import fetch, root_directory
from workers.build.job import Source, Workspace
from workers.errors import Stopped, UserError


class Lines:
    """A report that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.commands: list[list[str]] = []

    def line(self, text: str, *, level: str = "out") -> None:
        self.lines.append(text)

    def command(self, argv: Sequence[str]) -> None:
        self.commands.append(list(argv))

    def check(self) -> None:
        """Nothing asks to stop."""


def workspace(tmp_path: Path, name: str = "one") -> Workspace:
    return Workspace(cache=tmp_path / "cache", scratch=tmp_path / name)


def test_it_lays_out_the_head_of_a_branch_without_git_folder(tmp_path: Path) -> None:
    repo = make_repository(tmp_path / "r", {"app/main.py": "print(1)", "README.md": "hi"})
    report = Lines()
    with served(tmp_path) as (address, _):
        checkout = fetch(Source(f"{address}/r", branch="main", root_directory="app"), workspace(tmp_path), report)
    assert checkout.commit == git(repo, "rev-parse", "HEAD")
    assert (checkout.message, checkout.author) == ("First commit", "Alice")
    assert checkout.folder == checkout.top / "app"
    assert sorted(p.name for p in checkout.top.iterdir()) == ["README.md", "app"]
    assert sorted(p.name for p in (tmp_path / "one").iterdir()) == ["source"]
    assert report.lines == [f"Fetched {checkout.commit[:7]} First commit (Alice)"]
    assert report.commands[0][0] == "git"


def test_it_is_quick_when_warm(tmp_path: Path) -> None:
    repo = make_repository(tmp_path / "r", {"a": "0"})
    fetch(Source(f"file://{repo}"), workspace(tmp_path, "s0"), Lines(), allowed_files=tmp_path)
    seconds = []
    for number in range(1, 6):
        commit(repo, {"a": str(number)}, "x")
        begin = time.monotonic()
        checkout = fetch(Source(f"file://{repo}"), workspace(tmp_path, f"s{number}"), Lines(), allowed_files=tmp_path)
        seconds.append(time.monotonic() - begin)
        assert (checkout.top / "a").read_text() == str(number)
    print("warm fetch:", sorted(seconds))
    assert sorted(seconds)[2] < 0.5  # About 0.05 s on two idle cores.


def test_it_refuses_a_root_directory_that_leads_out(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    (top / "link").symlink_to("/etc")
    for name in ("..", "link", "../top2", "link/ssl"):
        with pytest.raises(UserError) as caught:
            root_directory(top, name)
        assert caught.value.code == "build:user:root-directory-outside"


def test_it_names_the_folders_when_the_root_directory_is_missing(tmp_path: Path) -> None:
    (tmp_path / "backend").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_text("")
    for name in ("frontend", "loop", "file", "a\0b"):
        with pytest.raises(UserError) as caught:
            root_directory(tmp_path, name)
        assert caught.value.code == "build:user:root-directory-missing"
        assert caught.value.hint == "Folders at its top: backend."


def test_it_takes_links_inside_the_repository(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert root_directory(tmp_path, "link") == tmp_path / "real"
    assert root_directory(tmp_path, "/real") == tmp_path / "real"
    assert root_directory(tmp_path, "") == tmp_path


def test_it_stops_when_it_is_cancelled(tmp_path: Path) -> None:
    repo = make_repository(tmp_path / "r", {"a": "0"})

    class Cancelled(Lines):
        def check(self) -> None:
            raise Stopped("cancelled")

    with pytest.raises(Stopped):
        fetch(Source(f"file://{repo}"), workspace(tmp_path), Cancelled(), allowed_files=tmp_path)
    assert not (tmp_path / "one" / "source").exists()
