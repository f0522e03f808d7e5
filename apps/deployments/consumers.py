"""Live logs and state over WebSockets. The socket only carries what the polling endpoint gives too, with the same numbers.

Client: `{"after": <last seq>}` to begin or to resume. Server: `{"lines": [...]}`, `{"changed": true}`. Permission is
checked at connect and every 10 s, and `{"here": true}` said then; a lost right closes with 4403, a stranger gets 4404.
"""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.db import Error
from django.http import QueryDict

from apps.accounts.access import Actor
from apps.accounts.models import ApiToken, User
from apps.deployments import logs
from apps.deployments.models import Deployment, LogStream
from apps.lib.wake import team_group
from apps.projects.environments import environment_asked
from apps.projects.models import Service
from workers.errors import UserError

CHECK_SECONDS = 10.0
QUIET_SECONDS = 0.2
BATCH = 1000


class StateConsumer(AsyncJsonWebsocketConsumer):
    """Tells one open page that what it shows has changed. Subclasses say which groups it listens to."""

    groups_joined: tuple[str, ...] = ()

    def find(self, actor: Actor, pk: str) -> tuple[str, ...] | None:
        """The groups that `actor` may listen to, or None: nothing of it is theirs. Runs in a thread."""
        raise NotImplementedError

    async def connect(self) -> None:
        self.pk = str(self.scope["url_route"]["kwargs"].get("pk", ""))
        self.changed = asyncio.Event()
        self.jobs: list[asyncio.Task[None]] = []
        groups = await self._allowed()
        if groups is None:
            await self.accept()  # A browser is told the code of an open socket only.
            await self.close(code=4404)
            return
        await self._join(groups)  # Before the reader knows that it is open: nothing said from then on is missed.
        await self.accept()
        self.jobs = [asyncio.create_task(self._send_changes()), asyncio.create_task(self._recheck())]

    async def _join(self, groups: tuple[str, ...]) -> None:
        for group in {*self.groups_joined} - {*groups}:
            await self.channel_layer.group_discard(group, self.channel_name)
        for group in groups:
            await self.channel_layer.group_add(group, self.channel_name)
        self.groups_joined = groups

    async def disconnect(self, code: int) -> None:
        for job in self.jobs:
            job.cancel()
        for group in self.groups_joined:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def state_changed(self, event: dict[str, Any]) -> None:
        self.changed.set()

    async def _send_changes(self) -> None:
        """The first at once; what comes right behind it together."""
        while True:
            await self.changed.wait()
            self.changed.clear()
            await self.send_json({"changed": True})
            await asyncio.sleep(QUIET_SECONDS)

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                groups = await self._allowed()
            except Error:
                continue
            if groups is None:
                await self.close(code=4403)
                return
            await self._join(groups)  # Valkey may have been wiped; and whatever was missed is read now.
            self.catch_up()
            await self.send_json({"here": True})

    def catch_up(self) -> None:
        """What may have been missed; a page of states looks every few seconds by itself."""

    @sync_to_async
    def _allowed(self) -> tuple[str, ...] | None:
        actor = actor_of(self.scope)
        return self.find(actor, self.pk) if actor else None


class LogConsumer(StateConsumer):
    """One log for one reader, and the state of what it is the log of."""

    stream: LogStream

    def stream_for(self, actor: Actor, pk: str) -> LogStream | None:
        """The stream if `actor` may read it."""
        raise NotImplementedError

    def state_group(self, pk: str) -> str:
        raise NotImplementedError

    def find(self, actor: Actor, pk: str) -> tuple[str, ...] | None:
        stream = self.stream_for(actor, pk)
        if stream is None:
            return None
        self.stream = stream
        return stream.group, self.state_group(pk)

    async def connect(self) -> None:
        self.after: int | None = None
        self.more = asyncio.Event()
        await super().connect()
        if self.groups_joined:
            self.jobs.append(asyncio.create_task(self._send_lines()))

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        after = content.get("after") if isinstance(content, dict) else None
        if isinstance(after, int) and after >= 0:
            self.after = after
            self.more.set()

    async def log_more(self, event: dict[str, Any]) -> None:
        self.more.set()

    def catch_up(self) -> None:
        self.more.set()

    async def _send_lines(self) -> None:
        """One batch at a time: a slow reader is sent to as fast as it reads, and nothing piles up for it."""
        while True:
            await self.more.wait()
            self.more.clear()
            while self.after is not None:
                found = await sync_to_async(self._read)(self.after)
                if not found:
                    break
                self.after = found[-1].seq
                await self.send_json({"lines": [line.as_dict() for line in found]})

    def _read(self, after: int) -> list[logs.Line]:
        try:
            return logs.read(self.stream, after, limit=BATCH)
        except Error:
            return []  # The database is away; the next wake-up or poll reads on from the same number.


class DeploymentConsumer(LogConsumer):
    def stream_for(self, actor: Actor, pk: str) -> LogStream | None:
        rows = LogStream.objects.select_related("deployment")
        return rows.filter(deployment__in=Deployment.objects.visible_to(actor).filter(pk=pk)).first()

    def state_group(self, pk: str) -> str:
        """Of its service: one that serves shows how it does."""
        return f"service.{self.stream.deployment.service_id}"  # type: ignore[union-attr]


class ServiceConsumer(LogConsumer):
    def stream_for(self, actor: Actor, pk: str) -> LogStream | None:
        """Production's, or of the environment that the address names."""
        service = Service.objects.visible_to(actor).filter(pk=pk).first()
        if service is None:
            return None
        try:
            where = environment_asked(QueryDict(self.scope.get("query_string", b"")), service.project)
        except UserError:
            return None
        there = None if where.is_production else where
        return LogStream.objects.get_or_create(service=service, environment=there)[0]

    def state_group(self, pk: str) -> str:
        return f"service.{pk}"


class TeamConsumer(StateConsumer):
    """Anything of one team: its projects' pages listen here."""

    def find(self, actor: Actor, pk: str) -> tuple[str, ...] | None:
        return (team_group(UUID(pk)),) if UUID(pk) in actor.teams else None


class HomeConsumer(StateConsumer):
    """Anything of all teams of a person: the list of projects listens here."""

    def find(self, actor: Actor, pk: str) -> tuple[str, ...] | None:
        return tuple(team_group(team) for team in actor.teams)


def actor_of(scope: dict[str, Any]) -> Actor | None:
    """The person of the session, read anew so that a sign-out or a removal counts, or of a bearer token."""
    header = dict(scope.get("headers") or []).get(b"authorization", b"").decode("latin-1")
    if header.lower().startswith("bearer "):
        token = ApiToken.for_bearer(header[7:].strip())
        return Actor(token.user, scope=token.scope) if token else None
    session = scope.get("session")
    user: User | None = None
    if session is not None and session.session_key:
        fresh = session.__class__(session.session_key)  # The session is a lazy object: its type is not its class.
        user = User.objects.filter(pk=fresh.get("_auth_user_id"), is_active=True).first()
        if user is not None and fresh.get("_auth_user_hash") != user.get_session_auth_hash():
            user = None
    return Actor(user) if user else None
