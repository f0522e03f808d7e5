"""A repository's tree without a checkout: the same answers as from a folder, links included."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workers.build.analyze import analyze
from workers.build.files import FolderFiles
from workers.build.git_tree import Entry, TreeFiles, root_choices, rooted
from workers.build.job import BuildSettings
from workers.errors import UserError

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def tree_of(top: Path) -> tuple[dict[str, Entry], dict[str, bytes]]:
    """Entries as git would tell them, and their contents by id."""
    entries, blobs = dict[str, Entry](), dict[str, bytes]()
    for folder, folders, names in os.walk(top):
        here = Path(folder).relative_to(top)
        for name in folders:
            entries[str(here / name)] = Entry.of("040000", "t", None)
        for name in names:
            path, key = Path(folder) / name, f"b{len(blobs)}"
            is_link = path.is_symlink()
            blobs[key] = str(path.readlink()).encode() if is_link else path.read_bytes()
            entries[str(here / name)] = Entry.of("120000" if is_link else "100644", key, len(blobs[key]))
    return entries, blobs


def files_of(top: Path, seen: list[str] | None = None) -> TreeFiles:
    entries, blobs = tree_of(top)

    def read(entry: Entry) -> bytes:
        (seen if seen is not None else []).append(entry.sha)
        return blobs[entry.sha]

    return TreeFiles(entries, read)


@pytest.mark.parametrize("sample", sorted(p.name for p in SAMPLES.iterdir() if p.is_dir()))
def test_it_finds_the_same_plan_as_a_checkout(sample: str) -> None:
    """Of every sample, also the same refusal."""
    folder = SAMPLES / sample

    def plan(files: FolderFiles | TreeFiles) -> object:
        try:
            return analyze(files, BuildSettings()).as_dict()
        except UserError as error:
            return error.as_dict()

    assert plan(files_of(folder)) == plan(FolderFiles(folder))
    assert files_of(folder).names() == FolderFiles(folder).names()


def test_it_reads_only_what_it_is_asked_for_and_each_once() -> None:
    seen: list[str] = []
    files = files_of(SAMPLES / "flask-pip", seen)
    assert files.exists("requirements.txt") and seen == []
    assert files.text("requirements.txt") == files.head("requirements.txt", 10**6) != ""
    assert len(seen) == 1


def test_it_follows_links_beneath_the_top_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "real").write_text("hello")
    links = {"file": "a/real", "a/up": "../a/real", "folder": "a", "out": "../etc/passwd", "root": "/etc/passwd"}
    links |= {"loop": "loop", "nowhere": "gone", "a/deep": "../../x", "in/../out": "x"}
    for name, target in list(links.items())[:8]:
        (tmp_path / name).symlink_to(target)
    files = files_of(tmp_path)
    # A link to a folder is walked through by its parts, as a checkout is.
    entries, blobs = tree_of(tmp_path)
    entries["folder"] = Entry.of("120000", "dir", 1)
    through = TreeFiles(entries, lambda entry: blobs.get(entry.sha, b"a"))
    assert through.head("folder/real") == "hello"
    assert [files.head(name) for name in ("file", "a/up", "a/real")] == ["hello"] * 3
    assert not files.exists("nowhere") and not files.exists("a")
    for name in ("out", "root", "loop", "a/deep", "../x", "/x"):
        with pytest.raises(UserError) as caught:
            files.exists(name)
        assert caught.value.code == "build:user:path-leaves-folder", name
    assert "file" not in files.names()


def test_it_reads_nothing_that_is_too_large() -> None:
    files = TreeFiles({"big": Entry("file", "x", 3 * 1024**2)}, lambda _: pytest.fail("it was read"))
    assert files.head("big", 10).strip() == ""
    with pytest.raises(UserError) as caught:
        files.text("big")
    assert caught.value.code == "build:user:file-too-large"


def test_it_looks_into_a_root_directory_and_not_above_it() -> None:
    entries = {
        "apps": Entry("folder", "1"), "apps/web": Entry("folder", "2"), "apps/web/index.html": Entry("file", "3"),
        "docs": Entry("folder", "4"), "README": Entry("file", "5"),
    }  # fmt: skip
    assert list(rooted(entries, "/apps/web/")) == ["index.html"] and rooted(entries, "") is entries
    for name, code in (("../x", "root-directory-outside"), ("web", "root-directory-missing"), ("README", "missing")):
        with pytest.raises(UserError) as caught:
            rooted(entries, name)
        assert code in caught.value.code
    assert "apps, docs" in caught.value.hint


def test_it_names_the_folders_that_hold_an_app() -> None:
    names = [
        "README.md", "package.json", "apps/web/package.json", "apps/api/pyproject.toml", "apps/api/manage.py",
        "services/worker/Dockerfile", "node_modules/x/package.json", "tests/app/package.json", "a/b/c/d/package.json",
        "a/b/c/d/e/package.json", "examples/one/package.json", "lib/util.py",
    ]  # fmt: skip
    entries = {name: Entry("file", name) for name in names}
    assert root_choices(entries) == ["", "apps/api", "apps/web", "services/worker"]
    assert len(root_choices({f"p{n}/Dockerfile": Entry("file", "x") for n in range(99)})) == 30
