"""What is asked of GitHub to show deployments: deployments and their statuses, commit statuses, comments.

Of one repository, by its number, which no renaming changes:
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field

from apps.feedback.comment import marker_of
from apps.feedback.pictures import is_marked
from apps.github.answers import AccountTold, RepositoryTold, Told
from apps.github.app import App
from apps.github.client import Client, at
from apps.github.errors import NotThere

MOST_COMMENTS = 1000  # That are looked through for ours.


class DeploymentTold(Told):
    """Of `POST .../deployments` and the list of them. `payload` is an object or its text."""

    id: int
    payload: Any = None


class ViaApp(Told):
    id: int


class CommentTold(Told):
    id: int
    body: str | None = Field(default=None, repr=False)
    user: AccountTold | None = None
    performed_via_github_app: ViaApp | None = None


class Made(Told):
    """Whatever was created: its number."""

    id: int


class Calls:
    """In the name of the App in the repository's account."""

    def __init__(self, client: Client, app: App, repository: int, instance: str) -> None:
        self._client = client
        self._app = app
        self._repository = repository
        self._instance = instance
        self._place = at("/repositories/{}", repository)

    def is_there(self) -> bool:
        try:
            return self._client.get(self._place, RepositoryTold).id == self._repository
        except NotThere:
            return False

    def create_deployment(self, body: dict[str, Any]) -> int:
        return self._made("POST", f"{self._place}/deployments", body)

    def find_deployment(self, key: UUID, commit: str, environment: str) -> int | None:
        """The one that carries our mark, made by an attempt whose answer was lost."""
        rows = self._client.pages(
            f"{self._place}/deployments", DeploymentTold, most=300, sha=commit, environment=environment
        )
        return next((row.id for row in rows if is_marked(row.payload, key, self._instance)), None)

    def say_deployment(self, deployment: int, body: dict[str, Any]) -> None:
        self._client.request("POST", self._place + at("/deployments/{}/statuses", deployment), body, again=True)

    def say_commit(self, commit: str, body: dict[str, Any]) -> None:
        self._client.request("POST", self._place + at("/statuses/{}", commit), body, again=True)

    def create_comment(self, number: int, body: str) -> int:
        return self._made("POST", self._place + at("/issues/{}/comments", number), {"body": body})

    def edit_comment(self, comment: int, body: str) -> None:
        self._client.request("PATCH", self._place + at("/issues/comments/{}", comment), {"body": body})

    def find_comment(self, number: int) -> int | None:
        """Ours, by its mark and by who wrote it: anybody may copy the mark into a comment of their own."""
        mark = marker_of(self._instance, self._repository, number)
        path = self._place + at("/issues/{}/comments", number)
        rows = self._client.pages(path, CommentTold, most=MOST_COMMENTS)
        return next((row.id for row in rows if (row.body or "").startswith(mark) and self._is_ours(row)), None)

    def _is_ours(self, row: CommentTold) -> bool:
        via = row.performed_via_github_app
        if via is not None:
            return via.id == self._app.app_id
        return row.user is not None and row.user.login == f"{self._app.slug}[bot]"

    def _made(self, method: str, path: str, body: dict[str, Any]) -> int:
        return self._client.request(method, path, body).read(Made).id
