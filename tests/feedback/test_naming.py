"""Names at GitHub: a readable list of environments, and contexts that never meet."""

from __future__ import annotations

import pytest

from apps.feedback.naming import Called, context_of, environment_of, label_of

WEB, WORKER = Called("acme", "shop", "web"), Called("acme", "shop", "worker")


def test_it_calls_a_service_by_its_project() -> None:
    assert label_of(WEB, [WEB, WORKER]) == "shop/web"


def test_it_tells_two_teams_apart() -> None:
    theirs = Called("bolt", "shop", "web")
    assert [label_of(each, [WEB, WORKER, theirs]) for each in (WEB, WORKER, theirs)] == [
        "acme/shop/web", "shop/worker", "bolt/shop/web",
    ]  # fmt: skip


def test_it_leaves_a_name_to_who_has_it() -> None:
    assert label_of(WEB, [WEB], {"shop/web"}) == "acme/shop/web"


@pytest.mark.parametrize(
    ("slug", "is_preview", "alone", "among_others"),
    [
        ("production", False, "production", "production (shop/web)"),
        ("staging", False, "staging", "staging (shop/web)"),
        ("pr-12", True, "preview", "preview (shop/web)"),
    ],
)
def test_it_keeps_the_list_of_environments_short(slug: str, is_preview: bool, alone: str, among_others: str) -> None:
    assert environment_of(slug, is_preview=is_preview, label="shop/web", is_plain=True) == alone
    assert environment_of(slug, is_preview=is_preview, label="shop/web", is_plain=False) == among_others


def test_it_gives_a_commit_one_status_a_service() -> None:
    assert context_of("production", is_preview=False, label="shop/web") == "slipway/shop/web"
    assert context_of("pr-12", is_preview=True, label="shop/web") == "slipway/shop/web"
    assert context_of("staging", is_preview=False, label="shop/web") == "slipway/shop/web/staging"
