"""Git over HTTP on loopback: git's own `http-backend` behind the standard library's server."""

from __future__ import annotations

import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

IDENTITY = {"GIT_AUTHOR_NAME": "Alice", "GIT_AUTHOR_EMAIL": "alice@example.com", "GIT_COMMITTER_NAME": "Alice",
            "GIT_COMMITTER_EMAIL": "alice@example.com", "GIT_CONFIG_NOSYSTEM": "1"}  # fmt: skip


class Repository:
    """A bare repository that is served, and a way to commit to it."""

    def __init__(self, bare: Path, url: str) -> None:
        self.bare = bare
        self.url = url
        self.work = bare.parent / f"{bare.name}.work"

    def commit(self, files: dict[str, str], *, branch: str = "main", message: str = "Change it") -> str:
        """Write these files on top of what is there; returns the commit."""
        for name, text in files.items():
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self._git("checkout", "--quiet", "-B", branch)
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", f"--message={message}")
        self._git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{branch}")
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *arguments: str) -> str:
        environment = {**os.environ, **IDENTITY}
        argv = ["git", "-C", str(self.work), *arguments]
        return subprocess.run(argv, env=environment, check=True, capture_output=True, text=True).stdout


class GitServer:
    """`with GitServer(folder) as server: server.repository("shop").commit({...})`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        backend = Path(
            subprocess.run(["git", "--exec-path"], check=True, capture_output=True, text=True).stdout.strip()
        )
        handler = type("Handler", (_Backend,), {"folder": folder, "backend": backend / "git-http-backend"})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()

    def repository(self, name: str) -> Repository:
        bare = self.folder / f"{name}.git"
        found = Repository(bare, f"{self.url}/{name}.git")
        if not bare.exists():
            subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(bare)], check=True)
            subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(found.work)], check=True)
            found._git("remote", "add", "origin", str(bare))
        return found


class _Backend(BaseHTTPRequestHandler):
    """One CGI request."""

    folder: Path
    backend: Path

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _answer(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        environment = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run([str(self.backend)], input=body, env=environment, capture_output=True, check=False)
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
        status = next((value for name, value in fields if name.lower() == "status"), "200 OK")
        self.send_response(int(status.split()[0]))
        for name, value in fields:
            if name.lower() != "status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""
