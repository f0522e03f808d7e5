"""The supervisor's ear: one JSON request a line on a unix socket that only its own user may open, one JSON answer.

Not in charge of what a request does.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from workers.errors import PlatformError

Answer = dict[str, Any]
MAX_LINE = 1024 * 1024  # A request to restart carries a whole environment.


async def serve(path: Path, answer: Callable[[dict[str, Any]], Awaitable[Answer]]) -> asyncio.AbstractServer:
    """Listens until it is closed. The caller holds the lock, so a socket that is still there is a dead one's."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, ValueError):
            while line := await reader.readline():
                writer.write(json.dumps(await answer(json.loads(line))).encode() + b"\n")
                await writer.drain()
        writer.close()

    path.unlink(missing_ok=True)
    mask = os.umask(0o177)
    try:
        return await asyncio.start_unix_server(converse, str(path), limit=MAX_LINE)
    finally:
        os.umask(mask)


def ask(path: Path, request: dict[str, Any], *, seconds: float = 5.0) -> Answer | None:
    """The running supervisor's answer, or None when none listens. Raises PlatformError when it takes too long."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(seconds)
            connection.connect(str(path))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as lines:
                line = lines.readline()
    except (FileNotFoundError, ConnectionError):
        return None
    except TimeoutError:
        raise PlatformError(
            "supervisor:platform:slow",
            f"Slipway runs and has not answered within {seconds:.0f} s.",
            hint="This machine may be too busy. See what it does: make status; make logs",
        ) from None
    return dict(json.loads(line)) if line else None
