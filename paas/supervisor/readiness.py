"""Looks whether a program is ready, in each of the ways that `programs.Ready` knows. Not in charge of waiting."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from paas.embedded import postgres, valkey
from paas.supervisor.programs import Ready


async def is_ready(ready: Ready, pid: int, lines: list[str]) -> bool:
    """`lines` is what the program has printed lately."""
    return (
        (not ready.path or Path(ready.path).exists())
        and (not ready.line or any(ready.line in line for line in lines))
        and (not ready.postgres or postgres.is_ready(Path(ready.postgres), pid))
        and (not ready.valkey or await asyncio.to_thread(valkey.is_ready, Path(ready.valkey)))
        and (not ready.http or await answers(ready.http))
    )


async def answers(address: str, seconds: float = 2.0) -> bool:
    """Whether this http address answers 200."""
    url = urlsplit(address)
    request = f"GET {url.path or '/'} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: close\r\n\r\n"
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(url.hostname, url.port or 80)
            writer.write(request.encode())
            status_line = await reader.readline()
            writer.close()
            return b" 200 " in status_line
    return False
