"""What GitHub answers of what is in a repository, as far as we read it. As `apps.github.answers`."""

from __future__ import annotations

from pydantic import Field

from apps.github.answers import Told


class AuthorTold(Told):
    name: str = ""


class ObjectTold(Told):
    sha: str


class CommitTold(Told):
    """Of `/git/commits/{sha}`."""

    message: str = ""
    author: AuthorTold | None = None
    tree: ObjectTold


class BranchTold(Told):
    """Of `/branches` and `/branches/{name}`: a branch, and the id of its newest commit."""

    name: str
    commit: ObjectTold


class EntryTold(Told):
    path: str
    mode: str = "100644"
    sha: str = ""
    size: int | None = None


class TreeTold(Told):
    tree: list[EntryTold]
    truncated: bool = False


class BlobTold(Told):
    content: str = Field(repr=False)
    encoding: str = "base64"
