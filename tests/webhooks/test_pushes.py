"""What a push leads to in the services that follow its branch."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import ActivityEvent
from apps.deployments import actions
from apps.deployments.models import Build
from apps.deployments.states import Status
from apps.github.models import Connection, Identity
from apps.projects.actions import create_environment
from apps.projects.models import Environment, Service
from apps.webhooks import asking, checked, handling
from apps.webhooks.actions import replay
from apps.webhooks.checks import Standing, Word
from apps.webhooks.models import Delivery, Kind, Outcome
from apps.webhooks.queries import standing_of
from apps.webhooks.tracking import Tracked
from apps.webhooks.verdicts import Code
from tests.apps.cast import Person
from tests.webhooks.deliveries import NOTHING, A, B, C, D, commit, deliver, outcome, push, pushed


def change(service: Service, **values: Any) -> None:
    Service.objects.filter(pk=service.pk).update(**values)


def test_it_deploys_the_commit_and_tells_what_it_is(service: Service) -> None:
    row = deliver(push(message="Greet politely\n\nWith a bow."))
    (made,) = pushed(service)
    assert (made.commit, made.branch, made.status, made.environment) == (B, "main", Status.PENDING, service.environment)
    assert (made.actor, made.actor_name, made.commit_message, made.commit_author) == (
        None,
        "octo",
        "Greet politely",
        "Alice",
    )
    told = outcome(row)
    assert (told.kind, told.deployment, told.ref, told.before, told.commit) == (
        Kind.DEPLOYED, made, "refs/heads/main", A, B
    )  # fmt: skip


def test_it_is_in_the_name_of_a_member_who_is_known_over_there(service: Service, dora: Person, charlie: Person) -> None:
    Identity.objects.create(user=dora.user, github_id=99, login="octo")
    deliver(push())
    Identity.objects.update(user=charlie.user)  # No member of the team.
    deliver(push(B, C))
    assert [(row.actor, row.actor_name) for row in pushed(service)] == [(dora.user, "Dora"), (None, "octo")]


def test_every_service_of_the_repository_has_its_own_outcome(
    service: Service, make_service: Callable[[str], Service]
) -> None:
    web, docs, far = make_service("second"), make_service("docs"), make_service("far")
    for each in (web, docs, far):
        Connection.objects.create(service=each, repository=service.connection.repository)
    change(docs, root_directory="docs")
    change(far, branch="next")
    row = deliver(push(files=["app.py"]))
    found = {told.service: told for told in Outcome.objects.filter(delivery=row)}
    assert {each: told.kind for each, told in found.items()} == {
        service: Kind.DEPLOYED, web: Kind.DEPLOYED, docs: Kind.SKIPPED
    }  # fmt: skip
    assert found[docs].reason == "None of the files that changed is watched: app.py."
    assert [len(pushed(each)) for each in (service, web, docs, far)] == [1, 1, 0, 0]


def test_a_service_of_a_workspace_is_deployed_for_every_package_unless_told_otherwise(service: Service) -> None:
    change(service, root_directory="apps/web")
    Build.objects.create(service=service, commit=A, plan={"within": "apps/web"})
    deliver(push(files=["packages/ui/index.js"]))
    change(service, watch_paths="packages/api/**")
    deliver(push(B, C, files=["packages/ui/index.js"]))
    assert [row.commit for row in pushed(service)] == [B]


def test_other_environments_follow_branches_of_their_own(service: Service, alice: Person) -> None:
    """Once the service was deployed there by a person; one that says no branch follows the service's."""
    made = [
        create_environment(actor=alice.actor, project=service.project, name=name, branch=branch)
        for name, branch in (("Staging", "develop"), ("Copy", ""), ("Never", "develop"), ("Pinned", "develop"))
    ]
    staging, copy, _, pinned = made
    for where in (staging, copy, pinned):
        actions.deploy(actor=alice.actor, service=service, environment=where)
    Environment.objects.filter(pk=pinned.pk).update(commit=D)
    change(service, auto_deploy_paused_at=timezone.now())  # A rollback, which is production's.
    deliver(push(A, B, ref="refs/heads/develop"))
    deliver(push(B, C))
    told = Outcome.objects.filter(service=service).order_by("created_at")
    assert [(row.environment, row.kind, row.commit) for row in told] == [
        (staging, Kind.DEPLOYED, B), (None, Kind.SKIPPED, C), (copy, Kind.DEPLOYED, C)
    ]  # fmt: skip
    assert [(row.environment, row.commit, row.branch) for row in pushed(service)] == [
        (staging, B, "develop"), (copy, C, "main")
    ]  # fmt: skip
    assert standing_of(service).skipped is not None and standing_of(service, staging).skipped is None


def test_each_environment_waits_for_checks_by_itself(service: Service, alice: Person) -> None:
    staging = create_environment(actor=alice.actor, project=service.project, name="Staging")
    actions.deploy(actor=alice.actor, service=service, environment=staging)
    change(service, wait_for_ci=True)
    deliver(push(A, B))
    deliver(push(B, C))
    told = Outcome.objects.filter(service=service, kind=Kind.HELD).order_by("created_at")
    assert [(row.environment, row.commit) for row in told] == [(None, C), (staging, C)]
    for row in told:
        checked.settle(row.pk, service.pk, Standing(Word.GOOD, "Its check succeeded."))
    assert sorted(row.environment.slug for row in pushed(service)) == ["production", "staging"]


def test_a_newer_push_takes_the_place_of_one_that_waits(service: Service) -> None:
    for told in ((A, B), (B, C), (C, D)):
        deliver(push(*told))
    assert [(row.commit, row.status) for row in pushed(service)] == [
        (B, Status.SUPERSEDED), (C, Status.SUPERSEDED), (D, Status.PENDING)
    ]  # fmt: skip


def test_an_older_push_that_comes_late_is_not_deployed(service: Service) -> None:
    deliver(push(B, C))
    late = deliver(push(A, B))
    assert (outcome(late).code, outcome(late).reason) == (
        Code.OLDER, "A newer push, commit ccccccc, was taken already."
    )  # fmt: skip
    assert [row.commit for row in pushed(service)] == [C]
    deliver(push(C, D))
    assert [row.commit for row in pushed(service)] == [C, D]


def test_the_same_push_told_twice_is_deployed_once(service: Service) -> None:
    """By the App's webhook and by one of the repository, with two ids."""
    deliver(push())
    again = deliver(push())
    assert (outcome(again).code, len(pushed(service))) == (Code.SAME, 1)


def test_a_force_push_deploys_the_new_head(service: Service) -> None:
    deliver(push(A, B))
    deliver(push(B, C, forced=True, files=["docs/x"]))
    deliver(push(C, A, forced=True, pushed_at=1_790_000_100))
    assert [row.commit for row in pushed(service)] == [B, C, A]


def test_what_a_force_push_changed_is_not_guessed(service: Service) -> None:
    change(service, watch_paths="src/**")
    deliver(push(A, B, forced=True, files=["docs/x"]))
    assert [row.commit for row in pushed(service)] == [B]


def test_a_deleted_branch_deploys_nothing_and_the_service_says_so(service: Service) -> None:
    row = deliver(push(A, NOTHING))
    told = outcome(row)
    assert (told.kind, told.code, told.commit) == (Kind.SKIPPED, Code.DELETED, "")
    assert standing_of(service).skipped == told
    assert ActivityEvent.objects.filter(subject_id=service.pk, verb="lost the branch of").count() == 1
    deliver(push(NOTHING, A, pushed_at=1_790_000_100))
    assert [row.commit for row in pushed(service)] == [A]


@pytest.mark.parametrize(
    ("changes", "told", "code"),
    [
        ({"auto_deploy": False}, {}, Code.OFF),
        ({"auto_deploy_paused_at": timezone.now()}, {}, Code.PAUSED),
        ({}, {"message": "Fix [skip ci]"}, Code.MESSAGE),
        ({"watch_paths": "src/**"}, {"files": ["README.md"]}, Code.PATHS),
    ],
)
def test_what_is_not_deployed_is_said_on_the_service(
    service: Service, changes: dict[str, Any], told: dict[str, Any], code: Code
) -> None:
    change(service, **changes)
    row = deliver(push(**told))
    assert (outcome(row).kind, outcome(row).code, pushed(service)) == (Kind.SKIPPED, code, [])
    assert standing_of(service).skipped == outcome(row)


def test_what_is_said_of_a_skip_ends_with_the_next_deployment(service: Service, alice: Person) -> None:
    deliver(push(message="x [skip ci]"))
    assert standing_of(service).skipped is not None
    actions.deploy(actor=alice.actor, service=service)
    assert standing_of(service).skipped is None


def test_after_a_pause_the_next_push_counts_whatever_it_changed(service: Service) -> None:
    change(service, watch_paths="src/**", auto_deploy_paused_at=timezone.now())
    deliver(push(A, B, files=["src/app.py"]))
    change(service, auto_deploy_paused_at=None)
    deliver(push(B, C, files=["README.md"]))
    deliver(push(C, D, files=["README.md"]))
    assert [row.commit for row in pushed(service)] == [C]


def test_a_new_branch_is_deployed_whatever_it_changed(service: Service) -> None:
    change(service, watch_paths="src/**")
    deliver(push(NOTHING, B, files=["README.md"]))
    assert len(pushed(service)) == 1


def test_tags_are_deployed_when_asked_for(service: Service) -> None:
    change(service, deploy_tags="v*", auto_deploy=False)
    tag: dict[str, Any] = {"base_ref": "refs/heads/main", "commits": []}
    row = deliver(push(NOTHING, D, ref="refs/tags/v1.2", **tag) | {"head_commit": commit(C)})  # An annotated one.
    assert outcome(row).name == "tag v1.2"
    other = deliver(push(NOTHING, B, ref="refs/tags/nightly", **tag))
    assert outcome(other).reason == "No service follows the tag nightly of this repository."
    gone = deliver(push(D, NOTHING, ref="refs/tags/v1.2"))
    assert outcome(gone).code == Code.DELETED
    assert [(row.commit, row.branch) for row in pushed(service)] == [(C, "main")]


def test_an_older_tag_that_comes_late_is_not_deployed(service: Service) -> None:
    change(service, deploy_tags="v*")
    deliver(push(NOTHING, C, ref="refs/tags/v2", pushed_at=1_790_000_100))
    late = deliver(push(NOTHING, B, ref="refs/tags/v1", pushed_at=1_790_000_000))
    assert (outcome(late).code, [row.commit for row in pushed(service)]) == (Code.OLDER, [C])


def test_what_a_cut_payload_leaves_out_is_asked_for(service: Service, monkeypatch: Any) -> None:
    change(service, watch_paths="src/**")
    asked = []

    def answer(repository: Any, before: str, after: str) -> frozenset[str] | None:
        asked.append((before, after))
        return frozenset({"README.md"}) if len(asked) == 1 else None

    monkeypatch.setattr(asking, "changed_files", answer)
    huge = [commit(B, modified=["src/app.py"]) | {"message": "x" * 600}] * 2048
    row = deliver(push(A, B) | {"commits": huge})
    assert row.is_cut
    assert outcome(row).code == Code.PATHS
    deliver(push(B, C) | {"commits": huge})  # Not told: deployed rather than guessed.
    assert (asked, [row.commit for row in pushed(service)]) == ([(A, B), (B, C)], [C])


def test_the_head_decides_between_two_pushes_that_nothing_else_tells_apart(service: Service, monkeypatch: Any) -> None:
    told = asking.HeadTold(sha=D, commit={})  # type: ignore[arg-type]
    monkeypatch.setattr(asking, "head_of", lambda repository, branch: told)
    deliver(push(C, D))
    late = deliver(push(A, B))  # The push between them was lost; pushed in the same second.
    assert (outcome(late).code, [row.commit for row in pushed(service)]) == (Code.OLDER, [D])


def test_a_replay_deploys_again_but_never_an_older_one(service: Service, alice: Person) -> None:
    first, second = deliver(push(A, B)), deliver(push(B, C))
    again = replay(actor=alice.actor, delivery=second)
    late = replay(actor=alice.actor, delivery=first)
    handling.handle_waiting()
    assert [row.commit for row in pushed(service)] == [B, C, C]
    assert outcome(again).kind == Kind.DEPLOYED
    assert outcome(late).code == Code.OLDER
    assert again.replay_of == second
    assert Delivery.objects.filter(delivery_id__startswith=second.delivery_id).count() == 2


def test_a_service_that_was_deleted_meanwhile_is_left_out(service: Service, alice: Person, monkeypatch: Any) -> None:
    from apps.webhooks import pushes

    found = pushes.followers_of

    def and_delete(delivery: Delivery, told: Any) -> list[Tracked]:
        rows = found(delivery, told)
        actions.delete_service(actor=alice.actor, service=service, confirm=service.name)
        return rows

    monkeypatch.setattr(pushes, "followers_of", and_delete)
    row = deliver(push())
    assert outcome(row).reason == "The service that follows it was deleted meanwhile."


def test_odd_names_of_branches_are_only_names(service: Service) -> None:
    name = "a;$(id)|<script>${IFS}"
    change(service, branch=name)
    row = deliver(push(ref=f"refs/heads/{name}"))
    assert (outcome(row).kind, pushed(service)[0].branch) == (Kind.DEPLOYED, name)


def test_text_that_a_database_refuses_is_stored_without_it(service: Service) -> None:
    told = json.loads(json.dumps(push(message="a\0b \ud800 c")))
    deliver(told)
    assert pushed(service)[0].message == "ab ? c"


def test_old_news_is_not_shown(service: Service) -> None:
    row = outcome(deliver(push(message="x [skip ci]")))
    Outcome.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(days=40))
    assert standing_of(service).skipped is None
