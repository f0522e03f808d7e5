"""Taking the Dockerfile of a deployment: by the API, and on its page."""

from __future__ import annotations

import pytest

from apps.deployments.models import Deployment
from tests.apps.cast import CANARY, Person, Shop


def test_the_api_gives_the_files_and_what_to_know(shop: Shop, bob: Person) -> None:
    told = bob.get(f"/services/{shop.service.pk}/dockerfile").json()
    assert told == bob.get(f"/deployments/{shop.live.pk}/dockerfile").json()
    assert told["deployment_id"] == str(shop.live.pk)
    assert (told["path"], told["folder"], list(told["files"])) == ("Dockerfile", "", ["Dockerfile", ".dockerignore"])
    assert told["dockerfile"] == told["files"]["Dockerfile"]
    assert told["dockerignore"] == told["files"][".dockerignore"]
    assert 'CMD ["/bin/sh", "-c", "exec python app.py"]' in told["dockerfile"]
    alone = bob.get(f"/deployments/{shop.live.pk}/dockerfile?format=text")
    assert (alone["Content-Type"], alone.content.decode()) == ("text/plain; charset=utf-8", told["dockerfile"])


def test_it_names_variables_and_never_says_a_value(shop: Shop, bob: Person) -> None:
    plan = {"language": "go", "build": "go build -o bin/web .", "start": "bin/web", "port": 8000}
    Deployment.objects.filter(pk=shop.live.pk).update(plan=plan)
    told = bob.get(f"/deployments/{shop.live.pk}/dockerfile").content.decode()
    assert "`API_KEY`, `GREETING`" in told
    assert CANARY not in told


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        ({"language": "dockerfile", "dockerfile": "Dockerfile"}, "eject:user:own-dockerfile"),
        ({"language": "image"}, "eject:user:nothing"),
    ],
)
def test_it_says_why_there_is_nothing_to_take(shop: Shop, alice: Person, plan: dict[str, str], code: str) -> None:
    Deployment.objects.filter(pk=shop.live.pk).update(plan=plan)
    answer = alice.get(f"/deployments/{shop.live.pk}/dockerfile")
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    assert answer.json()["code"] == code
    page = alice.client.get(f"/deployments/{shop.live.pk}/dockerfile")
    assert (page.status_code, answer.json()["message"] in page.content.decode()) == (409, True)
    assert "Eject" not in alice.client.get(f"/deployments/{shop.live.pk}").content.decode()
    assert "Eject" not in alice.client.get(f"/services/{shop.service.pk}/source").content.decode()


def test_its_page_shows_the_file_and_gives_it(shop: Shop, bob: Person) -> None:
    url = f"/deployments/{shop.live.pk}/dockerfile"
    for page in (f"/deployments/{shop.live.pk}", f"/services/{shop.service.pk}/source"):
        assert "Eject: take this Dockerfile" in bob.client.get(page).content.decode()
    assert bob.client.get(f"/services/{shop.service.pk}/dockerfile")["Location"] == url
    page = bob.client.get(url).content.decode()
    assert "<b>ARG</b> BASE_IMAGE=python:3.13-slim" in page
    assert '<span class="dim"># Made by Slipway; yours from here on.</span>' in page
    kept = bob.client.get(f"{url}?file=.dockerignore")
    assert (kept["Content-Disposition"], kept.content[:5]) == ('attachment; filename=".dockerignore"', b".git\n")
    assert bob.client.get(f"{url}?file=/etc/passwd").status_code == 404
