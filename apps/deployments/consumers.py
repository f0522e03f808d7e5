"""Live logs and state over WebSockets. The socket only carries what the polling endpoint gives too, with the same numbers.

Client: `{"after": <last seq>}` to begin or to resume. Server: `{"lines": [...]}`, `{"changed": true}`. Permission is
checked at connect and every 10 s; a lost right closes with 4403, a stranger gets 4404.
"""

from __future__ import annotations

import asyncio
from typing import Any

from asgiref.sync import sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.db import Error

from apps.accounts.access import Actor
from apps.accounts.models import ApiToken, User
from apps.deployments import logs
from apps.deployments.models import Deployment, LogStream
from apps.projects.models import Service

CHECK_SECONDS = 10.0
BATCH = 1000


class LogConsumer(AsyncJsonWebsocketConsumer):
    """One log for one reader. Subclasses say which."""

    stream: LogStream
    groups_joined: tuple[str, ...] = ()

    def find(self, actor: Actor, pk: str) -> LogStream | None:
        """The stream if `actor` may read it. Runs in a thread."""
        raise NotImplementedError

    def state_group(self, pk: str) -> str:
        raise NotImplementedError

    async def connect(self) -> None:
        self.pk = str(self.scope["url_route"]["kwargs"]["pk"])
        self.after: int | None = None
        self.more = asyncio.Event()
        self.jobs: list[asyncio.Task[None]] = []
        stream = await self._allowed()
        await self.accept()
        if stream is None:
            await self.close(code=4404)
            return
        self.stream = stream
        self.groups_joined = (stream.group, self.state_group(self.pk))
        await self._join()
        self.jobs = [asyncio.create_task(self._send_lines()), asyncio.create_task(self._recheck())]

    async def _join(self) -> None:
        for group in self.groups_joined:
            await self.channel_layer.group_add(group, self.channel_name)

    async def disconnect(self, code: int) -> None:
        for job in self.jobs:
            job.cancel()
        for group in self.groups_joined:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        after = content.get("after") if isinstance(content, dict) else None
        if isinstance(after, int) and after >= 0:
            self.after = after
            self.more.set()

    async def log_more(self, event: dict[str, Any]) -> None:
        self.more.set()

    async def state_changed(self, event: dict[str, Any]) -> None:
        await self.send_json({"changed": True})

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

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                allowed = await self._allowed()
            except Error:
                continue
            if allowed is None:
                await self.close(code=4403)
                return
            await self._join()  # Valkey may have been wiped; and whatever was missed is read now.
            self.more.set()

    @sync_to_async
    def _allowed(self) -> LogStream | None:
        actor = actor_of(self.scope)
        return self.find(actor, self.pk) if actor else None


class DeploymentConsumer(LogConsumer):
    def find(self, actor: Actor, pk: str) -> LogStream | None:
        return LogStream.objects.filter(deployment__in=Deployment.objects.visible_to(actor).filter(pk=pk)).first()

    def state_group(self, pk: str) -> str:
        return f"deployment.{pk}"


class ServiceConsumer(LogConsumer):
    def find(self, actor: Actor, pk: str) -> LogStream | None:
        service = Service.objects.visible_to(actor).filter(pk=pk).first()
        return LogStream.objects.get_or_create(service=service)[0] if service else None

    def state_group(self, pk: str) -> str:
        return f"service.{pk}"


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
