"""How the checks of a commit stand, as one word. Pure: not in charge of reading them (`asking`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

OURS = "slipway/"  # The contexts of the statuses that this product itself sets: `apps.feedback.naming`.
GOOD = frozenset({"success", "neutral", "skipped"})


class Word(StrEnum):
    WAITING = "waiting"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True)
class Check:
    """`said` is the server's own word for it. `app_id` 0: a commit status."""

    name: str
    word: Word
    said: str = ""
    app_id: int = 0

    @classmethod
    def of_run(cls, name: str, status: str, conclusion: str, app_id: int) -> Check:
        if status != "completed":
            return cls(name, Word.WAITING, status, app_id)
        return cls(name, Word.GOOD if conclusion in GOOD else Word.BAD, conclusion, app_id)

    @classmethod
    def of_status(cls, context: str, state: str) -> Check:
        words = {"success": Word.GOOD, "pending": Word.WAITING}
        return cls(context, words.get(state, Word.BAD), state)


@dataclass(frozen=True)
class Standing:
    """`word` None: there is no check of others."""

    word: Word | None
    sentence: str


def standing_of(checks: Sequence[Check], own_app_id: int = 0) -> Standing:
    """One that failed decides at once; all must have succeeded. What this product itself reports does not count."""
    others = [check for check in checks if not _is_ours(check, own_app_id)]
    if not others:
        return Standing(None, "It has no checks yet.")
    bad = [check for check in others if check.word == Word.BAD]
    if bad:
        more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
        return Standing(Word.BAD, f"Its check {bad[0].name[:100]} ended as {bad[0].said[:30] or 'failed'}{more}.")
    done = sum(check.word == Word.GOOD for check in others)
    if done == len(others):
        return Standing(Word.GOOD, f"All {done} checks succeeded." if done > 1 else "Its check succeeded.")
    waiting = next(check for check in others if check.word == Word.WAITING)
    return Standing(Word.WAITING, f"{done} of {len(others)} checks done; {waiting.name[:100]} is {waiting.said[:30]}.")


def _is_ours(check: Check, own_app_id: int) -> bool:
    if check.app_id:
        return check.app_id == own_app_id
    return check.name.startswith(OURS)
