"""The comment on a pull request, compared whole; nothing that people wrote is markup in it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.deployments.states import Status
from apps.feedback.comment import WORDS, Row, body_of, marker_of, plain

AT = datetime(2026, 11, 21, 11, 2, 5, tzinfo=UTC)
MARK = marker_of("deadbeef", 4711, 12)
LIVE = Row(
    "shop/web", "live", AT, "https://web-pr-12.example.com", "https://slipway.example/deployments/1", "", "a" * 40
)
HEAD = f"{MARK}\n| Service | Status | Preview | Logs | Updated |\n|---|---|---|---|---|\n"


def test_it_shows_every_service_in_one_table() -> None:
    rows = [
        Row("shop/worker", "building", AT, page="https://slipway.example/deployments/2", commit="b" * 40),
        LIVE,
        Row("shop/admin", "refused", AT, reason="There are 3 previews already; close one."),
        Row(
            "shop/api",
            "failed",
            AT,
            "https://api.example.com",
            "https://slipway.example/deployments/3",
            "No Dockerfile.",
        ),
        Row("shop/docs", "waiting", AT, reason="Waits for a maintainer's approval of this commit."),
        Row("shop/zoo", "removed", AT),
    ]
    assert body_of(rows, MARK) == HEAD + (
        "| shop/admin | ⚠️ Not deployed |  |  | 2026-11-21 11:02 UTC |\n"
        "| shop/api | ❌ Failed |  | [Open](https://slipway.example/deployments/3) | 2026-11-21 11:02 UTC |\n"
        "| shop/docs | ⏸️ Waits |  |  | 2026-11-21 11:02 UTC |\n"
        "| shop/web | ✅ Live `aaaaaaa` | [web-pr-12.example.com](https://web-pr-12.example.com)"
        " | [Open](https://slipway.example/deployments/1) | 2026-11-21 11:02 UTC |\n"
        "| shop/worker | ⏳ Building `bbbbbbb` |  | [Open](https://slipway.example/deployments/2) | 2026-11-21 11:02 UTC |\n"
        "| shop/zoo | ⚪ Removed |  |  | 2026-11-21 11:02 UTC |\n"
        "\n**shop/admin**: There are 3 previews already; close one.\n"
        "\n**shop/api**: No Dockerfile.\n"
        "\n**shop/docs**: Waits for a maintainer's approval of this commit.\n"
    )


def test_it_has_a_word_for_every_status() -> None:
    assert set(WORDS) == {*Status, "waiting", "refused", "removed"}


def test_it_stays_within_what_a_comment_may_hold() -> None:
    address = "https://slipway.example/" + "x" * 60
    for reason in ("y" * 9000, "|" * 9000, "#1@a" * 3000):
        rows = [Row(f"shop/{n:04}", "failed", AT, page=address, reason=reason) for n in range(400)]
        body = body_of(rows, MARK)
        assert len(body) < 65_536
        assert "And 340 more." in body


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b\nc", r"a\|b c"),
        ("ask @octocat", "ask @\u200boctocat"),
        ("see #12 and GH-12", "see \\#\u200b12 and GH\u200b-12"),
        ("<img src=x>", r"\<img src=x\>"),
        ("https://evil.example www.evil.example", "https\u200b://evil.example www\u200b.evil.example"),
        ("[x](y) `z` **b** _i_ ~s~ $m$ ![p]", r"\[x\]\(y\) \`z\` \*\*b\*\* \_i\_ \~s\~ \$m\$ \!\[p\]"),
        ("--> <!-- slipway", r"--\> \<\!-- slipway"),
        ("&lt;", r"\&lt;"),
    ],
)  # fmt: skip
def test_it_shows_what_people_wrote_as_it_is(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_it_lets_no_address_break_out_of_its_link() -> None:
    odd = Row("shop/web", "live", AT, "https://a.example/x) [y](https://evil.example", "https://s/|")
    assert "](https://a.example/x%29%20%5By%5D%28https://evil.example)" in body_of([odd], MARK)
    assert body_of([odd], MARK).splitlines()[3].count("|") == 6
