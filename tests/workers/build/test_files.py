from pathlib import Path

import pytest

from workers.build.analyze import analyze
from workers.build.files import MAX_TEXT_BYTES, FilesBeneath, FolderFiles, MemoryFiles
from workers.build.git_tree import Entry, TreeFiles
from workers.build.job import BuildSettings
from workers.errors import UserError


def test_it_reads_what_is_beneath_the_folder(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_bytes(b"caf\xe9")
    files = FolderFiles(tmp_path)
    assert files.exists("app/main.py")
    assert not files.exists("app")
    assert files.text("app/main.py") == "caf\N{REPLACEMENT CHARACTER}"
    assert files.text("missing") == ""


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "a/../../secret", "a\0b"])
def test_it_refuses_paths_that_leave_the_folder(tmp_path: Path, path: str) -> None:
    for files in (FolderFiles(tmp_path), MemoryFiles({})):
        with pytest.raises(UserError) as caught:
            files.exists(path)
        assert caught.value.code == "build:user:path-leaves-folder"


def test_it_refuses_links_that_leave_the_folder(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").symlink_to("/etc/passwd")
    with pytest.raises(UserError) as caught:
        analyze(FolderFiles(tmp_path), BuildSettings())
    assert caught.value.code == "build:user:path-leaves-folder"


def test_it_refuses_a_linked_folder_on_the_way(tmp_path: Path) -> None:
    (tmp_path / "etc").symlink_to("/etc")
    with pytest.raises(UserError):
        FolderFiles(tmp_path).text("etc/passwd")


def test_it_refuses_a_loop_of_links(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(UserError):
        FolderFiles(tmp_path).text("a")


def test_it_follows_links_that_stay(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("here")
    (tmp_path / "link.txt").symlink_to("real.txt")
    assert FolderFiles(tmp_path).text("link.txt") == "here"


def test_it_lists_no_links_no_dependencies_and_nothing_deep(tmp_path: Path) -> None:
    for name in ("b.py", "node_modules/x.py", ".git/config", "a/b.py", "1/2/3/4/5/6/7/8/9/deep.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "linked.py").symlink_to("b.py")
    assert FolderFiles(tmp_path).names() == ["b.py", "a/b.py"]


def test_it_lets_many_deep_files_hide_no_shallow_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.build.files.MAX_ENTRIES", 3)
    for name in ("a/b/c/1", "a/b/c/2", "a/b/c/3", "z/go.mod", "go.work"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    names = FolderFiles(tmp_path).names()
    assert (names[:2], len(names)) == (["go.work", "z/go.mod"], 3)


def test_it_matches_segment_by_segment() -> None:
    files = MemoryFiles({"wsgi.py": "", "shop/wsgi.py": "", "a/b/wsgi.py": ""})
    assert files.glob("*/wsgi.py") == ["shop/wsgi.py"]
    assert files.glob("wsgi.py", "*/*/wsgi.py") == ["wsgi.py", "a/b/wsgi.py"]
    assert files.glob() == []


def test_it_says_when_a_file_is_too_large() -> None:
    with pytest.raises(UserError) as caught:
        MemoryFiles({"x": "x" * (MAX_TEXT_BYTES + 1)}).text("x")
    assert caught.value.code == "build:user:file-too-large"


def test_it_knows_where_in_the_repository_it_is(tmp_path: Path) -> None:
    (tmp_path / "apps/web/src").mkdir(parents=True)
    (tmp_path / "apps/web/src/a.js").write_text("")
    outer, folder = FilesBeneath(FolderFiles(tmp_path / "apps", tmp_path), "web").repository
    assert (outer.exists("apps/web/src/a.js"), folder) == (True, "apps/web")
    assert FolderFiles(tmp_path).repository[1] == ""
    entries = {"apps": Entry("folder", ""), "apps/web": Entry("folder", ""), "apps/web/a.js": Entry("file", "1")}
    outer, folder = TreeFiles(entries, lambda _: b"", "/apps/web/").repository
    assert (outer.names(), folder) == (["apps/web/a.js"], "apps/web")
