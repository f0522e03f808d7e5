"""Names of branches, pull requests and commits, so that none can be taken for an option or another ref. Pure."""

from __future__ import annotations

import re

from workers.errors import UserError
from workers.git_errors import ref_invalid

SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
PULL = re.compile(r"refs/pull/[1-9][0-9]{0,9}/head")
# From git-check-ref-format(1).
BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^/|/$|\.$|^\.|/\.|\.lock$|\.lock/")


def check_branch(branch: str) -> str:
    """The full ref of a branch, so that no name can be taken for an option or another ref; "" is the default branch."""
    if not branch:
        return "HEAD"
    if BAD_REF.search(branch) or len(branch) > 250:
        raise UserError(
            "source:user:branch-invalid",
            f"{branch!r} is not a name that a branch can have.",
            hint="Check the spelling.",
        )
    return f"refs/heads/{branch}"


def check_pull(ref: str) -> str:
    """The head of a pull request, which a server keeps in the repository that it is for, also when it is from a fork."""
    if not PULL.fullmatch(ref):
        raise ref_invalid(ref)
    return ref


def check_commit(commit: str) -> str:
    if not SHA.fullmatch(commit):
        raise UserError(
            "source:user:commit-invalid", f"{commit!r} is not a full commit id.", hint="Use all 40 hexadecimal digits."
        )
    return commit
