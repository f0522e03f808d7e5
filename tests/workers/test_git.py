from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.workers.git_server import commit, git, make_repository, served
from workers import git as subject
from workers import git_sizes
from workers.errors import PlatformError, UserError
from workers.git_environment import git_config, git_env
from workers.git_errors import branch_missing, error_of
from workers.git_refs import check_branch, check_commit
from workers.git_remote import Remote, check_url

URL = "https://github.com/owner/name"


def refusal(url: str, **options: object) -> str:
    with pytest.raises(UserError) as caught:
        check_url(url, **options)  # type: ignore[arg-type]
    assert caught.value.hint
    return caught.value.code


def test_it_ends_options_before_what_people_write() -> None:
    argv = subject.fetch_argv(Path("/cache"), URL, "refs/heads/main")
    assert argv[argv.index("--end-of-options") :] == [
        "--end-of-options",
        URL,
        "+refs/heads/main:refs/slipway/head",
    ]
    assert subject.ls_remote_argv(URL, "HEAD")[-3:] == ["--end-of-options", URL, "HEAD"]


def test_it_gives_the_token_by_header_to_its_own_origin_only() -> None:
    config = dict(git_config(Remote(URL), "s3cr3t-token"))
    assert config["http.https://github.com/.extraHeader"].startswith("Authorization: Basic ")
    assert "s3cr3t-token" not in repr(subject.fetch_argv(Path("/cache"), URL, "HEAD"))
    assert not any("extraHeader" in key for key in dict(git_config(Remote("file:///srv/x"), "s3cr3t-token")))


def test_it_keeps_the_way_to_the_network_and_nothing_else_of_the_environment() -> None:
    host = {
        "PATH": "/bin",
        "HOME": "/home/a",
        "GIT_DIR": "/x",
        "https_proxy": "http://p",
        "GIT_SSL_CAINFO": "/ca",
        "K": "v",
    }
    env = git_env(host, [("a.b", "c")])
    assert env == {
        "PATH": "/bin",
        "https_proxy": "http://p",
        "GIT_SSL_CAINFO": "/ca",
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "a.b",
        "GIT_CONFIG_VALUE_0": "c",
    }


@pytest.mark.parametrize("branch", ["a b", "a..b", "a~1", "a:b", "*", "-x/", "a\x00b", "x.lock", "@{u}", "/a", "a//b"])
def test_it_refuses_names_that_no_branch_can_have(branch: str) -> None:
    with pytest.raises(UserError, match="not a name"):
        check_branch(branch)


def test_it_names_branches_in_full() -> None:
    assert check_branch("--upload-pack=touch") == "refs/heads/--upload-pack=touch"
    assert check_branch("") == "HEAD"


def test_it_refuses_commits_that_are_not_full_ids() -> None:
    for commit_id in ("abc", "HEAD", "--all", "g" * 40):
        with pytest.raises(UserError, match="not a full commit id"):
            check_commit(commit_id)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ssh://git:pw@github.com/o/n", "source:user:credentials-in-url"),
        ("https://user:pw@github.com/o/n", "source:user:credentials-in-url"),
        ("https://token@github.com/o/n", "source:user:credentials-in-url"),
        ("ext::sh -c id", "source:user:url-invalid"),
        ("--upload-pack=id", "source:user:url-invalid"),
        ("ftp://host/x", "source:user:url-invalid"),
        ("https://github.com/o/n?x=1", "source:user:url-invalid"),
        ("https:///x", "source:user:url-invalid"),
        ("https://host:99999/x", "source:user:url-invalid"),
        ("https://a b/x", "source:user:url-invalid"),
        ("", "source:user:url-invalid"),
        ("http://169.254.169.254/latest", "source:user:address-refused"),
        ("http://[fe80::1]/x", "source:user:address-refused"),
        ("http://[::ffff:169.254.169.254]/x", "source:user:address-refused"),
        ("http://[64:ff9b::a9fe:a9fe]/x", "source:user:address-refused"),
        ("http://2852039166/x", "source:user:address-refused"),
        ("http://no-such-host.invalid/x", "source:user:host-unknown"),
        ("file:///etc", "source:user:file-url"),
    ],
)
def test_it_refuses_addresses(url: str, code: str) -> None:
    assert refusal(url) == code


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/x", "http://localhost/x", "http://10.1.2.3/x", "http://[::1]/x", "http://0.0.0.0/x"]
)
def test_it_refuses_private_networks_where_they_are_not_allowed(url: str) -> None:
    assert refusal(url, allow_private=False) == "source:user:address-refused"
    assert check_url(url).is_private


def test_it_pins_the_address_that_it_has_checked() -> None:
    remote = check_url("http://localhost:8418/x")
    assert remote.pin.startswith("localhost:8418:")
    assert "127.0.0.1" in remote.pin or "[::1]" in remote.pin


def test_it_allows_files_beneath_one_folder_only(tmp_path: Path) -> None:
    (tmp_path / "allowed" / "repo").mkdir(parents=True)
    (tmp_path / "allowed" / "link").symlink_to("/etc")
    allowed = tmp_path / "allowed"
    assert check_url(f"file://{allowed}/repo", allowed_files=allowed) == Remote(f"file://{allowed}/repo")
    assert refusal(f"file://{allowed}/../other", allowed_files=allowed) == "source:user:file-url"
    assert refusal(f"file://{allowed}/link", allowed_files=allowed) == "source:user:file-url"


def test_it_lists_and_resolves_branches(tmp_path: Path) -> None:
    repo = make_repository(tmp_path / "r", {"a": "1"})
    git(repo, "branch", "feature/one")
    with served(tmp_path) as (address, _):
        remote = check_url(f"{address}/r")
        head = git(repo, "rev-parse", "HEAD")
        assert subject.branches(remote) == subject.Branches("main", {"main": head, "feature/one": head})
        assert subject.resolve(remote, "feature/one") == head
        assert subject.resolve(remote, "") == head


def test_it_names_near_branches_when_one_is_missing(tmp_path: Path) -> None:
    make_repository(tmp_path / "r", {"a": "1"})
    with served(tmp_path) as (address, _), pytest.raises(UserError) as caught:
        subject.resolve(check_url(f"{address}/r"), "mian")
    assert caught.value.code == "source:user:branch-missing"
    assert "main" in caught.value.hint


def test_it_says_that_a_repository_is_empty(tmp_path: Path) -> None:
    make_repository(tmp_path / "r", {})
    with served(tmp_path) as (address, _), pytest.raises(UserError) as caught:
        subject.fetch(tmp_path / "cache", check_url(f"{address}/r"), branch="")
    assert caught.value.code == "source:user:repository-empty"


@pytest.mark.parametrize(
    "branch", ["--upload-pack=touch${IFS}pwned", "a;touch${IFS}pwned", "a$(touch${IFS}pwned)", "a|id", "<script>"]
)
def test_it_treats_hostile_branch_names_as_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, branch: str) -> None:
    repo = make_repository(tmp_path / "r", {"a": "1"})
    git(repo, "update-ref", f"refs/heads/{branch}", "HEAD")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    with served(tmp_path) as (address, _):
        remote = check_url(f"{address}/r")
        revision = subject.fetch(tmp_path / "cache", remote, branch=branch)
        assert subject.resolve(remote, branch) == git(repo, "rev-parse", "HEAD")
        subject.check_out(tmp_path / "cache", revision, tmp_path / "out", tmp_path / "index")
    assert (tmp_path / "out" / "a").read_text() == "1"
    assert list(work.iterdir()) == []


def test_it_reads_a_private_repository_with_a_token(tmp_path: Path) -> None:
    make_repository(tmp_path / "r", {"a": "1"})
    with served(tmp_path, token="s3cr3t-token") as (address, seen):
        remote = check_url(f"{address}/r")
        subject.fetch(tmp_path / "cache", remote, branch="main", token="s3cr3t-token")
        assert all(header.startswith("Basic ") for header in seen)
        for token in ("", "wrong-token"):
            with pytest.raises(UserError) as caught:
                subject.fetch(tmp_path / "other", remote, branch="main", token=token)
            assert caught.value.code == "source:user:private"
    kept = b"".join(path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert b"s3cr3t" not in kept


def test_it_does_not_follow_redirects(tmp_path: Path) -> None:
    make_repository(tmp_path / "r", {"a": "1"})
    with served(tmp_path) as (address, seen), served(tmp_path, redirect_to=address) as (door, _):
        with pytest.raises(UserError) as caught:
            subject.fetch(tmp_path / "cache", check_url(f"{door}/r"), branch="main")
        assert caught.value.code == "source:user:redirected"
        assert seen == []


def test_it_says_that_nothing_listens(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(UserError) as caught:
        subject.resolve(check_url(f"http://127.0.0.1:{port}/r"), "main")
    assert caught.value.code == "source:user:unreachable"


def test_it_says_that_a_repository_is_not_there(tmp_path: Path) -> None:
    with served(tmp_path) as (address, _), pytest.raises(UserError) as caught:
        subject.resolve(check_url(f"{address}/nothing"), "main")
    assert caught.value.code == "source:user:repository-not-found"


def test_it_fetches_an_older_commit_and_then_needs_no_network(tmp_path: Path) -> None:
    repo = make_repository(tmp_path / "r", {"a": "1"})
    first = git(repo, "rev-parse", "HEAD")
    commit(repo, {"a": "2"}, "Second")
    with served(tmp_path) as (address, seen):
        remote = check_url(f"{address}/r")
        assert subject.fetch(tmp_path / "cache", remote, branch="main", commit=first) == first
        asked = len(seen)
        assert subject.fetch(tmp_path / "cache", remote, branch="main", commit=first) == first
        assert len(seen) == asked
        with pytest.raises(UserError) as caught:
            subject.fetch(tmp_path / "cache", remote, branch="main", commit="1" * 40)
    assert caught.value.code == "source:user:commit-missing"


def test_it_fetches_the_head_of_a_pull_request_that_is_on_no_branch(tmp_path: Path) -> None:
    repo = make_repository(tmp_path / "r", {"a": "1"})
    main = git(repo, "rev-parse", "HEAD")
    first, head = commit(repo, {"a": "2"}, "Second"), commit(repo, {"a": "3"}, "Third")
    git(repo, "update-ref", "refs/pull/12/head", head)
    git(repo, "reset", "-q", "--hard", main)
    remote = Remote(f"file://{repo}")
    ref = "refs/pull/12/head"
    assert subject.fetch(tmp_path / "cache", remote, branch="fork", commit=first, ref=ref) == first
    for wrong in ("refs/heads/main", "refs/pull/0/head", "--upload-pack=touch", "refs/pull/1/head:refs/heads/x"):
        with pytest.raises(UserError) as caught:
            subject.fetch(tmp_path / "third", remote, branch="main", commit="2" * 40, ref=wrong)
        assert caught.value.code == "source:user:ref-invalid"


def test_it_starts_a_fresh_cache_when_the_old_one_has_grown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = make_repository(tmp_path / "r", {"a": "1"})
    monkeypatch.setattr(git_sizes, "MAX_OBJECT_FILES", 0)
    for number in range(3):
        head = commit(repo, {f"{i}": f"{number} {i}" for i in range(200)}, f"{number}")
        subject.fetch(tmp_path / "cache", Remote(f"file://{repo}"), branch="main")
    assert git(tmp_path / "cache", "rev-parse", subject.HEAD_REF) == head
    assert len(list((tmp_path / "cache" / "objects" / "pack").glob("*.pack"))) == 1


def test_it_refuses_a_checkout_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = make_repository(tmp_path / "r", {"a": "x" * 2000})
    monkeypatch.setattr(git_sizes, "MAX_TREE_BYTES", 1000)
    revision = subject.fetch(tmp_path / "cache", Remote(f"file://{repo}"), branch="main")
    with pytest.raises(UserError) as caught:
        subject.check_out(tmp_path / "cache", revision, tmp_path / "out", tmp_path / "index")
    assert caught.value.code == "source:user:repository-too-large"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("fatal: unable to access 'x': SSL certificate problem: unable to get local issuer", "source:user:certificate"),
        ("fatal: unable to access 'x': The requested URL returned error: 503", "git:platform:server"),
        ("fatal: write error: No space left on device", "git:platform:disk-full"),
        ("fatal: something new", "git:platform:failed"),
        ("error: RPC failed; curl 28 Operation too slow. Less than 1000 bytes/sec", "source:user:stalled"),
    ],
)
def test_it_understands_what_git_prints(line: str, code: str) -> None:
    error = error_of([line], URL)
    assert error.code == code
    assert isinstance(error, PlatformError if ":platform:" in code else UserError)


def test_it_names_some_branches_when_none_is_near() -> None:
    assert branch_missing("zzz", ["alpha", "beta"]).hint == "Branches that it has: alpha, beta."
