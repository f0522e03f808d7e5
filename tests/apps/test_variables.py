"""Variables by the actions and the API: scopes, limits, undo, references, what a release takes, what is not live yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import ActivityEvent
from apps.deployments import actions, pipeline, tasks
from apps.deployments.lease import claim
from apps.deployments.models import Build, Deployment, DeploymentStep, Release
from apps.deployments.presentation import slip_of
from apps.deployments.staged import staged_of
from apps.deployments.states import Status
from apps.deployments.steps.build import settings_told
from apps.deployments.steps.release import freeze, secrets_of, variables_of
from apps.projects import variables
from apps.projects.actions import change_service
from apps.projects.models import Service, Variable
from apps.projects.variables import delete_variable, set_variables
from tests.apps.cast import CANARY, Person, Shop, make_live
from workers.errors import UserError


def put(shop: Shop, by: Person, **values: str) -> list[Variable]:
    return set_variables(actor=by.actor, project=shop.project, service=shop.service, values=values)


def changes(shop: Shop, *, may_read: bool = True) -> dict[str, tuple[str, str | None, str | None]]:
    staged = staged_of(Service.objects.get(pk=shop.service.pk), shop.environment, may_read=may_read)
    return {change.name: (change.kind, change.old, change.new) for change in staged.changes}


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(UserError) as caught:
        call()
    return caught.value.code


def test_it_gives_the_narrowest_scope_and_says_which(shop: Shop, alice: Person) -> None:
    for n, (service, environment) in enumerate(
        [(None, None), (None, shop.environment), (shop.service, None), (shop.service, shop.environment)]
    ):
        names = {f"V{m}": str(n) for m in range(n, 4)}
        set_variables(actor=alice.actor, project=shop.project, service=service, environment=environment, values=names)
    values, sources, _ = variables_of(shop.service, shop.environment)
    assert [values[f"V{n}"] for n in range(4)] == ["0", "1", "2", "3"]
    assert [sources[f"V{n}"]["scope"] for n in range(4)] == [
        "project", "environment production", "service", "service in production",
    ]  # fmt: skip


def test_it_remembers_who_set_it_and_no_value_in_the_history(shop: Shop, dora: Person) -> None:
    (row,) = put(shop, dora, GREETING=CANARY)
    assert (row.updated_by, row.updated_by_name) == (dora.user, "Dora")
    event = ActivityEvent.objects.latest("created_at")
    assert (event.verb, event.data) == ("set variables", {"names": ["GREETING"], "scope": "service"})


def test_it_keeps_a_secret_a_secret(shop: Shop, dora: Person) -> None:
    set_variables(actor=dora.actor, project=shop.project, service=shop.service, values={"API_KEY": "x"}, secret=False)
    assert Variable.objects.get(name="API_KEY").is_secret
    answer = dora.patch(f"/variables/{shop.secret.key}", {"name": "RENAMED"}).json()
    assert (answer["name"], answer["value"], answer["is_secret"]) == ("RENAMED", None, True)
    assert Variable.objects.get(name="RENAMED").value == "x"


def test_it_holds_at_most_500_in_a_scope(shop: Shop, alice: Person) -> None:
    free = variables.MOST - 2
    put(shop, alice, **{f"N{n}": "x" for n in range(free)})
    assert refused(lambda: put(shop, alice, ONE_MORE="x")) == "variables:user:too-many"
    put(shop, alice, N0="changed")
    assert Variable.objects.count() == variables.MOST
    set_variables(actor=alice.actor, project=shop.project, values={"IN_ANOTHER_SCOPE": "x"})


def test_it_brings_a_deleted_one_back_for_ten_minutes(shop: Shop, dora: Person) -> None:
    path = f"/variables/{shop.secret.key}"
    assert dora.delete(path).status_code == 204
    assert dora.get(path).status_code == 404
    assert "API_KEY" not in variables_of(shop.service, shop.environment)[0]
    assert dora.post(f"{path}/restore").json()["name"] == "API_KEY"
    assert variables_of(shop.service, shop.environment)[0]["API_KEY"] == CANARY
    assert dora.post(f"{path}/restore").json()["code"] == "variables:user:name-taken"
    dora.delete(path)
    put(shop, dora, API_KEY="another")
    assert dora.post(f"{path}/restore").status_code == 409
    Variable.objects.filter(name="API_KEY").delete()
    Variable.with_deleted.update(deleted_at=timezone.now() - timedelta(minutes=11))
    assert dora.post(f"{path}/restore").json()["code"] == "variables:user:gone"
    assert variables.forget_deleted() >= 1
    assert not Variable.with_deleted.filter(pk=shop.secret.pk).exists()


def test_it_refuses_a_taken_name_and_one_that_is_gone(shop: Shop, dora: Person) -> None:
    answer = dora.patch(f"/variables/{shop.variable.key}", {"name": "API_KEY"})
    assert (answer.status_code, answer.json()["code"]) == (409, "variables:user:name-taken")
    delete_variable(actor=dora.actor, variable=shop.variable)
    change = lambda: variables.change_variable(actor=dora.actor, variable=shop.variable, value="x")  # noqa: E731
    assert refused(change) == "variables:user:gone"


def test_it_previews_a_paste_without_saving_or_telling_values(shop: Shop, dora: Person, bob: Person) -> None:
    path, text = f"/services/{shop.service.key}/variables/preview", f"GREETING=hi\nNEW_TOKEN={CANARY}\noops\n"
    answer = dora.post(path, {"text": text})
    told = answer.json()
    assert told["summary"] == "1 new, 1 changed, 1 invalid (line 3)"
    assert [(line["name"], line["change"], line["sounds_secret"]) for line in told["lines"]] == [
        ("GREETING", "changed", False), ("NEW_TOKEN", "new", True),
    ]  # fmt: skip
    assert told["wrong"][0]["line"] == 3
    assert CANARY not in answer.content.decode()
    assert not Variable.objects.filter(name="NEW_TOKEN").exists()
    assert bob.post(path, {"text": text}).status_code == 403
    # Whether a guess at a secret was right is told to nobody.
    assert dora.post(path, {"text": f"API_KEY={CANARY}"}).json()["lines"][0]["change"] == "changed"


def test_it_lists_what_can_be_referred_to_by_name_only(shop: Shop, dora: Person, bob: Person) -> None:
    answer = bob.get(f"/services/{shop.service.key}/references")
    found = {row["reference"]: (row["is_secret"], row["is_built_in"]) for row in answer.json()["items"]}
    assert found["web.API_KEY"] == (True, False)
    assert found["web.URL"] == (False, True)
    assert "hello" not in answer.content.decode() and CANARY not in answer.content.decode()


def test_it_takes_references_into_a_release_as_they_were(
    shop: Shop, alice: Person, make_service: Callable[[str], Service]
) -> None:
    api = make_service("api")
    set_variables(actor=alice.actor, project=shop.project, service=api, values={"KEY": CANARY}, secret=True)
    put(shop, alice, LINK="${{api.URL}}/x", COPY="key=${{api.KEY}}")
    row = make_live(actions.deploy(actor=alice.actor, service=shop.service), "d" * 40)
    assert row.release is not None
    assert row.release.variables["LINK"].startswith("http://api.") and row.release.variables["LINK"].endswith("/x")
    assert row.release.variables["COPY"] == f"key={CANARY}"
    assert row.release.secret_names == ["API_KEY", "COPY"]
    assert row.release.variable_sources["LINK"] == {"scope": "service", "refers_to": ["api.URL"]}
    assert f"key={CANARY}" in secrets_of(shop.service, shop.environment)
    set_variables(actor=alice.actor, project=shop.project, service=api, values={"KEY": "later"})
    assert Release.objects.get(pk=row.release.pk).variables["COPY"] == f"key={CANARY}"
    told = alice.get(f"/releases/{row.release.key}").json()["variable_sources"]
    assert {"name": "COPY", "scope": "service", "refers_to": ["api.KEY"], "is_secret": True} in told


def test_it_warns_of_a_reference_that_leads_nowhere_and_refuses_the_release(shop: Shop, alice: Person) -> None:
    answer = alice.post(f"/services/{shop.service.key}/variables", {"values": {"LINK": "${{db.URL}}"}})
    assert answer.status_code == 200
    assert "there is no service db" in answer.json()[0]["warning"]
    row = actions.deploy(actor=alice.actor, service=shop.service, reuse_build=True)
    tasks.run_deploy(row.key)
    row.refresh_from_db()
    assert (row.status, row.error_code) == (Status.FAILED, "variables:user:reference-unknown")
    assert "LINK refers to db.URL" in row.error_message and "Services of this project: web" in row.error_hint
    problems = alice.get(f"/services/{shop.service.key}/changes").json()["problems"]
    assert [problem["code"] for problem in problems] == ["variables:user:reference-unknown"]
    assert CANARY in secrets_of(shop.service, shop.environment)


def test_it_deploys_a_change_without_git_and_build(shop: Shop, dora: Person) -> None:
    put(shop, dora, GREETING="hi")
    answer = dora.post(f"/services/{shop.service.key}/deployments", {"reuse_build": True}).json()
    row = Deployment.objects.get(pk=answer["id"])
    assert (row.build_id, row.commit, row.status) == (shop.live.build_id, "b" * 40, Status.PENDING)
    assert [segment.name for segment in slip_of(row)] == ["Release", "Start", "Health", "Switch", "Drain"]
    tasks.run_build(str(shop.live.pk))  # What is live already is nobody's work.
    tasks.run_deploy(row.key)
    row.refresh_from_db()
    assert row.status == Status.DEPLOYING and row.release is not None
    assert (row.release.variables["GREETING"], row.release.build_id) == ("hi", shop.live.build_id)
    assert not DeploymentStep.objects.filter(deployment=row, name="build").exists()
    assert not row.is_rollback


def test_it_refuses_to_use_no_build_again(shop: Shop, dora: Person, make_service: Callable[[str], Service]) -> None:
    path = f"/services/{shop.service.key}/deployments"
    both = dora.post(path, {"reuse_build": True, "no_cache": True})
    assert (both.status_code, both.json()["code"]) == (422, "deployment:user:reuse-or-build")
    shop.live.advance(Status.FAILED)
    none = dora.post(path, {"reuse_build": True})
    assert (none.status_code, none.json()["code"]) == (409, "deployment:user:nothing-live")


def test_it_says_what_is_not_live(shop: Shop, dora: Person, bob: Person) -> None:
    assert changes(shop) == {}
    put(shop, dora, GREETING="hi", MORE="1")
    set_variables(actor=dora.actor, project=shop.project, service=shop.service, values={"API_KEY": "x"})
    change_service(actor=dora.actor, service=shop.service, replicas=2, health_path="/up", memory_mb=256)
    assert changes(shop) == {
        "API_KEY": ("changed", None, None),
        "GREETING": ("changed", "hello", "hi"),
        "MORE": ("new", None, "1"),
        "Instances": ("changed", "1", "2"),
        "Memory": ("changed", "512 MB", "256 MB"),
        "Health path": ("changed", "an open port", "/up"),
    }
    assert changes(shop, may_read=False)["GREETING"] == ("changed", None, None)
    told = bob.get(f"/services/{shop.service.key}/changes")
    assert "hello" not in told.content.decode() and told.json()["needs_build"] is False
    assert CANARY not in dora.get(f"/services/{shop.service.key}/changes").content.decode()
    make_live(actions.deploy(actor=dora.actor, service=shop.service), "d" * 40)
    assert changes(shop) == {}


def test_it_knows_which_changes_need_a_build(shop: Shop, dora: Person) -> None:
    Build.objects.filter(pk=shop.build.pk).update(
        settings={**settings_told(shop.service), "start_command": "python old.py"}
    )
    change_service(actor=dora.actor, service=shop.service, build_command="make", branch="next")
    staged = staged_of(Service.objects.get(pk=shop.service.pk), shop.environment, may_read=True)
    assert {(c.name, c.old, c.new) for c in staged.changes} == {
        ("Branch", "main", "next"),
        ("Build command", "as detected", "make"),
        ("Start command", "python old.py", "as detected"),
    }
    assert staged.needs_build
    change_service(
        actor=dora.actor, service=shop.service, build_command="", branch="main", start_command="python new.py"
    )
    assert not staged_of(Service.objects.get(pk=shop.service.pk), shop.environment, may_read=True).needs_build
    put(shop, dora, VITE_TITLE="x")
    assert staged_of(Service.objects.get(pk=shop.service.pk), shop.environment, may_read=True).needs_build


def test_it_says_when_changes_are_on_their_way(shop: Shop, dora: Person) -> None:
    put(shop, dora, GREETING="hi")
    row = actions.deploy(actor=dora.actor, service=shop.service, reuse_build=True)
    staged = staged_of(shop.service, shop.environment, may_read=True)
    assert (staged.count, staged.coming) == (1, row)
    assert row.build is not None
    freeze(row, row.build)
    assert staged_of(shop.service, shop.environment, may_read=True).coming == row
    put(shop, dora, GREETING="changed again")
    assert staged_of(shop.service, shop.environment, may_read=True).coming is None


def test_it_takes_back_what_is_the_services_own(shop: Shop, dora: Person) -> None:
    set_variables(actor=dora.actor, project=shop.project, values={"SHARED": "1"})
    put(shop, dora, NEW="1", GREETING="hi", API_KEY="x")
    delete_variable(actor=dora.actor, variable=Variable.objects.get(name="GREETING"))
    assert dora.delete(f"/services/{shop.service.key}/changes").status_code == 204
    values, _, secrets = variables_of(shop.service, shop.environment)
    assert values == {"GREETING": "hello", "API_KEY": CANARY, "SHARED": "1"}
    assert secrets == ["API_KEY"]
    assert list(changes(shop)) == ["SHARED"]
    assert dora.delete(f"/services/{shop.service.key}/changes").json()["code"] == "changes:user:nothing-to-discard"


def test_it_does_not_take_back_a_reference_it_no_longer_knows(shop: Shop, dora: Person) -> None:
    put(shop, dora, LINK="${{web.GREETING}}")
    make_live(actions.deploy(actor=dora.actor, service=shop.service), "d" * 40)
    put(shop, dora, LINK="something else")
    staged = staged_of(shop.service, shop.environment, may_read=True)
    assert [(change.name, change.can_discard) for change in staged.changes] == [("LINK", False)]


def test_it_needs_a_fixed_number_of_queries_for_the_changes(
    shop: Shop, dora: Person, django_assert_num_queries: Callable[..., object]
) -> None:
    put(shop, dora, **{f"N{n}": "x" for n in range(50)})
    where = shop.environment
    service = Service.objects.select_related("project").get(pk=shop.service.pk)
    with django_assert_num_queries(5):  # type: ignore[attr-defined]
        staged_of(service, where, may_read=True)


def test_a_job_survives_a_broken_reference_outside_its_steps(shop: Shop, dora: Person) -> None:
    """The secrets for the log are looked up before the job's own errors are caught."""
    put(shop, dora, LOOP="${{web.LOOP}}")
    row = actions.deploy(actor=dora.actor, service=shop.service, reuse_build=True)
    claimed = claim(row.key, start=Status.PENDING, during=Status.DEPLOYING, step="release")
    assert claimed is not None
    pipeline.deploy(claimed)
    row.refresh_from_db()
    assert row.error_code == "variables:user:reference-cycle"
