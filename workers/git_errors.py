"""What git's own words mean, as errors that a person can act on. Pure: lines in, error out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from workers.errors import PlatformError, SlipwayError, UserError
from workers.git_remote import host_of

MISSING_REF = re.compile(r"couldn't find remote ref", re.IGNORECASE)
MISSING_COMMIT = re.compile(r"not our ref|unadvertised object|remote error: upload-pack: not our", re.IGNORECASE)
DUMB_SERVER = re.compile(r"dumb http transport does not support shallow", re.IGNORECASE)

# (what git prints, code, sentence with {host}, what to do, whether another attempt may succeed)
USER_CAUSES: tuple[tuple[str, str, str, str, bool], ...] = (
    (
        r"host key verification failed|host identification has changed",
        "source:user:host-key-changed",
        "{host} shows another host key than the one that is pinned for it.",
        "Ask its operator. When they changed it, forget the pinned one on the service's page Source; if they did not, "
        "somebody stands in between.",
        False,
    ),
    (
        r"permission denied \((publickey|[a-z,-]*publickey)",
        "source:user:key-refused",
        "{host} does not accept this service's deploy key.",
        "Add the public key of the service's page Source to the repository's deploy keys, for reading.",
        False,
    ),
    (
        r"could not resolve hostname",
        "source:user:host-unknown",
        "The host name {host} cannot be resolved, so the repository cannot be reached.",
        "Check the spelling of the address and the DNS server of this machine.",
        True,
    ),
    (
        r"terminal prompts disabled|authentication failed|returned error: 40[13]|could not read (username|password)",
        "source:user:private",
        "The repository on {host} is private, or the token may not read it.",
        "Give a token that may read the repository's contents, or check the one given.",
        False,
    ),
    (
        r"returned error: 404|repository .*not found",
        "source:user:repository-not-found",
        "There is no such repository on {host}, or it is private.",
        "Check the address; for a private repository give a token that may read it.",
        False,
    ),
    (
        r"returned error: 30\d|url base from redirection|redirect",
        "source:user:redirected",
        "{host} answers that the repository is at another address; redirects are not followed.",
        "Open the address in a browser and use the one that it ends at.",
        False,
    ),
    (
        r"connection (refused|closed by)|failed to connect|couldn't connect|no route to host|network is unreachable",
        "source:user:unreachable",
        "{host} refuses connections or cannot be reached.",
        "Check the address and port, and that the server runs.",
        True,
    ),
    (
        r"timed out|too slow|less than \d+ bytes|empty reply|connection reset|early eof|hung up unexpectedly",
        "source:user:stalled",
        "The transfer from {host} stalled.",
        "Try again; when it stays so, check the server and the network in between.",
        True,
    ),
    (
        r"certificate|ssl_error|gnutls|ssl routines",
        "source:user:certificate",
        "The certificate of {host} is not trusted by this machine.",
        "Add the authority to this machine's CA bundle, or mend the server's certificate.",
        False,
    ),
    (
        r"not a git repository|does not appear to be a git|not valid: is this a git|repository .* does not exist",
        "source:user:not-git",
        "What answers on {host} at this address is not a git repository.",
        "Use the address that `git clone` takes.",
        False,
    ),
    (
        r"could not read from remote repository",
        "source:user:repository-not-found",
        "{host} gives no such repository, or not to this service.",
        "Check the address, and that the repository has the service's deploy key.",
        False,
    ),
)


def error_of(lines: Sequence[str], url: str) -> SlipwayError:
    """The error for a failed git command that spoke with `url`."""
    host = host_of(url) or "this machine"
    text = "\n".join(lines)
    if re.search(r"no space left|disk quota", text, re.IGNORECASE):
        return PlatformError("git:platform:disk-full", "The disk is full.", hint="Free some space and deploy again.")
    if "ssh: not installed" in text:
        return PlatformError(
            "git:platform:no-ssh", "ssh is not installed on this machine.", hint="apt-get install openssh-client",
            retry=False,
        )  # fmt: skip
    for pattern, code, sentence, hint, retry in USER_CAUSES:
        if re.search(pattern, text, re.IGNORECASE):
            return UserError(code, sentence.format(host=host), hint=hint, retry=retry)
    if re.search(r"returned error: 5\d\d", text):
        return PlatformError("git:platform:server", f"{host} has trouble of its own.", hint="Try again later.")
    last = next((line for line in reversed(lines) if line.strip()), "it said nothing")
    return PlatformError("git:platform:failed", f"git failed: {last}", hint="See the log for all that it said.")


def branch_missing(branch: str, branches: Sequence[str]) -> UserError:
    if not branches:
        return UserError(
            "source:user:repository-empty",
            "The repository is empty: it has no branch yet.",
            hint="Push a commit first.",
        )
    near = get_close_matches(branch, branches, n=3, cutoff=0.5) or list(branches[:5])
    return UserError(
        "source:user:branch-missing",
        f"The repository has no branch {branch!r}.",
        hint=f"Branches that it has: {', '.join(near)}.",
    )


def commit_missing(commit: str) -> UserError:
    return UserError(
        "source:user:commit-missing",
        f"The repository has no commit {commit[:7]}.",
        hint="It may have been replaced by a forced push; deploy the branch instead.",
    )


def ref_invalid(ref: str) -> UserError:
    return UserError(
        "source:user:ref-invalid", f"{ref!r} is not the head of a pull request.", hint="It looks as refs/pull/12/head."
    )
