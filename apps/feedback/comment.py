"""The comment on a pull request, as Markdown: one table of its services, and why something failed or is not there. Pure.

Names and sentences come from repositories and people, so nothing of them is Markdown, HTML, or calls somebody.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from apps.feedback.pictures import short

MOST_ROWS = 60
MOST_LETTERS = 300  # Twice as many when all of them are special. A comment may hold 65,536.
SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~&$])")
# GitHub makes links of these by itself, tells people that they were mentioned, and issues that they were.
CALLS = re.compile(r"@(?=\w)|#(?=\d)|(?<=\w)(?=://)|(?<=www)(?=\.)|(?<=\b[gG][hH])(?=-\d)")
NOTHING = "\u200b"

WORDS = {
    "pending": "⏳ Waiting",
    "building": "⏳ Building",
    "deploying": "⏳ Deploying",
    "live": "✅ Live",
    "failed": "❌ Failed",
    "cancelled": "⚪ Cancelled",
    "superseded": "⚪ Replaced",
    "waiting": "⏸️ Waits",
    "refused": "⚠️ Not deployed",
    "removed": "⚪ Removed",
}


@dataclass(frozen=True)
class Row:
    """A service of the pull request. `status` is a key of `WORDS`, `reason` a sentence where there is one to say."""

    name: str
    status: str
    at: datetime
    url: str = ""
    page: str = ""
    reason: str = ""
    commit: str = ""


def marker_of(instance: str, repository: int, number: int) -> str:
    """By this our comment is found again. An HTML comment is not shown."""
    return f"<!-- slipway {instance} {repository} {number} -->"


def body_of(rows: Sequence[Row], marker: str) -> str:
    shown = sorted(rows, key=lambda row: row.name)[:MOST_ROWS]
    lines = [marker, "| Service | Status | Preview | Logs | Updated |", "|---|---|---|---|---|"]
    lines += [_line(row) for row in shown]
    if len(rows) > len(shown):
        lines += ["", f"And {len(rows) - len(shown)} more."]
    reasons = [f"**{plain(row.name)}**: {plain(short(row.reason, MOST_LETTERS))}" for row in shown if row.reason]
    return "\n".join([*lines, *(part for reason in reasons for part in ("", reason)), ""])


def _line(row: Row) -> str:
    status = WORDS[row.status] + (f" `{row.commit[:7]}`" if row.commit else "")
    preview = _link(urlsplit(row.url).netloc, row.url) if row.url and row.status == "live" else ""
    logs = _link("Open", row.page) if row.page else ""
    at = f"{row.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"| {plain(row.name)} | {status} | {preview} | {logs} | {at} |"


def _link(words: str, url: str) -> str:
    return f"[{plain(words)}]({quote(url, safe=':/?=&%@,;.~-_')})"


def plain(text: str) -> str:
    """Shown as it is: no markup, no mention, no link, no line end."""
    line = " ".join(text.split())
    return SPECIAL.sub(r"\\\1", CALLS.sub(lambda found: found[0] + NOTHING, line))
