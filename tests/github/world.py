"""What a test does at GitHub: people, repositories, pushes by real git, pull requests, installations, faults; and looks at.

Names are made unique, so that tests of one session do not meet. Webhooks of a change have arrived when a call returns.
"""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

NOWHERE = "http://nowhere.invalid/hook"  # Nothing is sent: the test takes the deliveries (`hand_over`).


@dataclass(frozen=True)
class Person:
    login: str
    id: int
    token: str
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Repo:
    """`full_name` is the one at the moment of making; ask by `id` after a rename."""

    id: int
    full_name: str
    clone_url: str


@dataclass(frozen=True)
class Installed:
    id: int
    account: str
    app_id: int


class GitHub:
    def __init__(self, url: str, folder: Path) -> None:
        self.url = self.web_url = self.api_url = url
        self._folder = folder
        self._http = httpx2.Client(base_url=url, timeout=60)

    # --- people and repositories ------------------------------------------------------------------------------------

    def user(self, login: str = "") -> Person:
        told = self._do("user", login=login or unique("user"))
        return Person(told["login"], told["id"], told["access_token"], told)

    def org(self, *members: Person, login: str = "") -> str:
        return str(self._do("org", login=login or unique("org"), members=[m.login for m in members])["login"])

    def repo(
        self,
        owner: Person | str,
        name: str = "",
        *,
        private: bool = False,
        files: dict[str, str] | None = None,
        **more: Any,
    ) -> Repo:
        """With `files` it has a first commit on its default branch."""
        login = owner if isinstance(owner, str) else owner.login
        told = self._do("repo", owner=login, name=name or unique("repo"), private=private, **more)
        repo = Repo(told["id"], told["full_name"], told["clone_url"])
        if files is not None:
            self.push(repo, files, message="Begin", branch=str(more.get("default_branch", "main")))
        return repo

    def collaborator(self, repo: Repo, person: Person, permission: str = "push") -> None:
        self._do("collaborator", repository=repo.full_name, login=person.login, permission=permission)

    def fork(self, repo: Repo, person: Person) -> Repo:
        told = self.api("POST", f"/repos/{repo.full_name}/forks", person, status=202)
        return Repo(told["id"], told["full_name"], told["clone_url"])

    # --- git --------------------------------------------------------------------------------------------------------

    def push(
        self,
        repo: Repo,
        files: dict[str, str] | None = None,
        *,
        branch: str = "main",
        message: str = "Change",
        start: str = "",
        delete: tuple[str, ...] = (),
        force: bool = False,
        person: Person | None = None,
    ) -> str:
        """A commit on top of the branch (or of `start`, a branch or commit, for a new one), as a push brings it; its id.
        `force`: on top of the commit before, so that the head is replaced. `git_push` does it over the wire."""
        told = {"branch": branch, "message": message, "start": start.removeprefix("origin/"), "force": force}
        made = {secrets.token_hex(4): "x"} if files is None else files
        who = {"person": person.login} if person else {}
        return str(self._do("commit", id=repo.id, files=made, remove=list(delete), **told, **who)["sha"])

    def git_push(
        self,
        repo: Repo,
        files: dict[str, str],
        *,
        branch: str = "main",
        message: str = "Change",
        person: Person | None = None,
    ) -> str:
        """The same by `git push` over HTTP, with the owner's or the person's token."""
        folder = self._clone(repo, person)
        known = self._git(folder, "rev-parse", "--verify", "-q", f"origin/{branch}", check=False)
        self._git(
            folder, "checkout", "-q", *(["--detach", f"origin/{branch}"] if known else ["--orphan", unique("new")])
        )
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        self._git(folder, "add", "-A")
        self._git(folder, "commit", "-q", "--allow-empty", "-m", message)
        self._git(folder, "push", "-q", "origin", f"HEAD:refs/heads/{branch}")
        self.settle()
        return self.head(repo, branch)

    def tag(self, repo: Repo, name: str, *, at: str = "origin/main", annotated: bool = False) -> None:
        folder = self._clone(repo, None)
        self._git(folder, "tag", *(["-a", "-m", name] if annotated else []), name, at)
        self._git(folder, "push", "-q", "origin", f"refs/tags/{name}")
        self.settle()

    def delete_branch(self, repo: Repo, branch: str) -> None:
        self._git(self._clone(repo, None), "push", "-q", "origin", f":refs/heads/{branch}")
        self.settle()

    def head(self, repo: Repo, branch: str = "main") -> str:
        return str(self._get(f"repo?id={repo.id}")["refs"][f"refs/heads/{branch}"])

    def _clone(self, repo: Repo, person: Person | None) -> Path:
        """A working copy, fetched anew; pushes go out in the name of `person`, else of the owner."""
        folder = self._folder / str(repo.id)
        token = person.token if person else f"gho_root_{self._owner_of(repo)}"
        url = f"{self.url.replace('://', f'://x:{token}@', 1)}/{self.name_of(repo)}.git"
        if not (folder / ".git").exists():
            folder.mkdir(parents=True)
            self._git(folder, "init", "-q", "-b", "main")
            self._git(folder, "remote", "add", "origin", url)
        self._git(folder, "remote", "set-url", "origin", url)
        self._git(folder, "fetch", "-q", "--prune", "--tags", "--force", "origin")
        return folder

    def _git(self, folder: Path, *argv: str, check: bool = True) -> str:
        env = {
            "PATH": os.environ["PATH"], "HOME": str(self._folder), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com",
            "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
        }  # fmt: skip
        done = subprocess.run(["git", *argv], cwd=folder, env=env, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, f"git {argv}: {done.stderr}"
        return done.stdout

    # --- pull requests and what CI says -----------------------------------------------------------------------------

    def pull_request(
        self,
        repo: Repo,
        head: str,
        *,
        base: str = "main",
        title: str = "Try",
        person: Person | None = None,
        fork: Repo | None = None,
    ) -> int:
        """From a branch of the repository, or of `fork`; its number."""
        source = f"{fork.full_name.split('/')[0]}:{head}" if fork else head
        told = self.api(
            "POST",
            f"/repos/{repo.full_name}/pulls",
            person or self.owner(repo),
            status=201,
            title=title,
            head=source,
            base=base,
            body="",
        )
        return int(told["number"])

    def close(self, repo: Repo, number: int, *, state: str = "closed") -> None:
        self.api("PATCH", f"/repos/{repo.full_name}/pulls/{number}", self.owner(repo), state=state)

    def merge(self, repo: Repo, number: int) -> str:
        return str(self.api("PUT", f"/repos/{repo.full_name}/pulls/{number}/merge", self.owner(repo))["sha"])

    def review(self, repo: Repo, number: int, person: Person, *, event: str = "APPROVE", commit: str = "") -> None:
        more = {"commit_id": commit} if commit else {}
        self.api(
            "POST", f"/repos/{repo.full_name}/pulls/{number}/reviews", person, event=event, body="Looks good", **more
        )

    def comment(self, repo: Repo, number: int, person: Person, body: str) -> None:
        self.api("POST", f"/repos/{repo.full_name}/issues/{number}/comments", person, status=201, body=body)

    def check(
        self, repo: Repo, sha: str, *, name: str = "ci", status: str = "completed", conclusion: str | None = "success"
    ) -> int:
        """A check run of GitHub Actions or another App."""
        more = {"conclusion": conclusion} if status == "completed" else {}
        body = {"name": name, "head_sha": sha, "status": status, **more}
        told = self._request("POST", f"/repos/{repo.full_name}/check-runs", self.owner(repo).token, body, 201)
        return int(told["id"])

    def check_done(self, repo: Repo, run: int, conclusion: str = "success") -> None:
        body = {"status": "completed", "conclusion": conclusion}
        self._request("PATCH", f"/repos/{repo.full_name}/check-runs/{run}", self.owner(repo).token, body, 200)

    def commit_status(self, repo: Repo, sha: str, state: str = "success", *, context: str = "ci/outside") -> None:
        body = {"state": state, "context": context}
        self._request("POST", f"/repos/{repo.full_name}/statuses/{sha}", self.owner(repo).token, body, 201)

    # --- the App ----------------------------------------------------------------------------------------------------

    def app(self, owner: Person, *, webhook_url: str = NOWHERE, name: str = "", **manifest: Any) -> dict[str, Any]:
        """A GitHub App with our manifest's permissions and events: `id`, `slug`, `client_id`, `pem`, `webhook_secret`..."""
        from apps.github.manifest import EVENTS, PERMISSIONS

        told = {"default_permissions": PERMISSIONS, "default_events": EVENTS, "public": True, **manifest}
        hook = {"url": webhook_url, "active": True}
        return dict(self._do("app", owner=owner.login, name=name or unique("app"), hook_attributes=hook, **told))

    def change_app(self, app: dict[str, Any], **changes: Any) -> None:
        """`webhook_url`, `callback_urls`, `setup_url`, `permissions`; `lost=2`: the next two pushes do not arrive."""
        self._do("app/change", app_id=app["id"], **changes)

    def install(self, app: dict[str, Any], account: Person | str, *repos: Repo) -> Installed:
        """In an account, for some repositories or for all of them."""
        login = account if isinstance(account, str) else account.login
        names = [self.name_of(repo) for repo in repos] or None
        return Installed(
            self._do("install", app_id=app["id"], account=login, repositories=names)["id"], login, app["id"]
        )

    def choose(self, installed: Installed, *repos: Repo) -> None:
        """Which repositories it sees from now on; none named means all."""
        self._do("install/choose", installation=installed.id, repositories=[self.name_of(repo) for repo in repos])

    def uninstall(self, installed: Installed) -> None:
        self._do("install/delete", installation=installed.id)

    def suspend(self, installed: Installed, *, on: bool = True) -> None:
        self._do("install/suspend" if on else "install/unsuspend", installation=installed.id)

    def accept_permissions(self, installed: Installed, **permissions: str) -> None:
        self._do("install/permissions", installation=installed.id, permissions=permissions)

    # --- a repository's life ----------------------------------------------------------------------------------------

    def rename(self, repo: Repo, name: str) -> str:
        return str(self._do("repo/rename", id=repo.id, name=name)["full_name"])

    def transfer(self, repo: Repo, owner: Person | str) -> str:
        login = owner if isinstance(owner, str) else owner.login
        return str(self._do("repo/transfer", id=repo.id, owner=login)["full_name"])

    def make_private(self, repo: Repo, *, private: bool = True) -> None:
        self._do("repo/visibility", id=repo.id, private=private)

    def archive(self, repo: Repo, *, archived: bool = True) -> None:
        self._do("repo/archive", id=repo.id, archived=archived)

    def default_branch(self, repo: Repo, branch: str) -> None:
        self._do("repo/default-branch", id=repo.id, branch=branch)

    def delete(self, repo: Repo) -> None:
        self._do("repo/delete", id=repo.id)

    # --- faults -----------------------------------------------------------------------------------------------------

    def fault(
        self,
        path: str = "",
        *,
        status: int = 0,
        times: int = 1,
        method: str = "",
        delay: float = 0,
        headers: dict[str, str] | None = None,
        body: Any = None,
    ) -> None:
        """The next requests whose path matches the pattern are slow (`delay`, seconds) or answered with `status`."""
        self._do(
            "fault", path=path, status=status, times=times, method=method, delay=delay, headers=headers or {}, body=body
        )

    def secondary_limit(self, path: str = "", *, times: int = 1, retry_after: int | None = None) -> None:
        body = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self.fault(path, status=403, times=times, headers=headers, body=body)

    def no_faults(self) -> None:
        """From now on; requests that are being delayed go on."""
        self._do("faults/clear")

    def lifetime(self, *, installation: float = 3600, user: float = 0) -> None:
        """Seconds that tokens last which are made from now on. A user's 0: they do not end."""
        self._do("lifetime", installation=installation, user=user)

    def end_tokens(self, kind: str = "ghs_") -> None:
        """All tokens of a kind are over, as if GitHub had taken them back."""
        self._do("tokens/end", kind=kind)

    # --- looking ----------------------------------------------------------------------------------------------------

    @contextmanager
    def watching(self) -> Iterator[list[dict[str, Any]]]:
        """The requests that arrive meanwhile (`method`, `path`, `status`, `auth`, `etag`), in a list filled at the end."""
        since, seen = self._get("seen/count")["count"], list[dict[str, Any]]()
        yield seen
        seen += self._get(f"seen?since={since}")

    def asked(self, path: str) -> int:
        """How many requests have arrived so far at addresses that end so."""
        return sum(row["path"].endswith(path) for row in self._get("seen"))

    def deliveries(self, app: dict[str, Any]) -> list[dict[str, Any]]:
        """Every webhook of an App, oldest first: `event`, `action`, `guid`, `status_code`, `request.headers`, `.payload`."""
        return list(self._get(f"deliveries?app_id={app['id']}"))

    def hand_over(
        self, client: Any, app: dict[str, Any], path: str = "/api/webhooks/github", *, since: int = 0
    ) -> list[Any]:
        """Post an App's deliveries to a Django test client, as GitHub would have; the answers. For apps at `NOWHERE`."""
        return [self.post(client, row, path) for row in self.deliveries(app)[since:]]

    @staticmethod
    def post(client: Any, delivery: dict[str, Any], path: str = "/api/webhooks/github") -> Any:
        request = delivery["request"]
        body = str(request["body"]).encode()
        return client.post(path, data=body, content_type="application/json", headers=request["headers"])

    def deliver(self, app: dict[str, Any], event: str, payload: dict[str, Any], *, guid: str = "") -> None:
        """A webhook with any payload, signed and sent as the App's own."""
        self._do("deliver", app_id=app["id"], event=event, payload=payload, **({"guid": guid} if guid else {}))

    def told(self, repo: Repo) -> dict[str, Any]:
        """What was told of a repository: `deployments` (each with `statuses`), commit `statuses`, `comments`."""
        return dict(self._get(f"told?repository={self.name_of(repo)}"))

    def settle(self) -> None:
        """Wait until every webhook that is under way has arrived."""
        self._do("settle")

    def api(self, method: str, path: str, person: Person, *, status: int = 0, **body: Any) -> Any:
        return self._request(method, path, person.token, body or None, status)

    def owner(self, repo: Repo) -> Person:
        login = self._owner_of(repo)
        return Person(login, 0, f"gho_root_{login}")

    def name_of(self, repo: Repo) -> str:
        return str(self._get(f"repo?id={repo.id}").get("full_name") or repo.full_name)

    def _owner_of(self, repo: Repo) -> str:
        return str(self._get(f"repo?id={repo.id}")["acting"])

    def _request(self, method: str, path: str, token: str, body: Any, status: int) -> Any:
        answer = self._http.request(
            method, path, json=body, headers={"Authorization": f"Bearer {token}"}, follow_redirects=True
        )
        assert answer.status_code == status if status else answer.is_success, (
            f"{method} {path}: {answer.status_code} {answer.text}"
        )
        self.settle()
        return answer.json() if answer.content else None

    def _do(self, what: str, **told: Any) -> Any:
        answer = self._http.post(f"/_test/{what}", json=told)
        assert answer.is_success, f"{what}: {answer.status_code} {answer.text}"
        return answer.json()

    def _get(self, what: str) -> Any:
        return self._http.get(f"/_test/{what}").json()


def unique(word: str) -> str:
    return f"{word}-{secrets.token_hex(3)}"
