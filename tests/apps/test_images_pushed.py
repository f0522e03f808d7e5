"""Images that go to the installation's registry, and come from there to a host that hasn't got them. A real registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from pydantic import SecretStr

from apps.deployments import actions
from apps.deployments.desired import document_for
from apps.deployments.steps.release import spec_of
from apps.hosts.models import Host
from apps.projects.registries import keep_registry
from tests.apps.cast import Person
from tests.apps.test_images import built
from tests.registry import LOGIN, push, registry
from workers import desired
from workers.agent.images import need_image
from workers.agent.store import Store
from workers.build.clean import remove_images
from workers.docker import Engine
from workers.docker_cli import working_client
from workers.errors import PlatformError

ID = "5e1f0000-0000-4000-8000-000000000001"


class Quiet:
    def line(self, text: str, *, level: str = "out") -> None: ...

    def command(self, argv: Any) -> None: ...

    def check(self) -> None: ...


@pytest.mark.docker
@pytest.mark.django_db(transaction=True)
def test_it_pushes_and_a_host_without_the_image_pulls(alice: Person, tmp_path: Path, settings: Any) -> None:
    engine = Engine(django_settings.SLIPWAY.instance)
    with registry(tmp_path) as host:
        push(host, "shop/app:1", "one")
        login = {"username": LOGIN.username, "password": LOGIN.password}
        keep_registry(actor=alice.actor, team=alice.team, host=host, **login)
        row = actions.create_app(
            actor=alice.actor, team=alice.team, project="shop", service="app", settings={"image": f"{host}/shop/app:1"}
        )
        told = {"push_registry": f"{host}/slipway", "push_username": LOGIN.username}
        settings.SLIPWAY = settings.SLIPWAY.model_copy(update={**told, "push_password": SecretStr("wrong")})
        refused = built(alice, row.service)
        assert (refused.error_code, refused.step) == ("push:platform:denied", "push")
        settings.SLIPWAY = settings.SLIPWAY.model_copy(update={"push_password": SecretStr(LOGIN.password)})
        first, again = built(alice, row.service), built(alice, row.service)
        build = first.build
        assert build and again.build == build
        assert [d.steps.get(name="push").status for d in (first, again)] == ["succeeded", "skipped"]
        name, _, digest = build.reference.partition("@")
        assert engine.image(build.digest)["RepoTags"] == [f"{name}:{build.key}"], "else no cleaning would remove it"
        assert name == f"{host}/slipway/{row.service.key}" and digest.startswith("sha256:")
        assert spec_of(row.service, row.environment, build)["image"] == build.reference
        document = document_for(Host.objects.get())
        assert document.registries == [desired.Registry(host=host, **login)]

        # Another host: it has neither the image nor its layers, but the document.
        for left in engine.image(build.digest)["RepoTags"]:
            engine.remove_image(left)
        assert not engine.has_image(build.digest)
        store = Store(tmp_path / "agent")
        release = desired.Release(id=ID, image=build.reference, processes={})
        wanted = desired.Service(id=ID, project=ID, deployment=ID, fence=1, rolling_out=True, release=release)
        with pytest.raises(PlatformError, match="could not pull") as unknown:
            need_image(wanted, engine, store, lambda: None)
        assert unknown.value.code == "start:platform:image-not-pulled"
        store.keep_document(document)
        need_image(wanted, engine, store, lambda: None)
        assert engine.image(build.reference)["Id"] == build.digest, "the same, by its id too"

        label = f"slipway.instance={django_settings.SLIPWAY.instance}"
        client = working_client()
        assert build.digest not in remove_images(client, label, lambda: {build.digest}, Quiet())
        assert build.digest in remove_images(client, label, set, Quiet())
        assert not engine.has_image(build.reference)
