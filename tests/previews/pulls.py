"""A connected service and pull requests of its repository, told as GitHub tells them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.access import Actor
from apps.deployments.models import Deployment
from apps.github.models import Connection, Installation, Repository
from apps.previews import events
from apps.previews.models import Part, Preview
from apps.previews.preferences import set_preference
from apps.previews.refreshing import Followed
from apps.projects.models import Environment, Service
from tests.apps.cast import Shop

REPOSITORY, OTHER = 12_345_678, 999
PERSON = {"id": 99, "login": "octo"}


def sha(text: object) -> str:
    return hashlib.sha1(str(text).encode(), usedforsecurity=False).hexdigest()


@dataclass
class Pulls:
    """`tell` is one delivery; what it led to is kept by service."""

    actor: Actor
    service: Service
    repository: Repository
    clock: datetime = field(default_factory=lambda: timezone.now().replace(microsecond=0, tzinfo=UTC))
    outcomes: list[Followed] = field(default_factory=list)

    def payload(self, action: str, number: int = 12, head: object = "one", **more: Any) -> dict[str, Any]:
        """`fork` True: from another repository; None: from one that is gone. `at`: seconds after the first."""
        fork, at, state = more.pop("fork", False), more.pop("at", None), more.pop("state", "open")
        if at is None:
            self.clock += timedelta(seconds=1)
        moment = self.clock if at is None else self.clock + timedelta(seconds=at)
        repo = {"id": OTHER if fork else REPOSITORY, "full_name": "mallory/shop" if fork else "acme/shop"}
        pull = {
            "number": number, "state": state, "title": "Be polite", "draft": False, "merged_at": None,
            "updated_at": moment.isoformat().replace("+00:00", "Z"), "user": {"id": 7, "login": "octo"},
            "head": {"ref": "polite", "sha": sha(head), "repo": None if fork is None else repo},
            "base": {"ref": "main", "sha": sha("base"), "repo": {"id": REPOSITORY, "full_name": "acme/shop"}},
        }  # fmt: skip
        return {
            "action": action, "number": number, "pull_request": {**pull, **more}, "sender": PERSON,
            "repository": {"id": REPOSITORY, "full_name": "acme/shop"},
        }  # fmt: skip

    def tell(self, action: str, number: int = 12, head: object = "one", **more: Any) -> list[Followed]:
        found: list[Followed] = []
        events.pull_request(self.payload(action, number, head, **more), found.append)
        self.outcomes = found
        return found

    def close(self, number: int = 12, head: object = "one", **more: Any) -> list[Followed]:
        return self.tell("closed", number, head, state="closed", **more)

    def skip(self) -> str:
        """Why the last one led to nothing."""
        (row,) = self.outcomes
        assert row.deployment is None
        return f"{row.code}: {row.reason}"

    def turn_on(self, service: Service | None = None, **told: Any) -> None:
        set_preference(actor=self.actor, service=service or self.service, **{"is_on": True, **told})

    def preview(self, number: int = 12) -> Preview:
        return Preview.objects.select_related("environment", "project", "repository").get(number=number)

    def environments(self) -> list[str]:
        rows = Environment.objects.filter(project=self.service.project, kind="preview")
        return sorted(rows.values_list("slug", flat=True))

    def deployments(self, service: Service | None = None) -> list[tuple[str, str, str]]:
        """Environment, commit and state, oldest first."""
        rows = Deployment.objects.filter(service=service or self.service, trigger="pull").select_related("environment")
        return [(row.environment.slug, row.commit, row.status) for row in rows.order_by("created_at")]

    def part(self, number: int = 12) -> Part:
        return Part.objects.get(preview__number=number, service=self.service)


@pytest.fixture
def repository(db: None) -> Repository:
    place = Installation.objects.create(github_id=55, account_login="acme", account_id=1)
    return Repository.objects.create(github_id=REPOSITORY, installation=place, full_name="acme/shop")


@pytest.fixture
def pulls(shop: Shop, alice: Any, repository: Repository) -> Pulls:
    Connection.objects.create(service=shop.service, repository=repository)
    found = Pulls(alice.actor, shop.service, repository)
    found.turn_on()
    return found


def make_preview(shop: Shop) -> Preview:
    """A fork's pull request that waits, of Alice's service: for the walks over every page."""
    place, _ = Installation.objects.get_or_create(github_id=55, defaults={"account_login": "acme", "account_id": 1})
    repository, _ = Repository.objects.get_or_create(
        github_id=REPOSITORY, defaults={"installation": place, "full_name": "acme/shop"}
    )
    told = {
        "title": "Be polite", "author": "octo", "base_branch": "main", "head_branch": "polite",
        "head_sha": sha("one"), "is_fork": True, "told_at": timezone.now(),
    }  # fmt: skip
    row, _ = Preview.objects.get_or_create(project=shop.project, repository=repository, number=12, defaults=told)
    Part.objects.get_or_create(
        preview=row,
        service=shop.service,
        defaults={"state": "waiting", "reason": "It comes from a fork.", "at": row.told_at},
    )
    return row
