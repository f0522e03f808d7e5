"""Step fetch: a commit of a repository, laid out in the workspace's scratch folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from workers import git
from workers.build.job import Checkout, Report, Source, Workspace
from workers.deploy_key import laid_out
from workers.errors import UserError
from workers.file_lock import locked
from workers.git_refs import check_branch
from workers.git_remote import Remote, check_url


def fetch(
    source: Source,
    workspace: Workspace,
    report: Report,
    *,
    allowed_files: Path | None = None,
    allow_private: bool = True,
) -> Checkout:
    """Raises UserError `source:user:...` for what is wrong with the address, branch or commit."""
    cache = workspace.cache / "git"
    top = workspace.scratch / "source"
    wanted = source.commit or check_branch(source.branch)
    with (
        reachable(
            source, workspace.scratch / "ssh", allowed_files=allowed_files, allow_private=allow_private
        ) as remote,
        locked(workspace.cache / "git.lock", report.check),
    ):
        report.command(git.fetch_argv(cache, remote.url, wanted))
        revision = git.fetch(
            cache,
            remote,
            branch=source.branch,
            commit=source.commit,
            ref=source.ref,
            token=source.token,
            check=report.check,
        )
        commit = git.check_out(cache, revision, top, workspace.scratch / "index", check=report.check)
    (workspace.scratch / "index").unlink(missing_ok=True)
    report.line(f"Fetched {commit.sha[:7]} {commit.subject} ({commit.author})")
    folder = root_directory(top, source.root_directory)
    host_key = remote.identity.host_key if remote.identity else ""
    return Checkout(top, folder, commit.sha, commit.subject, commit.author, host_key)


@contextmanager
def reachable(
    source: Source, folder: Path, *, allowed_files: Path | None = None, allow_private: bool = True
) -> Iterator[Remote]:
    """The checked address of a source; for ssh with its key laid out in `folder`, which is gone afterwards."""
    remote = check_url(source.url, allowed_files=allowed_files, allow_private=allow_private)
    if source.key is None or not remote.is_ssh:
        yield remote
        return
    with laid_out(source.key, folder) as identity:
        yield replace(remote, identity=identity)


def root_directory(top: Path, name: str) -> Path:
    """The folder `name` of a checkout, links resolved and beneath it. A leading slash means the repository's top."""
    top = top.resolve()
    folders = sorted(entry.name for entry in top.iterdir() if entry.is_dir())
    try:
        folder = (top / name.strip().lstrip("/")).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # A loop of links, or a name that no file can have.
        raise root_directory_missing(name, folders) from error
    if not folder.is_relative_to(top):
        raise root_directory_outside(name)
    if not folder.is_dir():
        raise root_directory_missing(name, folders)
    return folder


def root_directory_outside(name: str) -> UserError:
    return UserError(
        "build:user:root-directory-outside",
        f"The root directory {name!r} leads out of the repository.",
        hint="Give a folder of the repository, without .. and without links that leave it.",
    )


def root_directory_missing(name: str, folders: Sequence[str]) -> UserError:
    """`folders` are those at the repository's top."""
    return UserError(
        "build:user:root-directory-missing",
        f"The repository has no folder {name!r}.",
        hint=f"Folders at its top: {', '.join(sorted(folders)[:20]) or 'none'}.",
    )
