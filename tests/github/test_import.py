"""The import page: what a repository is, told from its files at GitHub before anything is cloned; and Deploy."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from apps.deployments.models import Deployment
from apps.github import contents
from apps.github.models import Connection, Repository
from apps.projects.models import Service, Variable
from tests.apps.cast import Person
from tests.apps.test_pages_walk import browser
from tests.github.people import at_github, linked
from tests.github.test_picking import FLASK, listed, names
from tests.github.world import GitHub, Repo

MONOREPO = {
    "README.md": "Two of them",
    "apps/web/package.json": '{"name": "web", "scripts": {"start": "node server.js"}, "engines": {"node": "22"}}',
    "apps/web/server.js": "",
    "apps/api/package.json": '{"name": "api", "scripts": {"start": "node ."}}',
}


@pytest.fixture
def client(alice: Person) -> Client:
    return browser(alice)


def offered(github: GitHub, alice: Person, files: dict[str, str], **more: Any) -> Repo:
    """A private repository of Alice's at GitHub, with the App."""
    ada, app = at_github(github, alice)
    repo = github.repo(ada, private=True, files=files, **more)
    github.install(app, ada)
    return repo


def test_it_says_what_it_found_without_a_clone(github: GitHub, alice: Person, client: Client) -> None:
    repo = offered(
        github, alice, {**FLASK, ".env.example": "GREETING=hello\nAPI_KEY=change-me\n", "Procfile": "web: x\n"}
    )
    with github.watching() as seen:
        answer = client.get("/new/repository", {"id": repo.id})
    text = answer.content.decode()
    assert answer.status_code == 200 and "<code>web</code> in the Procfile" in text and "Flask" in text
    assert 'value="hello"' in text and "API_KEY" in text and repo.full_name in text and "private</span>" in text
    assert not [row for row in seen if row["path"].endswith(("git-upload-pack", "info/refs"))]
    assert len(seen) < 20
    assert alice.user.github.token not in text and not Service.objects.exists()


def test_it_makes_everything_and_deploys(github: GitHub, alice: Person, client: Client) -> None:
    repo = offered(github, alice, {**FLASK, ".env.example": "GREETING=hello\n"})
    found = client.get("/new/repository", {"id": repo.id}).context
    told = {"found": found["sealed"], "suggested-0": "hi", **found["form"].initial}
    answer = client.post("/new/deploy", told)
    row = Deployment.objects.select_related("service__connection__repository").get()
    assert answer["Location"] == f"/deployments/{row.pk}"
    assert row.service.connection.repository.github_id == repo.id
    assert (row.service.source_url, row.service.source_token) == (f"{github.web_url}/{repo.full_name}.git", "")
    assert row.service.slug == repo.full_name.split("/")[1]
    assert Variable.objects.get().value == "hi"
    kept = Repository.objects.select_related("installation").get()
    assert (kept.full_name, kept.private, kept.trouble) == (repo.full_name, True, "")
    assert kept.installation is not None and kept.installation.is_usable


def test_it_asks_github_again_before_it_makes_anything(github: GitHub, alice: Person, dora: Person) -> None:
    """What Alice looked at is hers: another person's sending of it, or one after access was taken, makes nothing."""
    ada, app = at_github(github, alice)
    repo = github.repo(ada, private=True, files=FLASK)
    installed = github.install(app, ada, repo)
    assert names(listed(browser(alice))) == [repo.full_name]  # Which is kept for a minute.
    found = browser(alice).get("/new/repository", {"id": repo.id}).context
    told = {"found": found["sealed"], "project": "shop", "service": "web"}
    assert browser(dora).post("/new/deploy", told).status_code == 404
    linked(dora, github.user())
    assert browser(dora).post("/new/deploy", told).status_code == 404
    github.choose(installed, github.repo(ada))
    assert browser(alice).post("/new/deploy", told).status_code == 404
    assert not Service.objects.exists() and not Connection.objects.exists()


def test_it_offers_the_folders_that_hold_an_app(github: GitHub, alice: Person, client: Client) -> None:
    repo = offered(github, alice, MONOREPO)
    answer = client.get("/new/repository", {"id": repo.id})
    text = answer.content.decode()
    assert "Nothing in the root directory says how to build it" in text and "build:user:nothing-recognised" in text
    roots = re.findall(r'href="([^"]*root_directory=[^"]+)"', text)
    assert [r.rpartition("=")[2] for r in roots] == ["apps%2Fapi", "apps%2Fweb"]
    chosen = client.get(roots[1].replace("&amp;", "&"))
    assert chosen.context["found"]["plan"]["language"] == "node" and 'aria-current="true"' in chosen.content.decode()
    assert chosen.context["form"].initial["service"] == "web"
    client.post("/new/deploy", {"found": chosen.context["sealed"], "project": "shop", "service": "web"})
    assert Service.objects.get().root_directory == "apps/web"


def test_it_looks_at_another_branch_and_says_which_there_are(github: GitHub, alice: Person, client: Client) -> None:
    repo = offered(github, alice, FLASK)
    github.push(repo, {"package.json": '{"scripts": {"start": "node ."}}'}, branch="feature/node", start="origin/main",
                delete=("app.py", "requirements.txt"))  # fmt: skip
    answer = client.get("/new/repository", {"id": repo.id, "branch": "feature/node"})
    assert answer.context["found"]["plan"]["language"] == "node"
    assert "<option selected>feature/node</option>" in answer.content.decode()
    missing = client.get("/new/repository", {"id": repo.id, "branch": "feature/nod"}).content.decode()
    assert "has no branch" in missing and "feature/node" in missing
    assert client.get("/new/repository", {"id": repo.id, "branch": "\0--x\n<b>"}).status_code == 200
    client.post("/new/deploy", {"found": answer.context["sealed"], "project": "shop", "service": "web"})
    assert Service.objects.get().branch == "feature/node"


@pytest.mark.parametrize(
    ("files", "asked", "words"),
    [
        (None, {}, "The repository is empty"),
        ({"notes.txt": "nothing"}, {}, "Nothing in the root directory"),
        (FLASK, {"root_directory": "nowhere"}, "has no folder &#x27;nowhere&#x27;"),
        (FLASK, {"root_directory": "../.."}, "leads out of the repository"),
        (FLASK, {"dockerfile": "Containerfile"}, "Containerfile"),
    ],
)
def test_it_says_what_is_wrong_and_where_else_to_look(
    github: GitHub, alice: Person, client: Client, files: dict[str, str] | None, asked: dict[str, str], words: str
) -> None:
    repo = offered(github, alice, files, pushed_at=None) if files is None else offered(github, alice, files)  # type: ignore[arg-type]
    answer = client.get("/new/repository", {"id": repo.id, **asked})
    text = answer.content.decode()
    assert answer.status_code == 200 and words in text
    assert "Look elsewhere in it" in text and "Deploy</button>" not in text


def test_it_takes_a_start_command_when_none_is_found(github: GitHub, alice: Person, client: Client) -> None:
    repo = offered(github, alice, {"requirements.txt": "requests\n", "thing.py": "print()"})
    assert "how to start it" in client.get("/new/repository", {"id": repo.id}).content.decode()
    told = client.get("/new/repository", {"id": repo.id, "start_command": "python thing.py"})
    assert told.context["form"].initial["start_command"] == "python thing.py"
    answer = client.post("/new/deploy", {"found": told.context["sealed"], **told.context["form"].initial})
    assert answer.status_code == 302 and Service.objects.get().start_command == "python thing.py"


def test_it_clones_when_too_many_files_would_be_asked_for(
    github: GitHub, alice: Person, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = offered(github, alice, {**FLASK, "Procfile": "web: python app.py\n"})
    monkeypatch.setattr(contents, "MOST_READS", 1)
    with github.watching() as seen:
        answer = client.get("/new/repository", {"id": repo.id})
    assert answer.context["found"]["plan"]["start"] == "python app.py"
    clones = [row for row in seen if row["path"].endswith("git-upload-pack")]
    assert clones and not any(alice.user.github.token in row["auth"] for row in clones)


def test_it_reads_a_tree_that_github_cuts_short(github: GitHub, alice: Person) -> None:
    """GitHub says `truncated` beyond 100,000 entries; the folders nearest to the top are read one by one then."""
    from apps.github.client import Client as Asking
    from apps.github.client import user_client
    from apps.github.models import Identity

    repo = offered(github, alice, {**MONOREPO, "node_modules/x/package.json": "{}"})
    client = user_client(Identity.objects.get())

    class Cut(Asking):
        def __init__(self) -> None:
            self.__dict__ = client.__dict__

        def get(self, path: str, model: Any, **params: Any) -> Any:
            told = super().get(path, model, **params)
            return told.model_copy(update={"truncated": True, "tree": told.tree[:1]}) if params else told

    def found(asking: Asking) -> dict[str, Any]:
        reader = contents.Contents(asking, repo.full_name)
        return dict(reader.entries(reader.head("main").tree))

    whole, cut = found(client), found(Cut())
    assert {n: e for n, e in whole.items() if not n.startswith("node_modules/")} == {
        n: e for n, e in cut.items() if not n.startswith("node_modules/")
    }
    assert "node_modules/x/package.json" in whole and "node_modules/x" not in cut


def test_it_looks_into_a_repository_over_the_api(github: GitHub, alice: Person, bob: Person) -> None:
    repo = offered(github, alice, MONOREPO)
    told = alice.post("/analyze", {"repository": repo.full_name}).json()
    assert told["plan"] is None and told["problem"]["code"] == "build:user:nothing-recognised"
    assert told["root_directories"] == ["apps/api", "apps/web"] and told["branches"] == ["main"]
    told = alice.post("/analyze", {"repository": str(repo.id), "root_directory": "apps/api"}).json()
    assert told["plan"]["language"] == "node" and told["problem"] is None and len(told["commit"]) == 40
    assert told["plan"]["reasons"] != []
    assert bob.post("/analyze", {"repository": repo.full_name}).status_code == 403
    assert alice.post("/analyze", {}).status_code == 422
    assert alice.post("/analyze", {"repository": "x/y", "source_url": "https://git.example/x"}).status_code == 422


def test_it_makes_an_app_of_a_repository_over_the_api(github: GitHub, alice: Person, dora: Person) -> None:
    repo = offered(github, alice, FLASK, default_branch="trunk")
    app = {"project": "shop", "name": "web", "repository": repo.full_name}
    assert dora.post("/apps", app).status_code == 404
    told = alice.post("/apps", app)
    assert told.status_code == 201, told.content
    service = told.json()["service"]
    assert (service["branch"], service["source_url"]) == ("trunk", f"{github.web_url}/{repo.full_name}.git")
    assert Connection.objects.get().repository.github_id == repo.id
    assert alice.post("/apps", {"project": "shop", "name": "two"}).status_code == 422
    both = {**app, "name": "three", "source_url": "https://git.example/x"}
    assert alice.post("/apps", both).status_code == 422
    branch = alice.post("/apps", {**app, "name": "four", "branch": "next"}).json()["service"]["branch"]
    assert branch == "next"


def test_it_makes_all_services_of_a_compose_file(github: GitHub, alice: Person, client: Client) -> None:
    compose = "services:\n  web: {build: ., ports: ['80:8000']}\n  store: {image: nginx, env_file: store.env}\n"
    repo = offered(github, alice, {"deploy/compose.yml": compose, "deploy/store.env": "A=1\n", "deploy/app.py": ""})
    page = client.get("/new/repository", {"id": repo.id, "root_directory": "deploy"})
    assert "Create 2 services and deploy" in page.content.decode()
    told = {"found": page.context["sealed"], "project": "shop"}
    assert client.post("/new/compose", told).status_code == 302
    rows = {row.name: row for row in Service.objects.all()}
    assert (rows["web"].root_directory, rows["store"].image) == ("deploy", "nginx")
    assert [one.service for one in Connection.objects.all()] == [rows["web"]]
    assert Variable.objects.get().value == "1"
    told = {"repository": repo.full_name, "root_directory": "deploy", "project": "two"}
    assert alice.post("/compose", told).status_code == 201
    missing = alice.post("/compose", {**told, "branch": "gone"}).json()
    assert missing["code"] == "source:user:branch-missing"


def test_it_reads_what_a_compose_file_includes_again(github: GitHub, alice: Person, client: Client) -> None:
    """Of images alone, so that no service is connected there: who asks opens the repository, as a person of GitHub."""
    files = {
        "compose.yml": "include: [parts/store.yml]\n",
        "parts/store.yml": "services: {store: {image: 'nginx:1'}}\n",
    }
    repo = offered(github, alice, files)
    told = {"found": client.get("/new/repository", {"id": repo.id}).context["sealed"], "project": "shop"}
    assert client.post("/new/compose", told).status_code == 302
    store, later = Service.objects.get(), "services: {store: {image: 'nginx:2'}, cache: {image: redis}}\n"
    github.push(repo, files={"parts/store.yml": later})
    page = client.post(f"/services/{store.pk}/compose")
    assert page.status_code == 200 and "Add 1 service, change 1 and deploy" in page.content.decode()
    again = {"found": page.context["sealed"], "project": "shop", "team": alice.team.key}
    assert client.post("/new/compose", again).status_code == 302
    assert dict(Service.objects.values_list("name", "image")) == {"store": "nginx:2", "cache": "redis"}
