import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from workers.build.static_site import SERVER

Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    texts = {
        "index.html": "<h1>Home</h1>",
        "docs/index.html": "<h1>Docs</h1>",
        "empty/style.css": "h1 {}",
        "app.js": "1",
        "a b.txt": "spaces",
        "font.woff2": "x",
        ".env": "SECRET=1",
        ".git/config": "secret",
        ".well-known/acme": "token",
        "big.bin": "x" * 5_000_000,
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    argv = [sys.executable, "-I", str(SERVER), str(folder), *options]
    process = subprocess.Popen(argv, env={**os.environ, "PORT": str(port)}, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert b"Serving" in process.stdout.readline()
        yield port, process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def test_it_lists_folders_only_when_told_so(site: Path) -> None:
    (site / "empty" / "a&b.txt").write_text("")
    (site / "empty" / ".env").write_text("")
    with serving(site, "--list") as (port, _):
        status, headers, page = ask(port, "/empty/")
        assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert b'<a href="./a%26b.txt">a&amp;b.txt</a>' in page and b'"./style.css"' in page and b".env" not in page
        assert ask(port, "/empty")[1]["Location"] == "/empty/"
        assert ask(port, "/docs/")[2] == b"<h1>Docs</h1>"
        assert [ask(port, path)[0] for path in ("/.git/", "/../", "/none/", f"/{'x' * 5000}")] == [404, 404, 404, 404]
    with serving(site) as (port, _):
        assert ask(port, "/empty/")[0] == 404


def test_it_answers_unknown_paths_with_the_page_that_is_named(site: Path) -> None:
    (site / "200.html").write_text("<h1>App</h1>")
    with serving(site, "--single-page=200.html") as (port, _):
        assert ask(port, "/any/page")[::2] == (200, b"<h1>App</h1>")
        assert ask(port, "/")[2] == b"<h1>Home</h1>"
        assert ask(port, "/none.js")[0] == 404


def ask(port: int, path: str, method: str = "GET", **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_it_serves_files_with_their_types(site: Path) -> None:
    with serving(site) as (port, _):
        assert ask(port, "/")[2] == b"<h1>Home</h1>"
        assert ask(port, "/a%20b.txt?x=1")[2] == b"spaces"
        assert ask(port, "/.well-known/acme")[0] == 200
        kinds = {p: ask(port, p)[1]["Content-Type"] for p in ("/", "/app.js", "/empty/style.css", "/font.woff2")}
    assert kinds == {
        "/": "text/html; charset=utf-8",
        "/app.js": "text/javascript; charset=utf-8",
        "/empty/style.css": "text/css; charset=utf-8",
        "/font.woff2": "font/woff2",
    }


def test_it_answers_head_without_a_body(site: Path) -> None:
    with serving(site) as (port, _):
        status, headers, body = ask(port, "/", "HEAD")
    assert (status, headers["Content-Length"], body) == (200, "13", b"")


def test_it_says_that_nothing_changed(site: Path) -> None:
    with serving(site) as (port, _):
        headers = ask(port, "/")[1]
        assert ask(port, "/", If_None_Match=f'"other", W/{headers["ETag"]}')[::2] == (304, b"")
        assert ask(port, "/", If_Modified_Since=headers["Last-Modified"])[0] == 304
        assert ask(port, "/", If_None_Match='"other"', If_Modified_Since=headers["Last-Modified"])[0] == 200
        assert ask(port, "/", If_Modified_Since="nonsense")[0] == 200


def test_it_redirects_folders_and_never_to_elsewhere(site: Path) -> None:
    with serving(site) as (port, _):
        status, headers, _ = ask(port, "/docs?a=b")
        assert (status, headers["Location"]) == (301, "/docs/?a=b")
        assert ask(port, "//docs")[1]["Location"] == "/docs/"
        assert ask(port, "/docs/")[2] == b"<h1>Docs</h1>"


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/link.txt", "/.env", "/.git/config", "/a%00b"]
    + ["/empty/", "/missing", "//etc/passwd", "/docs/..%5c..%5csecret.txt", "/" + "x" * 5000],
)
@pytest.mark.parametrize("option", [[], ["--single-page"]])
def test_it_never_leaves_the_folder_nor_lists_one(site: Path, path: str, option: list[str]) -> None:
    with serving(site, *option) as (port, _):
        status, _, body = ask(port, path)
    assert b"secret" not in body.lower()
    assert b"style.css" not in body
    assert (status == 404) or body == b"<h1>Home</h1>"


def test_it_answers_unknown_paths_with_the_single_page(site: Path) -> None:
    with serving(site, "--single-page") as (port, _):
        assert ask(port, "/settings/profile")[::2] == (200, b"<h1>Home</h1>")
        assert ask(port, "/assets/gone.js")[0] == 404


def test_it_shows_the_sites_own_page_for_what_is_missing(site: Path) -> None:
    (site / "404.html").write_text("gone")
    with serving(site) as (port, _):
        assert ask(port, "/missing")[::2] == (404, b"gone")


def test_it_keeps_connections_and_closes_idle_ones_at_its_end(site: Path) -> None:
    with serving(site) as (port, process):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for _ in range(3):
            connection.request("GET", "/")
            answer = connection.getresponse()
            assert (answer.read(), answer.will_close) == (b"<h1>Home</h1>", False)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        assert time.monotonic() - began < 30
        connection.close()


def test_it_ends_a_running_download_before_itself(site: Path) -> None:
    with serving(site) as (port, process):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/big.bin")
        answer = connection.getresponse()
        begun = answer.read(1000)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert len(begun + answer.read()) == 5_000_000
        assert process.wait(timeout=30) == 0
        connection.close()
