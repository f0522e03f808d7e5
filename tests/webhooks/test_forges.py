"""Each kind of git server: its signature, its headers, its pushes; and a service's own webhook from end to end."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from pydantic import ValidationError

from apps.github.models import Repository
from apps.projects.models import Service
from apps.webhooks import actions, handling
from apps.webhooks.forges import FORGES
from apps.webhooks.forges.base import Facts, moment
from apps.webhooks.models import Delivery, Hook, Kind, Outcome
from apps.webhooks.push import Push
from apps.webhooks.queries import url_of_hook
from apps.webhooks.verdicts import Code
from tests.apps.cast import Person, Shop
from tests.webhooks.deliveries import (
    INSTALLATION,
    NOTHING,
    REPOSITORY,
    A,
    B,
    C,
    commit,
    headers_of,
    outcome,
    post,
    push,
    pushed,
    signature,
)

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)


def gitea(before: str = A, after: str = B, **more: Any) -> dict[str, Any]:
    """As Gitea 1.22 and Forgejo 9 tell a push."""
    head = {k: v for k, v in commit(after).items() if k not in ("tree_id", "distinct")}
    return {
        "ref": "refs/heads/main", "before": before, "after": after, "compare_url": "https://git.example/compare",
        "commits": [] if after == NOTHING else [head], "total_commits": 1, "head_commit": head,
        "repository": {"id": 7, "full_name": "acme/shop", "owner": {"id": 1, "login": "acme"}},
        "pusher": {"id": 3, "login": "octo", "username": "octo"}, "sender": {"id": 3, "login": "octo"}, **more,
    }  # fmt: skip


def gitlab(before: str = A, after: str = B, **more: Any) -> dict[str, Any]:
    """As GitLab tells a push."""
    head = {k: v for k, v in commit(after, "Greet politely\n").items() if k in ("id", "message", "timestamp", "url",
            "author", "added", "modified", "removed")} | {"title": "Greet politely"}  # fmt: skip
    gone = after == NOTHING
    return {
        "object_kind": "push", "event_name": "push", "before": before, "after": after, "ref": "refs/heads/main",
        "ref_protected": True, "checkout_sha": None if gone else after, "user_id": 3, "user_username": "octo",
        "project_id": 7, "project": {"id": 7, "path_with_namespace": "acme/shop", "default_branch": "main"},
        "commits": [] if gone else [head], "total_commits_count": 0 if gone else 1, **more,
    }  # fmt: skip


PUSH = Push(
    ref="refs/heads/main", before=A, commit=B, message="Greet politely", author="Alice", files=frozenset({"app.py"}),
    pushed_at=AT, pusher="octo", repository_id=7, repository_name="acme/shop",
)  # fmt: skip


def test_every_server_tells_the_same_push() -> None:
    assert FORGES["gitea"].push(gitea()) == PUSH
    told = FORGES["gitlab"].push(gitlab())
    assert told.title == PUSH.title
    assert told == Push(**{**vars(PUSH), "message": "Greet politely\n"})
    theirs = FORGES["github"].push(
        push(repository={"id": 7, "full_name": "acme/shop", "pushed_at": int(AT.timestamp())})
    )
    assert theirs == Push(**{**vars(PUSH), "pusher_id": 99})


@pytest.mark.parametrize(("name", "payload"), [("gitea", gitea), ("gitlab", gitlab), ("github", push)])
def test_every_server_tells_of_an_end_and_a_beginning(name: str, payload: Any) -> None:
    gone, new = FORGES[name].push(payload(A, NOTHING)), FORGES[name].push(payload(NOTHING, B))
    assert (gone.is_deleted, gone.commit, gone.files, gone.is_comparable) == (True, "", None, False)
    assert (new.is_created, new.commit, new.files, new.is_comparable) == (True, B, None, False)


@pytest.mark.parametrize(("name", "payload"), [("gitea", gitea), ("gitlab", gitlab), ("github", push)])
@pytest.mark.parametrize(
    "wrong", [{"after": "--upload-pack=x"}, {"ref": "main"}, {"before": 7}, {"ref": "refs/" + "x" * 400}]
)
def test_no_server_is_believed_everything(name: str, payload: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FORGES[name].push(payload() | wrong)


def test_files_that_are_not_all_told_are_not_known() -> None:
    assert FORGES["gitlab"].push(gitlab(total_commits_count=21)).files is None
    assert FORGES["gitea"].push(gitea(total_commits=9)).files is None
    assert FORGES["github"].push(push(forced=True)).files is None
    bare = {k: v for k, v in commit(B).items() if k not in ("added", "removed", "modified")}
    assert FORGES["github"].push(push(commits=[bare])).files is None
    assert FORGES["github"].push(push(commits=[commit(B)] * 2048)).files is None
    assert FORGES["github"].push(push(commits=[])).files is None


def test_a_tag_of_its_own_leads_to_its_commit() -> None:
    tag = {"ref": "refs/tags/v1", "checkout_sha": C, "commits": [commit(C)]}
    assert FORGES["gitlab"].push(gitlab(NOTHING, B, **tag)).commit == C
    assert FORGES["gitea"].push(gitea(NOTHING, B, ref="refs/tags/v1", head_commit=commit(C))).commit == C


def test_facts_are_told_of_whatever_it_is() -> None:
    assert FORGES["gitlab"].facts(gitlab()) == Facts("push", None, 7, "acme/shop", "refs/heads/main")
    assert FORGES["gitea"].facts(gitea() | {"action": "opened"}) == Facts(
        "opened", None, 7, "acme/shop", "refs/heads/main"
    )
    for forge in FORGES.values():
        assert forge.facts({"project": 1, "repository": None, "ref": []}) == Facts()


@pytest.mark.parametrize("told", [None, "", "soon", "2026-11-21", 1e300, float("nan"), [], "2026-11-21T10:00:00"])
def test_a_moment_that_is_none_is_none(told: object) -> None:
    assert moment(told) is None


def hex_hmac(body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def standard(body: bytes, secret: str, *, id: str = "msg_1", at: float | None = None) -> dict[str, str]:
    """The headers of Standard Webhooks."""
    stamp = str(int(time.time() if at is None else at))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    made = base64.b64encode(hmac.new(key, f"{id}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
    return {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": f"v2,x v1,{made}"}


def test_signatures_of_standard_webhooks_are_as_the_standard_says() -> None:
    """Its own example: https://github.com/standard-webhooks/standard-webhooks/tree/main/libraries"""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    headers = standard(body, secret, id="msg_p5jXN8AQM9LWM0D4loKWxJek", at=1614265330)
    assert headers["webhook-signature"] == "v2,x v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert not FORGES["gitlab"].is_genuine(headers, body, [secret])  # It is of 2021.
    assert FORGES["gitlab"].is_genuine(standard(body, secret), body, [secret])
    assert FORGES["gitlab"].is_genuine(standard(body, secret), body, ["whsec_b3RoZXI=", secret])
    assert not FORGES["gitlab"].is_genuine(standard(body, secret), body + b" ", [secret])
    assert not FORGES["gitlab"].is_genuine(standard(body, secret) | {"webhook-id": "other"}, body, [secret])
    assert not FORGES["gitlab"].is_genuine(standard(body, secret) | {"webhook-timestamp": "soon"}, body, [secret])


@pytest.fixture
def hooks(shop: Shop, alice: Person) -> Any:
    """A maker of the service's webhook at a server: its row and secret."""

    def make(forge: str) -> tuple[Hook, str]:
        return actions.make_hook(actor=alice.actor, service=shop.service, forge=forge)

    return make


def sent(hook: Hook, secret: str, payload: dict[str, Any], *, event: str = "", **more: str) -> Any:
    """As its server signs it."""
    body = json.dumps(payload).encode()
    id = str(uuid.uuid4())
    told = {
        "gitea": {"X-Gitea-Event": "push", "X-Gitea-Delivery": id, "X-Gitea-Signature": hex_hmac(body, secret)},
        "gitlab": {"X-Gitlab-Event": event or "Push Hook", "X-Gitlab-Event-UUID": id, "X-Gitlab-Token": secret},
        "github": headers_of(body, event or "push", X_Hub_Signature_256=signature(body, secret)),
    }[hook.forge]  # fmt: skip
    url = url_of_hook(hook)
    return post(body, url[url.index("/api/") :], **{**told, **more})


@pytest.mark.parametrize(("forge", "payload"), [("gitea", gitea), ("gitlab", gitlab), ("github", push)])
def test_a_push_by_a_services_own_webhook_deploys_it(shop: Shop, hooks: Any, forge: str, payload: Any) -> None:
    hook, secret = hooks(forge)
    assert sent(hook, secret, payload()).status_code == 202
    handling.handle_waiting()
    (made,) = pushed(shop.service)
    assert (made.commit, made.commit_message, made.actor_name) == (B, "Greet politely", "octo")
    row = Delivery.objects.get()
    assert (row.forge, row.hook, row.repository_name, outcome(row).kind) == (forge, hook, "acme/shop", Kind.DEPLOYED)


@pytest.mark.parametrize(("forge", "payload"), [("gitea", gitea), ("gitlab", gitlab), ("github", push)])
def test_a_services_own_webhook_believes_its_secret_only(shop: Shop, hooks: Any, forge: str, payload: Any) -> None:
    hook, secret = hooks(forge)
    for wrong in ("", "other", secret + "x", secret.lower()):
        assert sent(hook, wrong, payload()).status_code == 401
    other = Hook(id=uuid.uuid4(), forge=forge)
    assert sent(other, secret, payload()).status_code == 401
    assert not Delivery.objects.exists()


def test_one_server_is_not_believed_in_the_place_of_another(shop: Shop, hooks: Any) -> None:
    hook, secret = hooks("gitea")
    assert sent(Hook(id=hook.id, forge="gitlab"), secret, gitlab()).status_code == 401


def test_a_forgejo_signs_as_a_gitea_does(shop: Shop, hooks: Any) -> None:
    hook, secret = hooks("gitea")
    body = json.dumps(gitea()).encode()
    headers = {"X-Forgejo-Event": "push", "X-Forgejo-Delivery": "f-1", "X-Forgejo-Signature": hex_hmac(body, secret)}
    assert post(body, f"/api/webhooks/gitea/{hook.pk}", **headers).status_code == 202
    assert Delivery.objects.get().delivery_id == "f-1"


def test_a_gitlab_may_sign_with_a_signing_token(shop: Shop, hooks: Any) -> None:
    hook, secret = hooks("gitlab")
    body = json.dumps(gitlab()).encode()
    headers = standard(body, secret, id="evt-1") | {"X-Gitlab-Event": "Push Hook"}
    assert post(body, f"/api/webhooks/gitlab/{hook.pk}", **headers).status_code == 202
    assert post(body + b" ", f"/api/webhooks/gitlab/{hook.pk}", **headers).status_code == 401
    assert Delivery.objects.get().delivery_id == "evt-1"


def test_a_gitlab_that_sends_again_is_known_by_its_key(shop: Shop, hooks: Any) -> None:
    hook, secret = hooks("gitlab")
    for _ in range(2):
        sent(hook, secret, gitlab(), **{"Idempotency-Key": "key-1"})
    assert Delivery.objects.get().delivery_id == "key-1"


def test_tags_of_a_gitlab_are_an_event_of_their_own(shop: Shop, hooks: Any) -> None:
    Service.objects.update(deploy_tags="v*")
    hook, secret = hooks("gitlab")
    sent(hook, secret, gitlab(NOTHING, B, ref="refs/tags/v1", checkout_sha=C), event="Tag Push Hook")
    handling.handle_waiting()
    assert [row.commit for row in pushed(shop.service)] == [C]


def test_a_new_secret_leaves_an_hour_for_the_old_one(shop: Shop, hooks: Any, alice: Person) -> None:
    hook, old = hooks("gitea")
    new = actions.rotate_hook(actor=alice.actor, hook=hook)
    assert [sent(hook, secret, gitea()).status_code for secret in (old, new)] == [202, 202]
    Hook.objects.update(old_until=timezone.now() - timedelta(seconds=1))
    assert [sent(hook, secret, gitea()).status_code for secret in (old, new, "")] == [401, 202, 401]


def test_checks_are_not_waited_for_in_vain(shop: Shop, hooks: Any) -> None:
    Service.objects.update(wait_for_ci=True)
    hook, secret = hooks("gitea")
    sent(hook, secret, gitea())
    handling.handle_waiting()
    told = Outcome.objects.get()
    assert (told.code, told.reason) == (
        Code.NO_CHECKS, "Wait for CI is on, and checks can be read through the GitHub App only."
    )  # fmt: skip


def test_a_test_delivery_of_a_gitea_is_a_push_that_says_why_not(shop: Shop, hooks: Any) -> None:
    """Its button sends a push from a commit to itself."""
    hook, secret = hooks("gitea")
    sent(hook, secret, gitea(B, B))
    handling.handle_waiting()
    assert Outcome.objects.count() == 1


def test_other_events_of_other_servers_are_kept_and_say_so(shop: Shop, hooks: Any) -> None:
    hook, secret = hooks("gitlab")
    sent(hook, secret, gitlab(), event="Merge Request Hook")
    handling.handle_waiting()
    assert outcome(Delivery.objects.get()).reason == "Nothing follows from Merge Request Hook."


@pytest.mark.parametrize("event", ["installation", "pull_request", "pull_request_review", "repository", "status"])
def test_a_services_own_webhook_tells_of_pushes_only(
    shop: Shop, hooks: Any, repository: Repository, event: str
) -> None:
    """Who has its secret could otherwise speak for any repository, installation and fork there is."""
    hook, secret = hooks("github")
    payload = {
        "action": "deleted", "installation": {"id": INSTALLATION, "account": {"login": "acme", "id": 1}},
        "repository": {"id": REPOSITORY, "full_name": "acme/shop"}, "sender": {"id": 1, "login": "mallory"},
    }  # fmt: skip
    assert sent(hook, secret, payload, event=event).status_code == 202
    handling.handle_waiting()
    row = Delivery.objects.get(hook=hook)
    assert outcome(row).reason == "A service's own webhook tells of pushes only."
    repository.refresh_from_db()
    assert repository.trouble == "" and repository.installation is not None
    assert repository.installation.deleted_at is None


def test_adding_a_server_is_one_file_and_its_line_in_the_list() -> None:
    """Nothing else names one: choices, addresses, the API and the table of events are made of the list."""
    named = re.compile(r"""["'](?:gitea|gitlab)["']""")
    files = Path(settings.BASE_DIR, "apps").rglob("*.py")
    found = {path.name for path in files if "migrations" not in path.parts and named.search(path.read_text())}
    assert found == {"gitea.py", "gitlab.py"}
