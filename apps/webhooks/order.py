"""Which of two pushes is the newer one. Decided by what was received.

Each push says where its branch was before and is after: these are edges of a chain. The chain decides where it says one
thing. Where it has a gap or a circle (a branch that was forced back), the moment of the push decides, which GitHub's
clock gave. Where that is the same too, the branch's head decides, for which GitHub is asked; while it cannot be, the push
that is heard of last is taken for the newer one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from apps.webhooks.models import Outcome
from apps.webhooks.push import TAG, Push, is_nothing
from apps.webhooks.tracking import Tracked
from apps.webhooks.verdicts import NOT_TAKEN, Code, Skip

REMEMBERED = 300

Edges = Iterable[tuple[str, str]]


def older(tracked: Tracked, push: Push, *, head: str = "", is_replay: bool = False) -> Skip | None:
    """None: it is newer than what was taken before. A replay may take the same again. Call with the service locked.

    `head`: the commit that the branch leads to, when GitHub was asked because it is unclear.
    """
    known, last = _known(tracked, push)
    if last is None:
        return None
    if (last.ref, last.before, last.commit) == (push.ref, push.before, push.commit):
        return None if is_replay else Skip(Code.SAME, f"This push of {_name(push)} was taken already.")
    verdict = is_newer(push, last, _edges(known))
    if verdict is None:
        verdict = head != last.commit or not head
    return None if verdict else Skip(Code.OLDER, f"A newer push, {_name(last)}, was taken already.")


def is_unclear(tracked: Tracked, push: Push) -> bool:
    """Whether only the branch's head can tell."""
    known, last = _known(tracked, push)
    return bool(last is not None and push.branch and is_newer(push, last, _edges(known)) is None)


def _known(tracked: Tracked, push: Push) -> tuple[list[Outcome], Outcome | None]:
    """Pushes to the branch, or of tags, and the newest that was taken."""
    rows = Outcome.objects.filter(**tracked.row)
    rows = rows.filter(ref__startswith=TAG) if push.tag else rows.filter(ref=push.ref)
    known = list(rows.order_by("-created_at")[:REMEMBERED])
    return known, next((row for row in known if row.code not in NOT_TAKEN), None)


def _edges(known: list[Outcome]) -> list[tuple[str, str]]:
    return [(row.before, row.commit) for row in known]


def is_newer(push: Push, last: Outcome, edges: Edges) -> bool | None:
    """Pure; None: it is unclear. `edges` are (before, after) of all known pushes to the branch."""
    if not push.tag:  # Tags have no chain: each is a ref of its own.
        follows = leads(last.commit, push.before, edges)
        precedes = leads(push.commit, last.before, edges)
        if follows != precedes:
            return follows
    if push.pushed_at is None or last.pushed_at is None or push.pushed_at == last.pushed_at:
        return None
    return push.pushed_at > last.pushed_at


def leads(start: str, goal: str, edges: Edges) -> bool:
    """Whether pushes took a branch from one commit to another. What was not there leads to what was not there."""
    if is_nothing(start) or is_nothing(goal):
        return is_nothing(start) and is_nothing(goal)
    after = defaultdict(set)
    for before, commit in edges:
        after[before].add(commit)
    seen, ahead = set(), [start]
    while ahead:
        here = ahead.pop()
        if here == goal:
            return True
        if here not in seen and not is_nothing(here):
            seen.add(here)
            ahead += after[here]
    return False


def _name(told: Push | Outcome) -> str:
    return f"commit {told.commit[:7]}" if told.commit else "its deletion"
