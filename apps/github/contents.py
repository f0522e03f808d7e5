"""What a repository at GitHub holds: branches, a branch's newest commit, its tree, single files. Nothing is cloned.

Not in charge of what files mean (`workers.build`) or of who may look (the client's credential decides).
"""

from __future__ import annotations

import base64
import binascii
import time
from collections import deque
from dataclasses import dataclass, field

from apps.github.answers_git import BlobTold, BranchTold, CommitTold, EntryTold, TreeTold
from apps.github.client import Client, at
from apps.github.errors import Garbled, NotThere, Refused
from workers.build.files import SKIPPED
from workers.build.git_tree import Entries, Entry, TreeFiles
from workers.errors import UserError
from workers.git_errors import branch_missing

MOST_BRANCHES = 300
MOST_TREES = 60  # Requests for the folders of a repository whose tree GitHub cuts short.
MOST_READS = 100
MOST_BYTES = 8 * 1024 * 1024
SECONDS = 20.0


@dataclass(frozen=True)
class Head:
    """The newest commit of a branch."""

    branch: str
    commit: str
    tree: str
    message: str
    author: str


class TooMuch(UserError):
    """What it is cannot be told by the few files that are read one by one."""

    def __init__(self) -> None:
        super().__init__(
            "source:user:too-much", "Too much of the repository would have to be read to tell what it is.",
            hint="Choose the folder that holds the app as its root directory.", status=422,
        )  # fmt: skip


@dataclass
class Contents:
    """One repository, as one client may see it. Reads at most so much, within so many seconds, counted together."""

    client: Client
    full_name: str
    seconds: float = SECONDS
    _reads: int = field(default=0, init=False)
    _bytes: int = field(default=0, init=False)
    _ends_at: float = field(default=0.0, init=False)

    def branches(self) -> list[str]:
        """Their names, as GitHub orders them."""
        rows = self.client.pages(self._at("/branches"), BranchTold, most=MOST_BRANCHES)
        return [row.name for row in rows]

    def head(self, branch: str) -> Head:
        """Raises UserError `source:user:branch-missing`, naming some that there are, or `...:repository-empty`."""
        try:
            sha = self.client.get(self._at("/branches/{}", branch), BranchTold).commit.sha
        except NotThere as error:
            raise branch_missing(branch, self.branches()) from error
        told = self.client.get(self._at("/git/commits/{}", sha), CommitTold)
        author = told.author.name if told.author else ""
        return Head(branch, sha, told.tree.sha, told.message.partition("\n")[0], author)

    def entries(self, tree: str) -> Entries:
        """Every entry of a tree by its path; of one that GitHub cuts short, the folders nearest to the top."""
        whole = self._tree(tree, recursive=True)
        if not whole.truncated:
            return {row.path: _entry(row) for row in whole.tree}
        found: dict[str, Entry] = {}
        folders = deque([("", tree)])
        for _ in range(MOST_TREES):
            if not folders:
                break
            begin, sha = folders.popleft()
            for row in self._tree(sha, recursive=False).tree:
                found[begin + row.path] = entry = _entry(row)
                if entry.kind == "folder" and row.path not in SKIPPED:
                    folders.append((f"{begin}{row.path}/", row.sha))
        return found

    def files(self, entries: Entries, root_directory: str = "") -> TreeFiles:
        """For an analysis. Raises `TooMuch` when it asks for too many of them."""
        return TreeFiles(entries, self.read, root_directory)

    def read(self, entry: Entry) -> bytes:
        self._count(entry.size)
        told = self.client.get(self._at("/git/blobs/{}", entry.sha), BlobTold)
        if told.encoding != "base64":
            return told.content.encode()
        try:
            return base64.b64decode(told.content)
        except binascii.Error:
            problem = "a file's content"
        raise Garbled(problem)

    def _tree(self, sha: str, *, recursive: bool) -> TreeTold:
        params = {"recursive": "1"} if recursive else {}
        try:
            return self.client.get(self._at("/git/trees/{}", sha), TreeTold, **params)
        except Refused as error:
            if error.github_status != 409:
                raise
            raise branch_missing("", []) from error  # GitHub's answer for a repository without a commit.

    def _count(self, size: int) -> None:
        self._ends_at = self._ends_at or time.monotonic() + self.seconds
        self._reads += 1
        self._bytes += size
        if self._reads > MOST_READS or self._bytes > MOST_BYTES or time.monotonic() > self._ends_at:
            raise TooMuch

    def _at(self, pattern: str, *values: str) -> str:
        owner, _, name = self.full_name.partition("/")
        return at("/repos/{}/{}" + pattern, owner, name, *values)


def _entry(row: EntryTold) -> Entry:
    return Entry.of(row.mode, row.sha, row.size)
