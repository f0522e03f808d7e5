"""A small static file server, copied into images as a single file: the standard library only.

Serves one folder on 0.0.0.0:$PORT: GET and HEAD, ETag and Last-Modified, `index.html` for folders, `404.html` when
there is one, and on demand `index.html` for the paths of a single-page app, or a list of a folder. Never serves dot
files but `.well-known`, never leaves its folder. Not in charge of TLS, compression and caching policy.
"""

from __future__ import annotations

import argparse
import contextlib
import mimetypes
import os
import posixpath
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable
from email.utils import formatdate, parsedate_to_datetime
from functools import partial
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".map": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".ico": "image/x-icon",
    ".wasm": "application/wasm",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".md": "text/markdown",
    ".txt": "text/plain",
    ".xml": "application/xml",
}
IDLE_SECONDS = 75  # Longer than a proxy keeps an idle connection, so that it never meets a closed one.


class Site:
    """The files of a folder by request path."""

    def __init__(self, root: Path, *, single_page: str = "", lists: bool = False) -> None:
        self.root = root.resolve()
        self.single_page = single_page
        self.lists = lists

    def find(self, path: str) -> Path | None:
        """The regular file for a decoded path; None when there is none, or when it is hidden or outside."""
        found = self._at(path)
        try:
            if found is not None and found.is_dir():
                found = (found / "index.html").resolve()
            return found if found is not None and found.is_relative_to(self.root) and found.is_file() else None
        except (OSError, RuntimeError):
            return None

    def is_folder(self, path: str) -> bool:
        if self.find(path) is None and not self.lists:
            return False
        try:
            found = self._at(path)
            return found is not None and found.is_dir()
        except OSError:
            return False

    def listing(self, path: str) -> str:
        """A page with links to what is in a folder; "" when it is not shown."""
        if not self.is_folder(path) or self.find(path) is not None:
            return ""
        found = self._at(path)
        shown = sorted(one for one in (found.iterdir() if found else ()) if not one.name.startswith("."))
        names = [one.name + ("/" if one.is_dir() else "") for one in shown]
        links = "".join(f'<li><a href="./{quote(name)}">{escape(name)}</a></li>\n' for name in names)
        title = escape(path)
        return (
            f'<!doctype html>\n<meta charset="utf-8">\n<title>{title}</title>\n<h1>{title}</h1>\n<ul>\n{links}</ul>\n'
        )

    def _at(self, path: str) -> Path | None:
        """The file or folder for a decoded path; None when it is hidden or outside."""
        parts = [part for part in path.split("/") if part]
        if "\0" in path or "\\" in path or any(p.startswith(".") and p != ".well-known" for p in parts):
            return None
        try:
            found = self.root.joinpath(*parts).resolve()
            return found if found.is_relative_to(self.root) else None
        except (OSError, RuntimeError):  # A name that is too long, or a loop of links.
            return None

    def answer(self, path: str) -> tuple[HTTPStatus, Path | None]:
        """The status and the file for a path: its own, the app's page, `404.html`, or none."""
        found = self.find(path)
        if found is not None:
            return HTTPStatus.OK, found
        if self.single_page and not posixpath.splitext(path)[1]:
            page = self.find(f"/{self.single_page}")
            if page is not None:
                return HTTPStatus.OK, page
        return HTTPStatus.NOT_FOUND, self.find("/404.html")


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True

    def version_string(self) -> str:
        return "slipway-static"

    def __init__(self, site: Site, is_stopping: Callable[[], bool], *args: object) -> None:
        self.site, self.is_stopping = site, is_stopping
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self._serve(with_body=True)

    def do_HEAD(self) -> None:
        self._serve(with_body=False)

    def _serve(self, *, with_body: bool) -> None:
        target, _, query = self.path.partition("?")
        path = "/" + unquote(target, errors="replace").lstrip("/")
        if not path.endswith("/") and self.site.is_folder(path):
            self._redirect(quote(path) + "/" + (f"?{query}" if query else ""))
            return
        if listing := self.site.listing(path):
            self._text(HTTPStatus.OK, listing, with_body=with_body, kind="text/html")
            return
        status, file = self.site.answer(path)
        if file is None:
            self._text(status, "Not found\n", with_body=with_body)
            return
        self._file(status, file, with_body=with_body)

    def _file(self, status: HTTPStatus, path: Path, *, with_body: bool) -> None:
        try:
            file = path.open("rb")
        except OSError:
            self._text(HTTPStatus.FORBIDDEN, "Not readable\n", with_body=with_body)
            return
        with file:
            facts = os.fstat(file.fileno())
            tag = f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"'
            if status is HTTPStatus.OK and self._is_fresh(tag, facts.st_mtime):
                status = HTTPStatus.NOT_MODIFIED
            self.send_response(status)
            self.send_header("ETag", tag)
            self.send_header("Last-Modified", formatdate(facts.st_mtime, usegmt=True))
            self.send_header("Cache-Control", "no-cache")
            self.send_header("X-Content-Type-Options", "nosniff")
            if status is not HTTPStatus.NOT_MODIFIED:
                self.send_header("Content-Type", content_type(path.name))
                self.send_header("Content-Length", str(facts.st_size))
            self.end_headers()
            if with_body and status is not HTTPStatus.NOT_MODIFIED:
                shutil.copyfileobj(file, self.wfile, 256 * 1024)

    def _is_fresh(self, tag: str, modified: float) -> bool:
        """RFC 9110, 13.2.2: If-None-Match decides where it is given, else If-Modified-Since."""
        given = self.headers.get("If-None-Match")
        if given is not None:
            return given.strip() == "*" or tag in [t.strip().removeprefix("W/") for t in given.split(",")]
        try:
            since = parsedate_to_datetime(self.headers.get("If-Modified-Since", ""))
        except (TypeError, ValueError):
            return False
        return int(modified) <= since.timestamp()

    def _redirect(self, location: str) -> None:
        self.send_response(HTTPStatus.MOVED_PERMANENTLY)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _text(self, status: HTTPStatus, text: str, *, with_body: bool, kind: str = "text/plain") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def end_headers(self) -> None:
        if self.is_stopping():
            self.send_header("Connection", "close")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        print(format % args, flush=True)

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True  # The client went away: nobody is left to answer.


class Server(ThreadingHTTPServer):
    """One thread for each connection. Stopping lets every request that was received be answered."""

    request_queue_size = 512
    daemon_threads = False
    block_on_close = True

    def __init__(self, site: Site, port: int) -> None:
        self.stopping = threading.Event()
        self.open: set[socket.socket] = set()
        super().__init__(("0.0.0.0", port), partial(Handler, site, self.stopping.is_set))

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def stop(self) -> None:
        """Accept no more, and end reading: idle connections close at once, busy ones after their answer."""
        self.stopping.set()
        self.shutdown()
        for connection in list(self.open):
            with contextlib.suppress(OSError):  # It closed by itself meanwhile.
                connection.shutdown(socket.SHUT_RD)


def content_type(name: str) -> str:
    suffix = posixpath.splitext(name)[1].lower()
    kind = TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind.endswith(("json", "xml")) else kind


def serve(site: Site, port: int) -> None:
    """Serve until SIGTERM or SIGINT; requests that are under way then end well."""
    server = Server(site, port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.stop).start())
    print(f"Serving {site.root} on 0.0.0.0:{port}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Serve a folder of static files on 0.0.0.0:$PORT.")
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--single-page", nargs="?", const="index.html", default="", help="the page for unknown paths (index.html)"
    )
    parser.add_argument("--list", action="store_true", help="list folders that have no index.html")
    told = parser.parse_args(arguments)
    serve(Site(told.folder, single_page=told.single_page, lists=told.list), int(os.environ.get("PORT", "8000")))


if __name__ == "__main__":
    main(sys.argv[1:])
