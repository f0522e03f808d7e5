"""Services that come from an image: model, pages and API without an engine; one pull of a real registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.accounts.models import Team
from apps.deployments import actions, lease, pipeline
from apps.deployments.models import Deployment, LogChunk
from apps.deployments.presentation import slip_of
from apps.deployments.states import Status, StepStatus
from apps.deployments.steps.release import spec_of
from apps.projects.models import Environment, Registry, Service
from apps.projects.registries import keep_registry
from tests.apps.cast import CANARY, Person, Shop
from tests.registry import LOGIN, push, registry
from workers.build.plan import Origin
from workers.build.pull import image_plan
from workers.docker import Engine
from workers.errors import UserError
from workers.image_reference import ImageReference, parse_image, registry_host
from workers.registry_errors import refused_by_registry

IMAGE = "ghcr.io/acme/shop:1.2"


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("nginx", ImageReference("docker.io", "library/nginx", "latest")),
        ("acme/shop:1.2", ImageReference("docker.io", "acme/shop", "1.2")),
        ("index.docker.io/nginx", ImageReference("docker.io", "library/nginx", "latest")),
        ("Docker.io/acme/shop:1", ImageReference("docker.io", "acme/shop", "1")),
        ("ghcr.io/a/b/c", ImageReference("ghcr.io", "a/b/c", "latest")),
        ("localhost:5000/x:T", ImageReference("localhost:5000", "x", "T")),
        (f"r.example/x:1@sha256:{'a' * 64}", ImageReference("r.example", "x", "", f"sha256:{'a' * 64}")),
    ],
)
def test_it_reads_references(text: str, parsed: ImageReference) -> None:
    assert parse_image(text) == parsed
    assert parse_image(parsed.named) == parsed


@pytest.mark.parametrize(
    "text", ["", "Nginx", "a//b", "x:", "--all", "a b", "x@sha256:1", "https://ghcr.io/x", "x:$(id)", "../x", "x" * 500]
)
def test_it_refuses_what_is_no_reference(text: str) -> None:
    with pytest.raises(UserError):
        parse_image(text)


def test_it_knows_registries_by_their_host() -> None:
    assert registry_host("https://GHCR.io/") == "ghcr.io"
    assert registry_host("index.docker.io") == parse_image("nginx").host
    for wrong in ("", "ghcr.io/acme", "a b", "--x"):
        with pytest.raises(UserError):
            registry_host(wrong)


def test_it_listens_where_the_image_exposes() -> None:
    found = image_plan(parse_image(IMAGE), {"ExposedPorts": {"9100/tcp": {}, "53/udp": {}, "9000/tcp": {}}})
    because = Origin("image", "because the image exposes it, the smallest of several")
    assert (found.language, found.start, found.port, found.origins["port"]) == ("image", "", 9000, because)
    assert image_plan(parse_image(IMAGE), {}).port == 8000


@pytest.mark.parametrize(
    ("why", "code"),
    [
        ('Head "https://r.example/v2/x/manifests/1": unauthorized: authentication required', "image:user:denied"),
        ("errors:\ndenied: requested access to the resource is denied", "image:user:denied"),
        ("manifest for r.example/x@sha256:4014034a not found: manifest unknown", "image:user:not-there"),
        ('Get "https://r.example/v2/": dial tcp 192.0.2.1:443: connect: connection refused', "image:user:registry"),
        ("failed to register layer: write /x: no space left on device", "build:platform:disk-full"),
    ],
)
def test_it_says_why_a_registry_gave_nothing(why: str, code: str) -> None:
    told = refused_by_registry("r.example/x:1", None, why)
    assert told.code == code
    assert why[-15:] not in told.message, "what answers there is not for reading through us"


def test_it_makes_an_app_of_an_image(alice: Person, shop: Shop) -> None:
    made = alice.post("/apps", {"project": "shop", "name": "api", "image": IMAGE}).json()
    assert (made["service"]["image"], made["service"]["source_url"]) == (IMAGE, "")
    assert (made["deployment"]["branch"], made["deployment"]["message"]) == ("", IMAGE)
    row = Deployment.objects.get(pk=made["deployment"]["id"])
    assert [segment.name for segment in slip_of(row)][:2] == ["Pull", "Release"]
    assert [segment.name for segment in slip_of(shop.live)][:2] == ["Fetch", "Build"]
    told = alice.get(f"/services/{made['service']['id']}/source").json()
    assert (told["kind"], told["image"]) == ("image", IMAGE)


def test_it_comes_from_one_place(alice: Person, shop: Shop) -> None:
    path = f"/services/{shop.service.pk}"
    both = {"project": "shop", "name": "x", "image": IMAGE, "source_url": "https://git.example/x"}
    assert alice.post("/apps", both).status_code == 422
    assert alice.post(f"/projects/{shop.project.pk}/services", {"name": "x"}).status_code == 422
    assert alice.patch(path, {"image": "No Image"}).status_code == 422
    assert alice.patch(path, {"image": IMAGE}).json()["source_url"] == ""
    assert Service.objects.get(pk=shop.service.pk).source_token == "", "it would be sent to nobody any more"
    assert alice.patch(path, {"source_url": "https://git.example/x"}).json()["image"] == ""


def test_its_pages_take_an_image(alice: Person, shop: Shop) -> None:
    client = alice.client
    client.handler.enforce_csrf_checks = False
    assert client.post("/new/image", {"image": "No Image"}).status_code == 422
    second = client.post("/new/image", {"image": IMAGE}).content.decode()
    sealed = second.split('name="found" value="')[1].split('"')[0]
    sent = client.post("/new/deploy", {"found": sealed, "project": "shop", "service": "api"})
    assert sent.status_code == 302, sent.content
    made = Service.objects.get(slug="api")
    assert made.image == IMAGE
    assert IMAGE in client.get(f"/services/{made.pk}").content.decode()
    assert client.post(f"/services/{made.pk}/source", {"image": "nginx"}).status_code == 302
    assert Service.objects.get(pk=made.pk).image == "nginx"


def test_its_pages_speak_of_an_image(alice: Person, shop: Shop) -> None:
    Service.objects.filter(pk=shop.service.pk).update(image=IMAGE, source_url="")
    back = alice.client.get(f"/releases/{shop.first.release_id}/rollback").content.decode()
    assert "1 image is undone" in back and "Pause auto-deploy" not in back
    shown = alice.client.get(f"/deployments/{shop.live.pk}").content.decode()
    assert "Pull again" in shown and "Without cache" not in shown and ">Changes<" not in shown


def test_a_login_is_kept_encrypted_and_never_told(alice: Person, bob: Person, shop: Shop) -> None:
    path = f"/teams/{shop.team.pk}/registries"
    for password in ("first", CANARY):
        assert alice.post(path, {"host": "https://GHCR.io", "username": "a", "password": password}).status_code == 201
    row = Registry.objects.get()
    assert (row.host, row.password) == ("ghcr.io", CANARY)
    assert CANARY not in alice.get(path).content.decode() + bob.client.get(path).content.decode()
    assert bob.get(path).json()["items"][0]["username"] == "a"
    assert bob.post(path, {"host": "x.io", "username": "a", "password": "b"}).status_code == 403
    assert alice.delete(f"/registries/{row.pk}").status_code == 204


def built(alice: Person, service: Service, **what: str) -> Deployment:
    row = actions.deploy(actor=alice.actor, service=service, **what)  # type: ignore[arg-type]
    claimed = lease.claim(row.key, start=Status.PENDING, during=Status.BUILDING, step="fetch")
    assert claimed is not None
    pipeline.build(claimed)
    claimed.refresh_from_db()
    actions.cancel(actor=alice.actor, deployment=claimed) if not claimed.is_finished else None
    return claimed


def test_it_takes_no_commit_of_a_preview_for_a_digest(alice: Person, shop: Shop) -> None:
    Service.objects.filter(pk=shop.service.pk).update(image=IMAGE, source_url="")
    service = Service.objects.get(pk=shop.service.pk)
    pinned = {"kind": "preview", "commit": "c" * 40, "is_isolated": True}
    where = Environment.objects.create(project=shop.project, name="pr-1", slug="pr-1", **pinned)
    assert actions.deploy(actor=alice.actor, service=service, environment=where).commit == ""
    with pytest.raises(UserError, match="not approved"):
        actions.deploy(actor=alice.actor, service=service, environment=where, commit="a" * 64)


def test_it_asks_no_registry_where_none_may_be(alice: Person, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")  # Ours. The engine goes its own way.
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    Service.objects.filter(pk=shop.service.pk).update(image="169.254.169.254:80/x", source_url="")
    failed = built(alice, Service.objects.get(pk=shop.service.pk), commit="a" * 64)
    assert failed.error_code == "image:user:registry-refused"
    assert "repository" not in failed.error_message + failed.error_hint


@pytest.mark.docker
@pytest.mark.django_db(transaction=True)
def test_it_pulls_from_a_registry_that_wants_a_login(alice: Person, tmp_path: Path) -> None:
    made = []
    with registry(tmp_path) as host:
        push(host, "shop/app:1", "one")
        settings = {"image": f"{host}/shop/app:1"}
        team = Team.objects.get(pk=alice.team.pk)
        row = actions.create_app(actor=alice.actor, team=team, project="shop", service="app", settings=settings)
        refused = built(alice, row.service)
        assert (refused.status, refused.error_code) == (Status.FAILED, "image:user:denied")
        login = {"username": LOGIN.username, "password": LOGIN.password}
        keep_registry(actor=alice.actor, team=team, host=host, **login)
        made.append(built(alice, row.service))
        push(host, "shop/app:1", "two")
        made += [built(alice, row.service), built(alice, row.service), built(alice, row.service, commit=made[0].commit)]
    first, moved, again, back = (deployment.build for deployment in made)
    assert first and moved and again and back
    assert (again.pk, back.pk) == (moved.pk, first.pk) and first.commit != moved.commit, "pinned by digest"
    assert [step.status for step in made[2].steps.filter(name="pull")] == [StepStatus.SKIPPED]
    web = spec_of(row.service, row.environment, first)["processes"]["web"]
    assert (web["command"], web["port"]) == (None, 9000)
    engine = Engine("0" * 8)
    labels = engine.image(first.digest)["Config"]["Labels"]
    assert labels["test.text"] == "one" and labels["slipway.service"] == row.service.key
    assert labels["org.opencontainers.image.base.digest"] == f"sha256:{first.commit}"
    assert not engine.has_image(f"{settings['image'][:-2]}@sha256:{first.commit}"), "only ours is left"
    assert LOGIN.password not in str(list(LogChunk.objects.values_list("lines", flat=True)))
    for build in (first, moved):
        engine.remove_image(build.digest)
