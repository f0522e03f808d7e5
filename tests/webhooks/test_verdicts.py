"""Why a push is not deployed: markers, settings, files."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.projects.models import Service
from apps.webhooks.push import Push
from apps.webhooks.verdicts import Code, Skip, marker_in, skip_of
from tests.webhooks.deliveries import A, B

MAIN = "refs/heads/main"


def a_push(message: str = "Greet", files: list[str] | None = None, **more: object) -> Push:
    told = {"ref": MAIN, "before": A, "commit": B, "message": message}
    return Push(**{**told, "files": None if files is None else frozenset(files), **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("message", "marker"),
    [
        ("Greet", ""),
        ("Greet [skip ci]", "[skip ci]"),
        ("[CI SKIP] greet", "[CI SKIP]"),
        ("x\n\nmore [no ci] here", "[no ci]"),
        ("[skip deploy]", "[skip deploy]"),
        ("[skip actions]", "[skip actions]"),
        ("[actions skip]", "[actions skip]"),
        ("skip ci", ""),
        ("[skipci]", ""),
        ("x\n\nBody\n\nskip-checks: true", "skip-checks: true"),
        ("x\n\nBody\n\n\nSkip-Checks:true\n", "Skip-Checks:true"),
        ("x\n\nSigned-off-by: A\nskip-checks: true", "skip-checks: true"),
        ("skip-checks: true", ""),
        ("x\n\nskip-checks: true\n\nmore", ""),
        ("x\n\nskip-checks: false", ""),
    ],
)
def test_it_finds_what_asks_for_no_deployment(message: str, marker: str) -> None:
    assert marker_in(message) == marker


PAUSED = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


COMPOSED = {"root_directory": "web", "compose": {"file": "compose.yml"}, "compose_said": {"folder": "deploy"}}


@pytest.mark.parametrize(
    ("settings", "push", "skip"),
    [
        ({}, a_push(), None),
        ({"name": "web", "image": "nginx"}, a_push(), Skip(Code.OFF, "web comes from the image nginx, not from git.")),
        ({"auto_deploy": False}, a_push(), Skip(Code.OFF, "Deploy on push is off in the service's settings.")),
        ({"auto_deploy": False}, a_push(ref="refs/tags/v1"), None),
        ({"auto_deploy_paused_at": PAUSED}, a_push(),
         Skip(Code.PAUSED, "Auto-deploy is paused since 21 Nov 10:30 UTC.")),
        ({}, a_push("x [skip ci]"), Skip(Code.MESSAGE, "The commit's message says [skip ci].")),
        ({}, a_push(commit="", is_deleted=True),
         Skip(Code.DELETED, "The branch main was deleted. What runs goes on running; choose another branch in Settings.")),
        ({}, a_push(ref="refs/tags/v1", commit="", is_deleted=True),
         Skip(Code.DELETED, "The tag v1 was deleted. What runs goes on running.")),
        ({"watch_paths": "src/**"}, a_push(files=["src/a", "b"]), None),
        ({"watch_paths": "src/**"}, a_push(files=None), None),
        ({"watch_paths": "src/**"}, a_push(files=["b"], ref="refs/tags/v1"), None),
        ({"watch_paths": "src/**"}, a_push(files=["e", "d", "c", "b"]),
         Skip(Code.PATHS, "None of the files that changed is watched: b, c, d and 1 more.")),
        ({"root_directory": "web"}, a_push(files=["api/x"]),
         Skip(Code.PATHS, "None of the files that changed is watched: api/x.")),
        (COMPOSED, a_push(files=["deploy/compose.yml"]), None),
        (COMPOSED | {"watch_paths": "!deploy/**"}, a_push(files=["deploy/compose.yml"]),
         Skip(Code.PATHS, "None of the files that changed is watched: deploy/compose.yml.")),
        (COMPOSED | {"compose_said": {"folder": "a", "files": ["a/compose.yml", "b/base.yml"]}},
         a_push(files=["b/base.yml"]), None),
        (COMPOSED, a_push(files=["compose.yml"]),
         Skip(Code.PATHS, "None of the files that changed is watched: compose.yml.")),
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_it_says_why_in_a_sentence(settings: dict[str, object], push: Push, skip: Skip | None) -> None:
    assert skip_of(Service(**settings), push) == skip


def test_files_do_not_count_after_a_push_that_was_kept_back() -> None:
    service, push = Service(watch_paths="src/**"), a_push(files=["b"])
    assert skip_of(service, push) is not None
    assert skip_of(service, push, kept_back=True) is None
