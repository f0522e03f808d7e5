"""The only module that starts git. Fetches one commit into a bare cache and lays it out in a folder.

Not in charge of which addresses and names are allowed (`workers.git_remote`, `workers.git_refs`), of how much is too much
(`workers.git_sizes`), nor of redacting what git prints.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from workers.errors import PlatformError, UserError
from workers.git_environment import git_config, git_env, ssh_env
from workers.git_errors import DUMB_SERVER, MISSING_COMMIT, MISSING_REF, branch_missing, commit_missing, error_of
from workers.git_refs import SHA, check_branch, check_commit, check_pull
from workers.git_remote import Remote
from workers.git_sizes import is_overgrown, size_watch, tree_watch
from workers.process import Completed, TimedOut, run

HEAD_REF = "refs/slipway/head"
FETCH_SECONDS = 600.0
ASK_SECONDS = 30.0

Check = Callable[[], None]


@dataclass(frozen=True)
class Branches:
    """`heads` maps branch names to commits; `default` is "" in an empty repository."""

    default: str
    heads: dict[str, str]


@dataclass(frozen=True)
class Commit:
    sha: str
    subject: str
    author: str


def fetch_argv(git_dir: Path, url: str, ref: str, *, depth: int | None = 1) -> list[str]:
    shallow = [f"--depth={depth}"] if depth else []
    options = ["--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules", "--quiet"]
    return ["git", f"--git-dir={git_dir}", "fetch", *shallow, *options, "--end-of-options", url, f"+{ref}:{HEAD_REF}"]


def ls_remote_argv(url: str, *patterns: str) -> list[str]:
    return ["git", "ls-remote", "--symref", "--quiet", "--end-of-options", url, *patterns]


def init_argv(git_dir: Path) -> list[str]:
    return [
        "git",
        "init",
        "--quiet",
        "--bare",
        "--template=",
        "--initial-branch=none",
        "--end-of-options",
        str(git_dir),
    ]


def list_tree_argv(git_dir: Path, commit: str) -> list[str]:
    options = ["-r", "-t", "--format=%(objecttype) %(objectsize)", "--end-of-options"]
    return ["git", f"--git-dir={git_dir}", "ls-tree", *options, commit]


def checkout_argv(git_dir: Path, folder: Path, commit: str) -> list[str]:
    return ["git", f"--git-dir={git_dir}", f"--work-tree={folder}", "read-tree", "--reset", "-u", commit]


def show_argv(git_dir: Path, commit: str) -> list[str]:
    return ["git", f"--git-dir={git_dir}", "log", "-1", "--format=%H%n%an%n%s", "--end-of-options", commit]


def has_commit_argv(git_dir: Path, commit: str) -> list[str]:
    return ["git", f"--git-dir={git_dir}", "cat-file", "-e", "--end-of-options", f"{commit}^{{tree}}"]


def branches(remote: Remote, *, token: str = "", check: Check | None = None) -> Branches:
    """The branches of a remote, and which of them is the default."""
    default, heads = "", {}
    for line in _ask(remote, token, ["HEAD", "refs/heads/*"], check):
        value, _, name = line.partition("\t")
        if value.startswith("ref: refs/heads/") and name == "HEAD":
            default = value.removeprefix("ref: refs/heads/")
        elif name.startswith("refs/heads/"):
            heads[name.removeprefix("refs/heads/")] = value
    return Branches(default if default in heads else next(iter(heads), ""), heads)


def resolve(remote: Remote, branch: str, *, token: str = "", check: Check | None = None) -> str:
    """The commit that a branch ("" is the default one) stands at now."""
    ref = check_branch(branch)
    for line in _ask(remote, token, [ref], check):
        value, _, name = line.partition("\t")
        if name == ref and SHA.fullmatch(value):
            return value
    raise branch_missing(branch, list(branches(remote, token=token, check=check).heads))


def fetch(
    git_dir: Path,
    remote: Remote,
    *,
    branch: str,
    commit: str = "",
    ref: str = "",
    token: str = "",
    check: Check | None = None,
) -> str:
    """Bring a commit, or a branch's head, into the bare cache; gives the revision to check out.

    A commit that the cache has already costs no network. `ref` is where a server that gives no commit by its id has it.
    """
    ref = check_pull(ref) if ref else check_branch(branch)
    if is_overgrown(git_dir):
        shutil.rmtree(git_dir)
    if not (git_dir / "HEAD").exists():
        git_dir.parent.mkdir(parents=True, exist_ok=True)
        _must(_git(init_argv(git_dir)), remote)
    if commit and _git(has_commit_argv(git_dir, check_commit(commit))).returncode == 0:
        return commit
    done = _fetch(git_dir, remote, commit or ref, token, check)
    text = "\n".join(done.tail)
    if commit and (MISSING_COMMIT.search(text) or MISSING_REF.search(text)):
        return _fetch_history(git_dir, remote, ref, commit, token, check)
    if MISSING_REF.search(text):
        raise branch_missing(branch, list(branches(remote, token=token, check=check).heads))
    _must(done, remote)
    return commit or HEAD_REF


def check_out(git_dir: Path, commit: str, folder: Path, index: Path, *, check: Check | None = None) -> Commit:
    """Lay the files of a commit out in an empty folder, which gets no `.git`."""
    _must(_git(list_tree_argv(git_dir, commit), check=check, on_line=tree_watch()), None)
    folder.mkdir(parents=True, exist_ok=True)
    _must(_git(checkout_argv(git_dir, folder, commit), index=index, check=check), None)
    sha, author, subject = [*_must(_git(show_argv(git_dir, commit)), None).tail, "", "", ""][:3]
    return Commit(sha, subject, author)


def _fetch(
    git_dir: Path, remote: Remote, ref: str, token: str, check: Check | None, depth: int | None = 1
) -> Completed:
    watch = size_watch(git_dir, check)
    done = _git(fetch_argv(git_dir, remote.url, ref, depth=depth), remote, token, check=watch, seconds=FETCH_SECONDS)
    if depth and done.returncode and DUMB_SERVER.search("\n".join(done.tail)):
        return _fetch(git_dir, remote, ref, token, check, depth=None)
    return done


def _fetch_history(git_dir: Path, remote: Remote, ref: str, commit: str, token: str, check: Check | None) -> str:
    """For servers that give branches only: the commit is looked for among the last 1,000 of its branch."""
    _must(_fetch(git_dir, remote, ref, token, check, depth=1000), remote)
    if _git(has_commit_argv(git_dir, commit)).returncode:
        raise commit_missing(commit)
    return commit


def _ask(remote: Remote, token: str, patterns: list[str], check: Check | None) -> list[str]:
    lines: list[str] = []
    argv = ls_remote_argv(remote.url, *patterns)
    done = _git(argv, remote, token, check=check, seconds=ASK_SECONDS, on_line=_collect(lines))
    _must(done, remote)
    return lines


def _collect(lines: list[str]) -> Callable[[str, str], None]:
    def on_line(text: str, level: str) -> None:
        if level == "out":
            lines.append(text)

    return on_line


def _git(
    argv: list[str],
    remote: Remote | None = None,
    token: str = "",
    *,
    index: Path | None = None,
    check: Check | None = None,
    seconds: float = ASK_SECONDS * 4,
    on_line: Callable[[str, str], None] | None = None,
) -> Completed:
    if token and remote is not None and remote.url.startswith("http://") and not remote.is_private:
        raise UserError(
            "source:user:token-unprotected",
            "The token would be sent over plain http, where anyone on the way can read it.",
            hint="Use the repository's https:// address.",
        )
    env = git_env({**_host_ca(), **os.environ}, git_config(remote, token), index) | ssh_env(remote)
    try:
        return run(argv, env=env, check=check, timeout_seconds=seconds, on_line=on_line)
    except TimedOut as error:
        raise UserError(
            "source:user:stalled",
            f"Reading the repository took longer than {seconds:g} s.",
            hint="Try again; when it stays so, check the server and the size of the repository.",
            retry=True,
        ) from error
    except FileNotFoundError as error:
        raise PlatformError(
            "git:platform:missing", "git is not installed on this machine.", hint="apt-get install git", retry=False
        ) from error


@lru_cache(maxsize=1)
def _host_ca() -> dict[str, str]:
    """The CA bundle that this machine's own git configuration names: the rest of that configuration is not used."""
    done = subprocess.run(["git", "config", "--get", "http.sslCAInfo"], capture_output=True, text=True, check=False)
    return {"GIT_SSL_CAINFO": done.stdout.strip()} if done.stdout.strip() else {}


def _must(done: Completed, remote: Remote | None) -> Completed:
    if done.returncode:
        raise error_of(done.tail, remote.url if remote else "")
    return done


def commit_folder(folder: Path, *, branch: str, message: str) -> None:
    """Make a folder of ours (a bundled sample) a repository with one commit of everything in it."""
    who = ["-c", "user.name=Slipway", "-c", "user.email=slipway@localhost"]
    for argv in (
        ["git", "init", "--quiet", f"--initial-branch={branch}", "--", str(folder)],
        ["git", "-C", str(folder), "add", "--all"],
        ["git", "-C", str(folder), *who, "commit", "--quiet", "--no-gpg-sign", f"--message={message}"],
    ):
        _must(_git(argv), None)
