"""How something was built, with where each value came from: as people read it, on pages and over the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings

from apps.deployments import actions, lease, pipeline
from apps.deployments.models import Build, Deployment
from apps.deployments.planned import Value, values_of
from apps.deployments.resources import resources_of
from apps.deployments.states import Status
from apps.deployments.steps.attempt import settings_of
from apps.deployments.steps.release import spec_of
from apps.deployments.templatetags.planned import other_reasons
from apps.lib.templatetags.slipway import coded
from apps.projects.actions import change_service
from apps.projects.models import Service
from apps.projects.variables import set_variables
from tests.apps.cast import Person, Shop
from workers.build.analyze import analyze
from workers.build.files import MemoryFiles
from workers.build.job import BuildSettings
from workers.build.shell_line import container_argv
from workers.errors import UserError

FILES = {"requirements.txt": "flask", "slipway.toml": "packages = ['jq']\nport = 3000", "Procfile": "web: ./serve"}


@pytest.fixture
def plan() -> dict[str, Any]:
    return analyze(MemoryFiles(FILES), BuildSettings()).as_dict()


def spec(start: str, port: int) -> dict[str, Any]:
    return {"processes": {"web": {"command": container_argv(start), "port": port}}, "release_command": None}


def test_it_tells_each_value_and_where_it_came_from(plan: dict[str, Any]) -> None:
    assert values_of(plan) == values_of(plan, spec("./serve", 3000))
    assert values_of(plan) == [
        Value("system_packages", "Packages", "jq", "file", "set in slipway.toml, line 1"),
        Value(
            "install", "Install command", "uv pip install -r requirements.txt", "detected",
            "by uv, which reads the same files as pip and is faster",
        ),
        Value("start", "Start command", "./serve", "procfile", "`web` in the Procfile"),
        Value("port", "Port", "3000", "file", "set in slipway.toml, line 2"),
    ]  # fmt: skip


def test_it_tells_what_the_release_was_given_instead(plan: dict[str, Any]) -> None:
    start, port = values_of(plan, spec("./other", 9000))[-2:]
    assert start == Value("start", "Start command", "./other", "service", "set in the service's settings")
    assert port == Value("port", "Port", "9000", "service", "set in the service's settings")


def test_a_cleared_port_is_gone_though_the_build_is_used_again(shop: Shop) -> None:
    shop.service.port = 9000
    plan = analyze(MemoryFiles(FILES), settings_of(shop.service, {})).as_dict()
    build = Build(plan=plan, digest="sha256:" + "a" * 64)
    shown = {}
    for port in (9000, None):
        shop.service.port = port
        told = values_of(plan, spec_of(shop.service, shop.live.environment, build))[-1]
        shown[told.value] = told.origin
    assert shown == {"9000": "set in the service's settings", "3000": "set in slipway.toml, line 2"}


def test_it_is_on_pages_and_in_the_api(shop: Shop, alice: Person, bob: Person, plan: dict[str, Any]) -> None:
    Deployment.objects.filter(pk=shop.live.pk).update(plan=plan)
    told = bob.get(f"/deployments/{shop.live.pk}/plan").json()
    assert (told["language"], told["values"][0]["origin"]) == ("python", "set in slipway.toml, line 1")
    assert "start command: `web` in the Procfile" in told["reasons"]
    for page in (f"/deployments/{shop.live.pk}", f"/services/{shop.service.pk}/settings"):
        assert b"et in slipway.toml, line 1" in alice.client.get(page).content, page


def test_resources_say_who_set_them(shop: Shop, alice: Person, plan: dict[str, Any]) -> None:
    """What is asked for is no more than an operator lets; a release's containers have what it holds."""
    Deployment.objects.filter(pk=shop.live.pk).update(plan=plan)
    Service.objects.filter(pk=shop.service.pk).update(build_memory_mb=1_000_000, cpus=2.5)
    told = alice.get(f"/deployments/{shop.live.pk}/plan").json()["resources"]
    most = f"{django_settings.SLIPWAY.build_memory_ceiling_mb} MB"
    assert [(one["name"], one["value"], one["origin"]) for one in told] == [
        ("build_memory", most, "set in the service's settings"),
        ("build_cpus", "2", "this installation's default"),
        ("build_time", "1800 s", "this installation's default"),
        ("memory", "512 MB", "what every service begins with"),
        ("cpus", "1", "what every service begins with"),
    ]
    now = {one.name: (one.value, one.origin) for one in resources_of(Service.objects.get(pk=shop.service.pk))}
    assert now["cpus"] == ("2.5", "set in the service's settings")


def test_what_is_between_backticks_is_code_and_no_markup() -> None:
    assert coded("`a<b` & `c") == "<code>a&lt;b</code> &amp; `c"


def test_a_reason_that_the_table_tells_is_not_told_again(plan: dict[str, Any]) -> None:
    told = "start command: `web` in the Procfile"
    others = other_reasons(plan)
    assert told in plan["reasons"] and told not in others and others, others


def test_an_older_plan_is_told_without_origins(shop: Shop, alice: Person) -> None:
    told = alice.get(f"/deployments/{shop.first.pk}/plan").json()
    assert told["values"][0] == {"name": "start", "value": "python app.py", "kind": "", "origin": ""}


def test_version_and_packages_are_settings(shop: Shop, alice: Person) -> None:
    path = f"/services/{shop.service.pk}"
    told = alice.patch(path, {"language_version": "3.12", "packages": "jq ffmpeg"}).json()
    assert (told["language_version"], told["packages"]) == ("3.12", "jq ffmpeg")
    for wrong in ({"packages": "jq --yes"}, {"language_version": "$(id)"}):
        assert alice.patch(path, wrong).status_code == 422
    with pytest.raises(UserError, match="packages"):
        change_service(actor=alice.actor, service=shop.service, packages="Jq;id")


def test_a_secret_that_would_be_a_command_fails_the_build(shop: Shop, alice: Person) -> None:
    told = {"RAILPACK_START_CMD": "serve --password x"}
    set_variables(actor=alice.actor, project=shop.project, service=shop.service, values=told, secret=True)
    row = actions.deploy(actor=alice.actor, service=shop.service)
    claimed = lease.claim(row.key, start=Status.PENDING, during=Status.BUILDING, step="fetch")
    assert claimed is not None
    pipeline.build(claimed)
    row.refresh_from_db()
    assert (row.status, row.error_code) == (Status.FAILED, "build:user:secret-override")


def test_it_builds_from_nothing_where_a_variable_wants_it(shop: Shop) -> None:
    assert settings_of(shop.service, {"NIXPACKS_NO_CACHE": "1"}).no_cache
    assert not settings_of(shop.service, {}).no_cache
