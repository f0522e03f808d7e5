"""The GitHub to test against behaves as GitHub's description says, where our tests lean on it."""

from __future__ import annotations

import hashlib
import hmac
import subprocess

import httpx2
import jwt
import pytest

from tests.github.world import NOWHERE, GitHub


def test_it_tells_an_app_of_real_pushes(github: GitHub) -> None:
    ada = github.user()
    repo = github.repo(ada, files={"app.py": "print()", "web/index.html": "<p>"})
    app = github.app(ada)
    github.install(app, ada, repo)
    github.git_push(repo, {"app.py": "print(1)"}, message="Say one")
    sha = github.push(repo, {"README": "hello"}, message="Explain", force=True)
    github.tag(repo, "v1", annotated=True)
    rows = github.deliveries(app)
    assert [(r["event"], r["action"]) for r in rows] == [
        ("ping", None), ("installation", "created"), ("push", None), ("push", None), ("push", None), ("create", None)
    ]  # fmt: skip
    push = rows[3]["request"]["payload"]
    assert push["after"] == sha and push["forced"] and push["repository"]["id"] == repo.id
    assert push["head_commit"]["added"] == ["README"] and push["installation"]["id"] == rows[1]["installation_id"]
    headers, body = rows[3]["request"]["headers"], rows[3]["request"]["body"].encode()
    assert (
        headers["X-Hub-Signature-256"]
        == "sha256=" + hmac.new(app["webhook_secret"].encode(), body, hashlib.sha256).hexdigest()
    )
    assert rows[4]["request"]["payload"]["ref"] == "refs/tags/v1"


def test_it_reads_files_trees_branches_and_tags_of_what_was_pushed(github: GitHub) -> None:
    ada = github.user()
    repo = github.repo(ada, files={"app.py": "print()", "web/index.html": "<p>"})
    github.push(repo, {"x": "1"}, branch="next", start="origin/main")
    github.tag(repo, "v1")
    tree = github.api("GET", f"/repositories/{repo.id}/git/trees/main?recursive=1", ada)["tree"]
    assert [(e["path"], e["type"]) for e in tree] == [("app.py", "blob"), ("web", "tree"), ("web/index.html", "blob")]
    assert {b["name"] for b in github.api("GET", f"/repos/{repo.full_name}/branches", ada)} == {"main", "next"}
    assert github.api("GET", f"/repos/{repo.full_name}/tags", ada)[0]["name"] == "v1"
    raw = httpx2.get(
        f"{github.api_url}/repositories/{repo.id}/contents/web/index.html",
        headers={"Authorization": f"Bearer {ada.token}", "Accept": "application/vnd.github.raw+json"},
    )
    assert raw.text == "<p>"


def test_it_runs_a_pull_request_from_a_fork_to_its_merge(github: GitHub) -> None:
    ada, bob = github.user(), github.user()
    repo = github.repo(ada, files={"app.py": "print()"})
    app = github.app(ada)
    github.install(app, ada)
    fork = github.fork(repo, bob)
    github.push(fork, {"more.py": "1"}, branch="more", start="origin/main", person=bob)
    number = github.pull_request(repo, "more", person=bob, fork=fork)
    head = github.push(fork, {"more.py": "2"}, branch="more", person=bob)
    told = subprocess.run(
        ["git", "ls-remote", repo.clone_url, f"refs/pull/{number}/head"], capture_output=True, check=True
    )
    assert told.stdout.decode().split() == [head, f"refs/pull/{number}/head"]
    merged = github.merge(repo, number)
    rows = [r for r in github.deliveries(app) if r["event"] in ("pull_request", "push")]
    assert [(r["event"], r["action"]) for r in rows] == [
        ("pull_request", "opened"), ("pull_request", "synchronize"), ("pull_request", "closed"), ("push", None)
    ]  # fmt: skip
    told = rows[1]["request"]["payload"]["pull_request"]
    assert told["head"]["sha"] == head and told["head"]["repo"]["id"] == fork.id != told["base"]["repo"]["id"]
    assert rows[2]["request"]["payload"]["pull_request"]["merged"] and github.head(repo) == merged


def test_it_keeps_strangers_from_private_code(github: GitHub) -> None:
    ada, bob = github.user(), github.user()
    repo = github.repo(ada, private=True, files={"app.py": ""})
    for person in (bob, None):
        headers = {"Authorization": f"Bearer {person.token}"} if person else {}
        status = httpx2.get(f"{github.api_url}/repos/{repo.full_name}", headers=headers).status_code
        assert status in (401, 404)
        secret = f"x:{person.token}@" if person else ""
        argv = ["git", "ls-remote", repo.clone_url.replace("://", f"://{secret}")]
        assert subprocess.run(argv, capture_output=True, env={"GIT_TERMINAL_PROMPT": "0"}, check=False).returncode
    assert httpx2.get(f"{github.api_url}/user", headers={"Authorization": "Bearer made-up"}).status_code == 401


def test_it_gives_installation_tokens_that_end(github: GitHub) -> None:
    ada = github.user()
    repo, other = github.repo(ada, private=True, files={"a": ""}), github.repo(ada, private=True, files={"a": ""})
    app = github.app(ada)
    installed = github.install(app, ada)
    import time

    claim = jwt.encode(
        {"iat": int(time.time()) - 60, "exp": int(time.time()) + 300, "iss": str(app["id"])}, app["pem"], "RS256"
    )

    def bearer_for(seconds: float) -> dict[str, str]:
        github.lifetime(installation=seconds)
        told = httpx2.post(
            f"{github.api_url}/app/installations/{installed.id}/access_tokens",
            headers={"Authorization": f"Bearer {claim}"},
            json={"repository_ids": [repo.id], "permissions": {"contents": "read"}},
        ).json()
        return {"Authorization": f"Bearer {told['token']}"}

    bearer = bearer_for(3600)
    seen = httpx2.get(f"{github.api_url}/installation/repositories", headers=bearer).json()
    assert [r["id"] for r in seen["repositories"]] == [repo.id]
    assert httpx2.get(f"{github.api_url}/repositories/{other.id}", headers=bearer).status_code == 404
    ended = bearer_for(0.1)
    time.sleep(0.2)
    for told, status in ((bearer, 200), (ended, 401)):
        assert httpx2.get(f"{github.api_url}/repositories/{repo.id}", headers=told).status_code == status


def test_it_answers_304_to_a_known_etag(github: GitHub) -> None:
    ada = github.user()
    repo = github.repo(ada)
    bearer = {"Authorization": f"Bearer {ada.token}"}
    first = httpx2.get(f"{github.api_url}/repositories/{repo.id}", headers=bearer)
    again = httpx2.get(
        f"{github.api_url}/repositories/{repo.id}", headers={**bearer, "If-None-Match": first.headers["ETag"]}
    )
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_it_refuses_a_deployment_whose_checks_failed_and_retires_old_ones(github: GitHub) -> None:
    ada = github.user()
    repo = github.repo(ada, files={"a": ""})
    sha = github.head(repo)
    github.commit_status(repo, sha, "failure")
    path = f"/repos/{repo.full_name}/deployments"
    assert "Conflict" in github.api("POST", path, ada, status=409, ref=sha)["message"]
    ids = []
    for _ in range(2):
        told = github.api(
            "POST", path, ada, status=201, ref=sha, environment="staging", required_contexts=[], auto_merge=False
        )
        ids.append(told["id"])
        github.api("POST", f"{path}/{told['id']}/statuses", ada, status=201, state="success")
    states = {d["id"]: [s["state"] for s in d["statuses"]] for d in github.told(repo)["deployments"]}
    assert states == {ids[0]: ["success", "inactive"], ids[1]: ["success"]}


def test_it_lists_and_repeats_deliveries(github: GitHub) -> None:
    ada = github.user()
    app = github.app(ada, webhook_url="http://127.0.0.1:1/hook")
    import time

    claim = jwt.encode(
        {"iat": int(time.time()) - 60, "exp": int(time.time()) + 300, "iss": str(app["id"])}, app["pem"], "RS256"
    )
    bearer = {"Authorization": f"Bearer {claim}"}
    rows = httpx2.get(f"{github.api_url}/app/hook/deliveries", headers=bearer).json()
    assert [(r["event"], r["status_code"]) for r in rows] == [("ping", 0)]
    assert (
        httpx2.post(f"{github.api_url}/app/hook/deliveries/{rows[0]['id']}/attempts", headers=bearer).status_code == 202
    )
    github.settle()
    after = httpx2.get(f"{github.api_url}/app/hook/deliveries?per_page=1", headers=bearer)
    assert after.json()[0]["guid"] == rows[0]["guid"] and after.json()[0]["redelivery"]
    assert 'rel="next"' in after.headers["Link"]


def test_it_lets_a_repository_live(github: GitHub) -> None:
    ada, bob = github.user(), github.user()
    app = github.app(ada, webhook_url=NOWHERE)
    repo = github.repo(ada, files={"a": ""})
    github.install(app, ada, repo)
    old = github.name_of(repo)
    github.rename(repo, repo.full_name.split("/")[1] + "-2")
    assert github.api("GET", f"/repos/{old}", ada)["id"] == repo.id
    github.make_private(repo)
    github.transfer(repo, bob)
    events = [(r["event"], r["action"]) for r in github.deliveries(app)][2:]
    assert events == [("repository", "renamed"), ("repository", "privatized"), ("installation_repositories", "removed")]


@pytest.mark.parametrize(("status", "headers"), [(500, {}), (403, {"Retry-After": "7"}), (429, {"Retry-After": "1"})])
def test_it_fails_on_demand(github: GitHub, status: int, headers: dict[str, str]) -> None:
    ada = github.user()
    github.fault("^/user$", status=status, headers=headers)
    told = [httpx2.get(f"{github.api_url}/user", headers={"Authorization": f"Bearer {ada.token}"}) for _ in range(2)]
    assert [t.status_code for t in told] == [status, 200]
    assert told[0].headers.get("Retry-After") == headers.get("Retry-After")
