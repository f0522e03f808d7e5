"""Deployments as rows: claims, fences, outcomes, what is desired. Real PostgreSQL and Valkey; no engine."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.accounts.access import Actor
from apps.accounts.actions import make_owner
from apps.deployments import actions, lease, logs, outcome, reconcile, reports, retention, wakeup
from apps.deployments.desired import document_for
from apps.deployments.models import Build, Deployment, LogChunk, Release
from apps.deployments.queries import releases_of
from apps.deployments.states import Status
from apps.deployments.steps.release import freeze
from apps.hosts.actions import ensure_local_host
from apps.hosts.models import Host
from apps.lib import wake
from apps.projects.variables import set_variables
from workers import desired
from workers.errors import PlatformError, Stopped, UserError

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> Actor:
    ensure_local_host()
    return Actor(make_owner(name="Alice", email="alice@example.com", password="a long password"))


@pytest.fixture
def waiting(alice: Actor) -> Deployment:
    team = alice.user.memberships.get().team  # type: ignore[union-attr]
    settings = {"source_url": "https://git.example/shop.git"}
    return actions.create_app(actor=alice, team=team, project="shop", service="web", settings=settings)


def claimed(row: Deployment) -> Deployment:
    found = lease.claim(row.key, start=Status.PENDING, during=Status.BUILDING, step="fetch")
    assert found is not None
    return found


def build_of(row: Deployment, commit: str = "a" * 40) -> Build:
    plan = {"start": "python app.py", "port": 8000, "processes": {"worker": "python worker.py"}}
    digest = "sha256:" + commit[:1] * 64
    return Build.objects.create(service=row.service, commit=commit, fingerprint="f", plan=plan, digest=digest)


def rolled_out(row: Deployment, commit: str = "a" * 40) -> Deployment:
    """All the way to what the agent sees."""
    row = claimed(row)
    outcome.built(row, build_of(row, commit))
    found = lease.claim(row.key, start=Status.DEPLOYING, during=Status.DEPLOYING, step="release")
    assert found is not None
    freeze(found, found.build)  # type: ignore[arg-type]
    outcome.publish_rollout(found, seconds=60)
    found.refresh_from_db()
    return found


def told(row: Deployment, step: str, status: str, **more: Any) -> None:
    report = desired.StepReport(
        deployment=row.key, fence=row.fence, step=step, status=status, at=timezone.now(), **more
    )
    reports.take(Host.objects.default(), report)
    row.refresh_from_db()


def make_live(row: Deployment, commit: str = "a" * 40) -> Deployment:
    found = rolled_out(row, commit)
    for step in ("start", "health", "switch"):
        told(found, step, "running")
        told(found, step, "succeeded")
    assert found.status == Status.LIVE
    return found


def test_it_lets_one_worker_claim_a_deployment(waiting: Deployment) -> None:
    first = claimed(waiting)
    assert (first.status, first.attempt, first.fence) == ("building", 1, 1)
    assert lease.claim(waiting.key, start=Status.PENDING, during=Status.BUILDING, step="fetch") is None


def test_it_takes_a_dead_workers_deployment_over_with_a_new_fence(waiting: Deployment) -> None:
    old = claimed(waiting)
    Deployment.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    new = claimed(waiting)
    assert (new.attempt, new.fence) == (2, 2)
    with pytest.raises(Stopped, match="lost"):
        outcome.built(old, build_of(old))


def test_it_fails_after_three_lost_workers_and_names_the_step(waiting: Deployment) -> None:
    for _ in range(3):
        claimed(waiting)
        Deployment.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        reconcile.take_back_expired()
    waiting.refresh_from_db()
    assert waiting.status == Status.FAILED
    assert waiting.error_code == "deploy:platform:worker-lost"
    assert "3 times in fetch" in waiting.error_message


def test_it_moves_only_along_legal_ways(waiting: Deployment) -> None:
    with pytest.raises(Stopped):
        waiting.advance(Status.LIVE)
    outcome.cancelled(waiting)
    with pytest.raises(Stopped):
        waiting.advance(Status.BUILDING)


def test_it_lets_the_newest_supersede_those_that_wait(alice: Actor, waiting: Deployment) -> None:
    newer = actions.deploy(actor=alice, service=waiting.service)
    waiting.refresh_from_db()
    assert (waiting.status, newer.status, newer.number) == ("superseded", "pending", 2)


def test_it_waits_while_another_is_active(alice: Actor, waiting: Deployment) -> None:
    active = claimed(waiting)
    newer = actions.deploy(actor=alice, service=waiting.service)
    assert lease.claim(newer.key, start=Status.PENDING, during=Status.BUILDING, step="fetch") is None
    outcome.failed(active, UserError("build:user:build-failed", "It failed.", hint="Mend it."))
    assert claimed(newer).status == "building"


def test_the_database_itself_refuses_two_active_ones(alice: Actor, waiting: Deployment) -> None:
    claimed(waiting)
    newer = actions.deploy(actor=alice, service=waiting.service)
    with pytest.raises(IntegrityError), transaction.atomic():
        Deployment.objects.filter(pk=newer.pk).update(status=Status.BUILDING)


def test_it_tries_a_fault_of_ours_again_and_a_fault_of_theirs_not(waiting: Deployment) -> None:
    row = claimed(waiting)
    outcome.failed(row, PlatformError("engine:platform:away", "Docker is away."))
    assert row.status == Status.PENDING
    Deployment.objects.update(lease_expires_at=None)
    row = claimed(waiting)
    outcome.failed(row, UserError("build:user:build-failed", "It failed.", hint="Mend it."))
    assert (row.status, row.error_hint, row.attempt) == ("failed", "Mend it.", 2)


def test_it_publishes_a_rollout_and_the_agents_reports_make_it_live(alice: Actor, waiting: Deployment) -> None:
    set_variables(actor=alice, project=waiting.service.project, service=waiting.service, values={"A": "1"}, secret=True)
    before = Host.objects.default().generation
    row = rolled_out(waiting)
    document = document_for(Host.objects.default())
    service = document.services[0]
    assert document.generation > before
    assert (service.rolling_out, service.fence, service.routes[0].host) == (True, row.fence, "web.apps.localhost")
    assert service.release.variables["A"] == "1" and service.release.secret_names == ["A"]
    assert service.release.processes["web"].command == ["/bin/sh", "-c", "exec python app.py"]
    assert service.release.processes["worker"].port is None
    for step in ("start", "health", "switch"):
        told(row, step, "running", command=f"did {step}")
        told(row, step, "succeeded")
    assert row.status == Status.LIVE and row.live_at is not None
    assert document_for(Host.objects.default()).services[0].rolling_out is False
    assert [s.name for s in row.steps_in_order()] == ["start", "health", "switch"]


def test_a_failed_rollout_leaves_the_old_release_desired(alice: Actor, waiting: Deployment) -> None:
    old = make_live(waiting)
    new = rolled_out(actions.deploy(actor=alice, service=old.service), "b" * 40)
    error = desired.ErrorReport(code="health:user:never-listened", message="Nothing listens.", hint="Use PORT.")
    told(new, "health", "failed", error=error)
    assert (new.status, new.error_code) == ("failed", "health:user:never-listened")
    service = document_for(Host.objects.default()).services[0]
    assert service.deployment == old.key and not service.rolling_out
    texts = [line.text for line in logs.read(new.log, 0)]
    assert "Nothing listens." in texts and "Use PORT." in texts


def test_a_report_with_an_old_fence_changes_nothing(waiting: Deployment) -> None:
    row = rolled_out(waiting)
    old = desired.StepReport(
        deployment=row.key, fence=row.fence - 1, step="switch", status="succeeded", at=timezone.now()
    )
    reports.take(Host.objects.default(), old)
    row.refresh_from_db()
    assert row.status == Status.DEPLOYING


def test_a_rollback_needs_no_build_and_brings_variables_of_then_back(alice: Actor, waiting: Deployment) -> None:
    service = waiting.service
    set_variables(actor=alice, project=service.project, service=service, values={"COLOUR": "red"})
    first = make_live(waiting)
    set_variables(actor=alice, project=service.project, service=service, values={"COLOUR": "blue"})
    second = make_live(actions.deploy(actor=alice, service=service), "b" * 40)
    first.refresh_from_db()
    assert first.status == Status.SUPERSEDED
    back = actions.rollback(actor=alice, deployment=second)
    wanted = document_for(Host.objects.default()).services[0]
    assert wanted.release.id == str(first.release_id) and wanted.release.variables["COLOUR"] == "red"
    assert back.trigger == "rollback" and Build.objects.count() == 2
    service.refresh_from_db()
    assert service.auto_deploy_paused_at is not None


def test_a_rollback_ends_what_is_under_way(alice: Actor, waiting: Deployment) -> None:
    first = make_live(waiting)
    second = make_live(actions.deploy(actor=alice, service=first.service), "b" * 40)
    third = claimed(actions.deploy(actor=alice, service=first.service))
    back = actions.rollback(actor=alice, deployment=second)
    assert (back.status, back.release_id) == ("deploying", first.release_id)
    with pytest.raises(Stopped, match="lost"):
        outcome.built(third, build_of(third, "c" * 40))


def test_breaking_in_the_window_brings_the_release_before_back(alice: Actor, waiting: Deployment) -> None:
    first = make_live(waiting)
    second = make_live(actions.deploy(actor=alice, service=first.service), "b" * 40)
    error = desired.ErrorReport(code="deploy:user:crashed-after-switch", message="It crashed after 3 s.")
    report = desired.ObservedReport(deployment=second.key, fence=second.fence, at=timezone.now(), error=error)
    reports.take(Host.objects.default(), report)
    second.refresh_from_db()
    assert second.status == Status.FAILED
    third = Deployment.objects.get(trigger="automatic")
    # In the same transaction: no document ever names neither of the two.
    assert [s.deployment for s in document_for(Host.objects.default()).services] == [third.key]
    assert third.release_id == first.release_id
    # A second report of the same thing starts nothing more.
    reports.take(Host.objects.default(), report)
    assert Deployment.objects.filter(trigger="automatic").count() == 1


def broken(row: Deployment) -> None:
    error = desired.ErrorReport(code="deploy:user:crashed-after-switch", message="It crashed after 3 s.")
    report = desired.ObservedReport(deployment=row.key, fence=row.fence, at=timezone.now(), error=error)
    reports.take(Host.objects.default(), report)
    row.refresh_from_db()


def test_a_release_that_breaks_while_another_is_built_goes_on_until_that_ends(
    alice: Actor, waiting: Deployment
) -> None:
    first = make_live(waiting)
    second = make_live(actions.deploy(actor=alice, service=first.service), "b" * 40)
    third = claimed(actions.deploy(actor=alice, service=first.service))
    broken(second)
    assert (second.status, second.error_message) == ("live", "It crashed after 3 s.")
    assert [s.deployment for s in document_for(Host.objects.default()).services] == [second.key]
    outcome.failed(third, UserError("build:user:build-failed", "It failed."))
    second.refresh_from_db()
    assert second.status == Status.FAILED
    back = Deployment.objects.get(trigger="automatic")
    assert (back.status, back.release_id) == ("deploying", first.release_id)


def test_a_release_that_breaks_is_replaced_by_the_one_on_its_way(alice: Actor, waiting: Deployment) -> None:
    first = make_live(waiting)
    second = make_live(actions.deploy(actor=alice, service=first.service), "b" * 40)
    third = claimed(actions.deploy(actor=alice, service=first.service))
    broken(second)
    outcome.built(third, build_of(third, "c" * 40))
    found = lease.claim(third.key, start=Status.DEPLOYING, during=Status.DEPLOYING, step="release")
    assert found is not None and found.build is not None
    freeze(found, found.build)
    outcome.publish_rollout(found, seconds=60)
    found.refresh_from_db()
    told(found, "switch", "succeeded")
    assert found.status == Status.LIVE and not Deployment.objects.filter(trigger="automatic").exists()
    # What broke is no release to go back to.
    assert outcome.release_before(found) == first.release


@pytest.mark.parametrize("how", ["lost", "stopped", "retried"])
def test_a_worker_lost_while_a_newer_one_waits_makes_room_for_it(alice: Actor, waiting: Deployment, how: str) -> None:
    old = claimed(waiting)
    newer = actions.deploy(actor=alice, service=waiting.service)
    if how == "lost":
        Deployment.objects.filter(pk=old.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        reconcile.take_back_expired()
    elif how == "stopped":
        outcome.given_back(old)
    else:
        outcome.failed(old, PlatformError("engine:platform:away", "Docker is away."))
    old.refresh_from_db()
    assert old.status == Status.SUPERSEDED
    assert claimed(newer).status == Status.BUILDING


def test_one_row_that_cannot_be_taken_back_does_not_keep_the_others(
    alice: Actor, waiting: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = alice.user.memberships.get().team  # type: ignore[union-attr]
    settings = {"source_url": "https://git.example/other.git"}
    other = actions.create_app(actor=alice, team=team, project="other", service="other", settings=settings)
    claimed(waiting)
    claimed(other)
    Deployment.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    right = outcome.requeued

    def requeued(row: Deployment, **more: Any) -> None:
        if row.pk == waiting.pk:
            raise IntegrityError("made up")
        right(row, **more)

    monkeypatch.setattr(outcome, "requeued", requeued)
    reconcile.take_back_expired()
    other.refresh_from_db()
    assert other.status == Status.PENDING


def test_a_cancel_just_before_the_rollout_is_not_lost(waiting: Deployment) -> None:
    row = claimed(waiting)
    outcome.built(row, build_of(row))
    found = lease.claim(row.key, start=Status.DEPLOYING, during=Status.DEPLOYING, step="release")
    assert found is not None
    Deployment.objects.update(cancel_requested_at=timezone.now())
    with pytest.raises(Stopped, match="cancelled"):
        outcome.publish_rollout(found, seconds=60)


def test_what_the_database_cannot_hold_is_replaced(waiting: Deployment) -> None:
    row = claimed(waiting)
    logs.append(row.log, [logs.Line("caf\udce9 \0 au lait")])
    outcome.failed(row, UserError("build:user:x", "The folder caf\udce9 is not there.", hint="\0"))
    assert logs.read_stored(row.log, 0)[0].text == "caf?  au lait"
    assert row.error_message == "The folder caf? is not there."


def test_the_hosts_errors_repeat_no_secret(alice: Actor, waiting: Deployment) -> None:
    service = waiting.service
    set_variables(actor=alice, project=service.project, service=service, values={"KEY": "hunter2-secret"}, secret=True)
    row = rolled_out(waiting)
    error = desired.ErrorReport(code="health:user:exited", message="It said hunter2-secret.", hint="hunter2-secret")
    told(row, "health", "failed", error=error)
    texts = [line.text for line in logs.read_stored(row.log, 0)]
    assert row.error_message == "It said [redacted]." and "hunter2" not in " ".join([row.error_hint, *texts])
    assert "hunter2" not in " ".join(step.detail for step in row.steps_in_order())


def test_it_sends_no_more_messages_to_a_full_queue(waiting: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    Deployment.objects.update(created_at=timezone.now() - timedelta(seconds=10))
    sent: list[Deployment] = []
    monkeypatch.setattr(wakeup, "begin", sent.append)
    monkeypatch.setattr(wakeup, "FULL", 10**6)  # What other tests left there is nobody's to take.
    reconcile.wake_waiting()
    assert sent == [waiting]
    monkeypatch.setattr(wakeup, "FULL", 0)
    reconcile.wake_waiting()
    assert sent == [waiting]


def test_containers_beyond_those_known_do_not_push_out_the_newest(
    waiting: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "CONTAINERS_KNOWN", 3)
    for name in ("zeta", "a", "much-longer-name", "b", "c"):
        logs.append(waiting.log, [logs.Line(name)], container=name, cursor=1)
    before = logs.last_seq(waiting.log)
    for name in ("much-longer-name", "b", "c"):
        logs.append(waiting.log, [logs.Line(name)], container=name, cursor=1)
    assert logs.last_seq(waiting.log) == before


def test_a_live_release_is_never_pruned_nor_its_image(alice: Actor, waiting: Deployment) -> None:
    first = make_live(waiting)
    type(first.service).objects.update(releases_kept=1)
    second = make_live(actions.deploy(actor=alice, service=first.service), "b" * 40)
    back = actions.rollback(actor=alice, deployment=second)
    assert retention.prune_releases() == 0  # The newest is kept, the older one is wanted.
    for step in ("start", "health", "switch"):
        told(back, step, "succeeded")
    third = make_live(actions.deploy(actor=alice, service=first.service), "c" * 40)
    assert retention.prune_releases() == 2
    assert third.build and retention.kept_digests() == {third.build.digest}
    type(third.build).objects.filter(pk=third.build.pk).update(reference="registry.example.com/x@sha256:9f86")
    assert retention.kept_digests() == {third.build.digest, "sha256:9f86"}


def test_releases_that_never_served_push_out_none_that_did(alice: Actor, waiting: Deployment) -> None:
    good = make_live(waiting)
    service = good.service
    type(service).objects.update(releases_kept=2)
    last = make_live(actions.deploy(actor=alice, service=service), "b" * 40)
    for number in range(3):
        bad = rolled_out(actions.deploy(actor=alice, service=service), f"{number}" * 40)
        told(bad, "start", "failed", error=desired.ErrorReport(code="deploy:user:x", message="It broke."))
    assert retention.prune_releases() == 2, "but the newest"
    assert [row.number for row in releases_of(service, service.environment)] == [2, 1]
    with pytest.raises(UserError, match="Release 5 never served"):
        actions.rollback(actor=alice, deployment=last, release_id=Release.objects.get(number=5).pk)
    assert actions.rollback(actor=alice, deployment=last, release_id=good.release_id).release_id == good.release_id


def test_a_first_release_that_breaks_has_nothing_to_go_back_to(waiting: Deployment) -> None:
    row = make_live(waiting)
    error = desired.ErrorReport(code="deploy:user:crashed-after-switch", message="It crashed after 3 s.")
    reports.take(
        Host.objects.default(),
        desired.ObservedReport(deployment=row.key, fence=row.fence, at=timezone.now(), error=error),
    )
    row.refresh_from_db()
    assert (row.status, row.error_message) == ("live", "It crashed after 3 s.")


def test_cancel_ends_a_waiting_one_at_once_and_flags_a_working_one(alice: Actor, waiting: Deployment) -> None:
    row = claimed(waiting)
    assert actions.cancel(actor=alice, deployment=row).status == "building"
    with lease.Heartbeat(row) as heartbeat, pytest.raises(Stopped, match="cancelled"):
        heartbeat._look(extend=True)
        heartbeat.check()
    outcome.cancelled(row)
    newer = actions.deploy(actor=alice, service=row.service)
    assert actions.cancel(actor=alice, deployment=newer).status == "cancelled"
    with pytest.raises(UserError, match="cancelled already"):
        actions.cancel(actor=alice, deployment=newer)


def test_a_release_cannot_be_changed(waiting: Deployment) -> None:
    release = make_live(waiting).release
    assert release is not None
    release.number = 7
    with pytest.raises(PlatformError, match="never changed"):
        release.save()


def test_an_agent_that_falls_silent_fails_the_rollout(waiting: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    row = rolled_out(waiting)
    Deployment.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    monkeypatch.setattr(reconcile, "STARTED", timezone.now())
    reconcile.take_back_expired()
    row.refresh_from_db()
    assert row.status == Status.DEPLOYING  # After a start it has time to report what happened meanwhile.
    monkeypatch.setattr(reconcile, "STARTED", timezone.now() - timedelta(minutes=1))
    reconcile.take_back_expired()
    row.refresh_from_db()
    assert (row.status, row.error_code) == ("failed", "deploy:platform:agent-silent")
    assert document_for(Host.objects.default()).services == []


def test_log_numbers_are_consecutive_and_a_repeated_batch_counts_once(waiting: Deployment) -> None:
    stream = waiting.log
    assert logs.append(stream, [logs.Line("a"), logs.Line("b")], container="c", cursor=0) == 2
    assert logs.append(stream, [logs.Line("a"), logs.Line("b")], container="c", cursor=0) == 2
    assert logs.append(stream, [logs.Line("c")], container="c", cursor=1) == 3
    assert [(line.seq, line.text) for line in logs.read(stream, 1)] == [(2, "b"), (3, "c")]
    assert [line.text for line in logs.tail(stream, 2)] == ["b", "c"]


def test_lines_that_retention_removed_are_one_gap(waiting: Deployment) -> None:
    stream = waiting.log
    for n in range(3):
        logs.append(stream, [logs.Line("x" * 40_000 + str(n))])
    LogChunk.objects.filter(first_seq=1).delete()
    found = logs.read_stored(stream, 0)
    assert (found[0].kind, found[0].seq, found[1].seq) == ("gap", 1, 2)


@pytest.mark.django_db(transaction=True)
def test_the_live_stream_and_the_store_give_the_same_lines(waiting: Deployment) -> None:
    stream = waiting.log
    for batch in range(30):
        logs.append(stream, [logs.Line(f"{batch}.{n}") for n in range(7)])
    live = logs._read_live(stream, 17, 1000)
    assert live is not None and [line.seq for line in live] == list(range(18, 211))
    assert live == logs.read_stored(stream, 17)


@pytest.mark.django_db(transaction=True)
def test_the_live_stream_is_bounded_by_lines(waiting: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LIVE_LINES", 1000)
    for _ in range(5):
        logs.append(waiting.log, [logs.Line("x") for _ in range(500)])
    assert logs._read_live(waiting.log, 0, 10) is None
    assert wake.valkey().xlen(logs._live_key(waiting.log)) == 3
    assert [line.seq for line in logs.read(waiting.log, 0, limit=2)] == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_make_one_waiting_deployment(alice: Actor, waiting: Deployment) -> None:
    start = threading.Barrier(4)

    def ask() -> None:
        start.wait()
        actions.deploy(actor=Actor(alice.user), service=waiting.service)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Deployment.objects.count() == 5
    assert [d.number for d in Deployment.objects.filter(status=Status.PENDING)] == [5]


def test_deleting_a_service_leaves_its_volumes_and_nothing_desired(alice: Actor, waiting: Deployment) -> None:
    row = make_live(waiting)
    with pytest.raises(UserError, match="stops serving"):
        actions.delete_service(actor=alice, service=row.service, confirm="")
    actions.delete_service(actor=alice, service=row.service, confirm="web")
    assert document_for(Host.objects.default()).services == []
    assert (Deployment.objects.count(), Release.objects.count()) == (0, 0)
