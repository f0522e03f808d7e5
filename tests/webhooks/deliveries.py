"""Deliveries as git servers send them, signed, and a service that follows a repository of GitHub."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from functools import cache
from typing import Any

import pytest
from django.test import Client

from apps.deployments.models import Deployment
from apps.github.models import Connection, GitHubApp, Installation, Repository
from apps.projects.models import Service
from apps.webhooks import handling
from apps.webhooks.models import Delivery, Outcome
from tests.apps.cast import Shop

SECRET = "a webhook secret of nobody"
APP_ID, REPOSITORY, INSTALLATION = 4711, 12_345_678, 55
A, B, C, D = ("a" * 40, "b" * 40, "c" * 40, "d" * 40)
NOTHING = "0" * 40
GITHUB = "/api/webhooks/github"


@pytest.fixture
def app(db: None) -> GitHubApp:
    return GitHubApp.objects.create(
        app_id=APP_ID, slug="slipway", name="Slipway", client_id="Iv1.x", client_secret="x", webhook_secret=SECRET,
        private_key="x",
    )  # fmt: skip


@pytest.fixture
def repository(app: GitHubApp) -> Repository:
    place = Installation.objects.create(github_id=INSTALLATION, account_login="acme", account_id=1)
    return Repository.objects.create(github_id=REPOSITORY, installation=place, full_name="acme/shop")


@pytest.fixture
def service(shop: Shop, repository: Repository) -> Service:
    """Alice's service, which follows main of acme/shop."""
    Connection.objects.create(service=shop.service, repository=repository)
    return shop.service


def commit(sha: str, message: str = "Greet politely", **files: list[str]) -> dict[str, Any]:
    return {
        "id": sha, "tree_id": sha, "distinct": True, "message": message, "timestamp": "2026-11-21T10:00:00Z",
        "url": f"https://github.example/acme/shop/commit/{sha}", "author": {"name": "Alice", "email": "a@example.com"},
        "committer": {"name": "Alice", "email": "a@example.com"},
        "added": [], "removed": [], "modified": ["app.py"], **files,
    }  # fmt: skip


def push(before: str = A, after: str = B, *, message: str = "Greet politely", **more: Any) -> dict[str, Any]:
    """GitHub's payload of a push of one commit to main. `files` are those that it changed."""
    files = more.pop("files", ["app.py"])
    at = more.pop("pushed_at", 1_790_000_000)
    head = None if after == NOTHING else commit(after, message, modified=files)
    return {
        "ref": "refs/heads/main", "before": before, "after": after, "created": before == NOTHING,
        "deleted": after == NOTHING, "forced": False, "base_ref": None, "compare": "https://github.example/compare",
        "commits": [head] if head else [], "head_commit": head, "pusher": {"name": "octo", "email": None},
        "repository": {"id": REPOSITORY, "full_name": "acme/shop", "pushed_at": at},
        "sender": {"id": 99, "login": "octo"}, "installation": {"id": INSTALLATION, "node_id": "x"}, **more,
    }  # fmt: skip


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def headers_of(body: bytes, event: str = "push", **more: str) -> dict[str, str]:
    """As GitHub's own: names with `_` for `-`, `None` leaves one out."""
    told = {
        "X-GitHub-Event": event, "X-GitHub-Delivery": str(uuid.uuid4()), "X-Hub-Signature-256": signature(body),
        "X-GitHub-Hook-Installation-Target-ID": str(APP_ID),
        "X-GitHub-Hook-Installation-Target-Type": "integration", "X-GitHub-Hook-ID": "1",
        "User-Agent": "GitHub-Hookshot/044aadd",
    }  # fmt: skip
    told |= {name.replace("_", "-"): value for name, value in more.items()}
    return {name: value for name, value in told.items() if value}


@cache
def _client() -> Client:
    """Every new one would load all middleware anew."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


def post(body: bytes, url: str = GITHUB, content_type: str = "application/json", **headers: str) -> Any:
    return _client().post(url, body, content_type=content_type, headers=headers)


def deliver(payload: dict[str, Any], event: str = "push", **more: str) -> Delivery:
    """Sent, taken and handled: the row as it is then."""
    body = json.dumps(payload).encode()
    headers = headers_of(body, event, **more)
    answer = post(body, **headers)
    assert answer.status_code == 202, answer.content
    handling.handle_waiting()
    return Delivery.objects.get(delivery_id=headers["X-GitHub-Delivery"])


def outcome(delivery: Delivery) -> Outcome:
    return Outcome.objects.select_related("deployment", "service").get(delivery=delivery)


def pushed(service: Service) -> list[Deployment]:
    """The deployments that pushes made, oldest first."""
    return list(Deployment.objects.filter(service=service, trigger="push").order_by("created_at"))
