"""Where a service comes from: connected, disconnected, moved; what happened at GitHub; deploy keys and servers' keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from apps.accounts.models import ActivityEvent
from apps.deployments.actions import create_app
from apps.deployments.models import Deployment
from apps.github.models import Connection, Installation, Repository, Trouble
from apps.projects.models import Service
from apps.projects.source_keys import pin_host_key
from tests.apps.cast import CANARY, Person, Shop
from tests.apps.test_pages_walk import browser
from tests.github.people import at_github, linked
from tests.github.test_picking import FLASK
from tests.github.world import GitHub, Repo
from tests.workers.git_server import make_repository
from tests.workers.ssh_server import SshServer, ssh_server
from workers.deploy_key import fingerprint

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJb0f9ZRXJm5C1u0o9s2mHhH1aD4oP5oS7uN2Y1vXq9k"


@pytest.fixture
def client(alice: Person) -> Client:
    return browser(alice)


@pytest.fixture
def repo(github: GitHub, alice: Person) -> Repo:
    ada, app = at_github(github, alice)
    found = github.repo(ada, private=True, files=FLASK, default_branch="trunk")
    github.install(app, ada, found)
    return found


def page(shop: Shop, more: str = "") -> str:
    return f"/services/{shop.service.pk}/source{more}"


def test_it_connects_a_service_that_had_an_address(shop: Shop, repo: Repo, client: Client, github: GitHub) -> None:
    listed = client.get(page(shop), {"page": "1"}).content.decode()
    assert repo.full_name in listed and "Connect</button>" in listed and "A git address" in listed
    client.post(page(shop, "/connect"), {"repository": repo.id})
    service = Service.objects.get()
    assert service.connection.repository.github_id == repo.id
    assert (service.source_url, service.branch) == (f"{github.web_url}/{repo.full_name}.git", "trunk")
    assert service.source_token == ""  # The token of before was for another server.
    told = client.get(page(shop)).content.decode()
    assert "Connected to GitHub" in told and "private</span>" in told and "Disconnect" in told
    assert ActivityEvent.objects.filter(verb="connected a repository to").count() == 1
    # The same again, with a branch of its own, keeps that branch.
    Service.objects.update(branch="mine")
    client.post(page(shop, "/connect"), {"repository": repo.id})
    assert Service.objects.get().branch == "mine" and Connection.objects.count() == 1


def test_it_disconnects_and_keeps_the_address(shop: Shop, repo: Repo, client: Client) -> None:
    client.post(page(shop, "/connect"), {"repository": repo.id})
    url = Service.objects.get().source_url
    client.post(page(shop, "/disconnect"))
    assert not Connection.objects.exists() and Service.objects.get().source_url == url
    assert client.post(page(shop, "/disconnect")).status_code == 409


def test_an_address_of_its_own_ends_the_connection(shop: Shop, repo: Repo, client: Client, alice: Person) -> None:
    client.post(page(shop, "/connect"), {"repository": repo.id})
    url = Service.objects.get().source_url
    client.post(page(shop), {"source_url": url, "branch": "next", "source_token": ""})
    assert Connection.objects.exists() and Service.objects.get().branch == "next"
    client.post(page(shop), {"source_url": "https://git.example/x.git", "branch": "next"})
    assert not Connection.objects.exists()
    client.post(page(shop, "/connect"), {"repository": repo.id})
    alice.patch(f"/services/{shop.service.key}", {"replicas": 2})
    assert Connection.objects.exists()
    alice.patch(f"/services/{shop.service.key}", {"source_url": "https://git.example/y.git"})
    assert not Connection.objects.exists()


def test_it_connects_nothing_that_github_does_not_show_to_the_person(
    shop: Shop, repo: Repo, dora: Person, bob: Person, github: GitHub
) -> None:
    path = f"/services/{shop.service.key}/repository"
    for number in (repo.id, "0", "x", ""):
        assert browser(dora).post(page(shop, "/connect"), {"repository": number}).status_code == 404
    linked(dora, github.user())
    assert dora.call("PUT", path, {"repository": repo.full_name}).status_code == 404
    assert dora.call("PUT", path, {"repository": str(repo.id)}).status_code == 404
    assert bob.call("PUT", path, {"repository": repo.full_name}).status_code == 403
    assert not Connection.objects.exists()


@pytest.mark.parametrize("trouble", [t for t in Trouble if t])
def test_it_says_what_happened_and_how_to_mend_it(
    shop: Shop, repo: Repo, client: Client, alice: Person, trouble: str
) -> None:
    client.post(page(shop, "/connect"), {"repository": repo.id})
    Repository.objects.filter(github_id=repo.id).update(trouble=trouble)
    text = client.get(page(shop)).content.decode()
    assert f"source:user:github-{trouble}" in text and 'role="alert"' in text
    told = alice.get(f"/services/{shop.service.key}/source").json()
    assert told["trouble"]["trouble"] == trouble and told["trouble"]["hint"] != ""
    assert shop.live.status == "live"


def test_an_installation_that_is_gone_weighs_more(shop: Shop, repo: Repo, client: Client, alice: Person) -> None:
    from django.utils import timezone

    client.post(page(shop, "/connect"), {"repository": repo.id})
    Installation.objects.update(suspended_at=timezone.now())
    path = f"/services/{shop.service.key}/source"
    assert alice.get(path).json()["trouble"]["trouble"] == "suspended"
    Installation.objects.update(deleted_at=timezone.now())
    assert alice.get(path).json()["trouble"]["trouble"] == "uninstalled"


def test_it_does_it_all_over_the_api(shop: Shop, repo: Repo, alice: Person) -> None:
    path = f"/services/{shop.service.key}"
    before = alice.get(f"{path}/source").json()
    assert (before["kind"], before["has_source_token"], before["repository"]) == ("https", True, None)
    told = alice.call("PUT", f"{path}/repository", {"repository": repo.full_name, "branch": "next"}).json()
    assert (told["kind"], told["branch"], told["repository"]["github_id"]) == ("github", "next", repo.id)
    assert alice.delete(f"{path}/repository").json()["kind"] == "https"
    assert alice.delete(f"{path}/repository").status_code == 409
    assert alice.post(f"{path}/deploy-key").status_code == 409
    assert alice.delete(f"{path}/host-key").status_code == 409


def test_it_looks_into_a_private_repository_of_a_service(shop: Shop, repo: Repo, alice: Person) -> None:
    path = f"/services/{shop.service.key}"
    alice.call("PUT", f"{path}/repository", {"repository": repo.full_name})
    told = alice.post(f"{path}/analyze").json()
    assert (told["branch"], told["plan"]["framework"], told["problem"]) == ("trunk", "Flask", None)


# --- deploy keys --------------------------------------------------------------------------------------------------------


def test_it_makes_a_deploy_key_when_the_address_is_ssh(shop: Shop, client: Client, alice: Person) -> None:
    client.post(page(shop), {"source_url": "git@git.example:owner/shop.git", "branch": "main"})
    service = Service.objects.get()
    assert "PRIVATE KEY" in service.source_key and service.source_token == ""
    told = alice.get(f"/services/{service.key}/source").json()
    assert told["kind"] == "ssh" and told["source_url"] == "git@git.example:owner/shop.git"
    assert told["deploy_key"]["public"].startswith("ssh-ed25519 AAAA") and told["deploy_key"]["host_key"] == ""
    text = client.get(page(shop)).content.decode()
    assert told["deploy_key"]["public"] in text and told["deploy_key"]["fingerprint"] in text
    assert "PRIVATE" not in text + str(told)
    assert alice.get(f"/services/{service.key}").json()["source_url"] == "git@git.example:owner/shop.git"
    key = service.source_key
    client.post(page(shop), {"source_url": "git@git.example:owner/other.git", "branch": "main"})
    assert Service.objects.get().source_key == key  # The same server.
    client.post(page(shop, "/renew-key"))
    assert Service.objects.get().source_key not in (key, "")


def test_it_pins_a_servers_key_until_a_person_forgets_it(shop: Shop, client: Client, alice: Person) -> None:
    url = "git@git.example:owner/shop.git"
    client.post(page(shop), {"source_url": url, "branch": "main"})
    pin_host_key(Service.objects.get(), HOST_KEY)
    pin_host_key(Service.objects.get(), HOST_KEY.replace("AAAAI", "AAAAX"))
    assert Service.objects.get().source_host_key == HOST_KEY
    assert fingerprint(HOST_KEY) in client.get(page(shop)).content.decode()
    alice.patch(f"/services/{shop.service.key}", {"branch": "next"})
    assert Service.objects.get().source_host_key == HOST_KEY
    client.post(page(shop, "/forget-host"))
    assert Service.objects.get().source_host_key == ""
    assert ActivityEvent.objects.filter(verb__contains="forgot the git server").exists()
    pin_host_key(Service.objects.get(), HOST_KEY)
    key = Service.objects.get().source_key
    client.post(page(shop), {"source_url": "git@other.example:owner/shop.git", "branch": "main"})
    assert (Service.objects.get().source_host_key, Service.objects.get().source_key == key) == ("", False)
    client.post(page(shop), {"source_url": "https://git.example/x", "branch": "main"})
    assert Service.objects.get().source_key == ""


def test_a_new_service_shows_its_key_then_looks_and_deploys(client: Client, tmp_path: Path) -> None:
    make_repository(tmp_path / "owner" / "shop", FLASK)
    with ssh_server(tmp_path) as server:
        told = {"source_url": server.url("owner/shop")}
        first = client.post("/new", told)
        assert first.status_code == 200 and server.users == []
        key = first.context["form"].public_key
        assert f">{key}</pre>" in first.content.decode() and "PRIVATE" not in first.content.decode()
        told["sealed_key"] = first.context["form"].key_to_send
        refused = client.post("/new", told)
        assert refused.status_code == 422 and "does not accept" in refused.content.decode()
        assert refused.context["form"].public_key == key
        server.keys.append(key)
        found = client.post("/new", told)
        assert found.context["found"]["plan"]["framework"] == "Flask"
        assert fingerprint(server.public_host_key) in found.content.decode()
        answer = client.post("/new/deploy", {"found": found.context["sealed"], **found.context["form"].initial})
    assert answer.status_code == 302
    service = Service.objects.get()
    assert (service.source_host_key, service.slug) == (server.public_host_key, "shop")
    assert service.source_key != "" and Deployment.objects.get().service == service


def test_it_takes_nothing_but_a_key_of_ours_for_a_key(client: Client, alice: Person) -> None:
    from apps.lib.encryption import encrypt

    told = {"source_url": "ssh://git@127.0.0.1:1/x"}
    for sealed in ("rubbish", encrypt(CANARY), encrypt("")):
        answer = client.post("/new", {**told, "sealed_key": sealed})
        assert answer.status_code == 422 and "ssh-ed25519" in answer.content.decode()


def test_it_fetches_by_ssh_and_pins_what_it_met(alice: Person, tmp_path: Path) -> None:
    from tests.github.test_fetching import Shop as Fetching

    make_repository(tmp_path / "shop", FLASK)
    with ssh_server(tmp_path) as server:
        row = create_app(actor=alice.actor, team=alice.team, project="shop", service="web",
                         settings={"source_url": server.url("shop"), "branch": "main"})  # fmt: skip
        waiting = Fetching.__new__(Fetching)
        waiting.deployment, waiting.report = row, _heard()
        assert waiting.failed().code == "source:user:key-refused"
        server.keys.append(alice.get(f"/services/{row.service.key}/source").json()["deploy_key"]["public"])
        assert waiting.fetch() == FLASK["app.py"]
        assert Service.objects.get().source_host_key == server.public_host_key
    with ssh_server(tmp_path, *server.keys, server=SshServer(tmp_path, server.port)):
        Deployment.objects.update(commit="")
        assert waiting.failed().code == "source:user:host-key-changed"


def _heard() -> object:
    from tests.github.test_fetching import Heard

    return Heard()
