"""A git server that is spoken to by ssh, on loopback: another ssh than ours, so that keys and signatures are real."""

from __future__ import annotations

import asyncio
import re
import shlex
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

COMMAND = re.compile(r"^git-upload-pack '(?P<path>.*)'$")


@dataclass
class SshServer:
    """`keys` are the public keys it takes; `commands` what was asked, `users` who asked."""

    root: Path
    port: int = 0
    host_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    keys: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    environments: list[dict[str, str]] = field(default_factory=list)

    @property
    def public_host_key(self) -> str:
        return " ".join(self.host_key.export_public_key().decode().split()[:2])

    def url(self, name: str) -> str:
        return f"ssh://git@127.0.0.1:{self.port}/{name}"


@contextmanager
def ssh_server(root: Path, *keys: str, server: SshServer | None = None) -> Iterator[SshServer]:
    """Serves the repositories beneath `root` to whoever has one of the keys."""
    found = server or SshServer(root)
    found.keys += keys
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    acceptor = asyncio.run_coroutine_threadsafe(_listen(found), loop).result(10)
    found.port = acceptor.get_port()
    try:
        yield found
    finally:
        loop.call_soon_threadsafe(acceptor.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _listen(found: SshServer) -> Any:
    class Door(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            found.users.append(username)
            return True

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            told = key.export_public_key().decode().split()[1]
            return any(told == known.split()[1] for known in found.keys)

    async def answer(process: asyncssh.SSHServerProcess[bytes]) -> None:
        command = process.command or ""
        found.commands.append(command)
        found.environments.append({str(k): str(v) for k, v in process.env.items()})
        asked = COMMAND.match(command)
        path = (found.root / (asked["path"].lstrip("/~") if asked else "")).resolve()
        if asked is None or not path.is_relative_to(found.root.resolve()) or not path.exists():
            process.stderr.write(f"fatal: '{path.name}' does not appear to be a git repository\n".encode())
            process.exit(1)
            return
        child = await asyncio.create_subprocess_exec(
            *shlex.split("git upload-pack"), str(path),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        await process.redirect(stdin=child.stdin, stdout=child.stdout, stderr=child.stderr)
        process.exit(await child.wait())

    return await asyncssh.listen(
        "127.0.0.1", found.port, server_factory=Door, server_host_keys=[found.host_key], process_factory=answer,
        encoding=None,
    )  # fmt: skip
