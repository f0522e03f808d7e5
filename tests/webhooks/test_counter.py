"""The short way of small deliveries, over real HTTP: the same answers as by Django, and bounds that hold."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection

from apps.github.models import GitHubApp
from apps.webhooks import counter
from apps.webhooks.models import Delivery
from paas.asgi import application
from tests.paas.test_bodies import serving, told
from tests.webhooks.deliveries import GITHUB, headers_of, post, push, signature

pytestmark = pytest.mark.django_db(transaction=True)
BODY = json.dumps(push()).encode()
MB = 1024 * 1024


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(application) as port:
        yield port


def sent(port: int, body: bytes, path: str = GITHUB, **headers: str) -> tuple[int, dict[str, str], Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), json.loads(content)


def test_it_answers_as_django_does(app: GitHubApp, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    good = headers_of(BODY)
    cases = [
        (BODY, good), (BODY, {**good, "X-Hub-Signature-256": ""}), (BODY, {**good, "X-GitHub-Event": ""}),
        (BODY, {**good, "X-GitHub-Hook-Installation-Target-ID": "1"}), (b"{", headers_of(b"{")), (b"", headers_of(b"")),
    ]  # fmt: skip
    for body, headers in cases:
        headers = {name: value for name, value in headers.items() if value}
        by_django = post(body, **headers)
        status, answered, content = sent(port, body, **headers)
        theirs = by_django.json()
        for each in (content, theirs):
            each.pop("request_id", None)
        assert (status, content) == (by_django.status_code, theirs)
        assert {name.lower(): value for name, value in answered.items()}["content-type"] == by_django["Content-Type"]
        assert len(answered.get("x-request-id", "")) == 16


@pytest.mark.parametrize("path", ["/api/webhooks/gitea", "/api/webhooks/nowhere", "/api/webhooks/github/x"])
def test_it_leaves_all_other_addresses_to_django(app: GitHubApp, port: int, path: str) -> None:
    assert sent(port, BODY, path, **headers_of(BODY))[0] == 404


def test_it_refuses_26_mb_before_it_reads_them(app: GitHubApp, port: int) -> None:
    answer, _ = told(port, f"POST {GITHUB} HTTP/1.1\r\nContent-Length: {26 * MB}")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413")
    assert json.loads(body)["hint"] == "Send at most 25 MB."


def test_it_cuts_off_26_mb_that_say_no_length(app: GitHubApp, port: int) -> None:
    answer, _ = told(port, f"POST {GITHUB} HTTP/1.1\r\nTransfer-Encoding: chunked", chunks=600)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413")
    assert not Delivery.objects.exists()


def test_it_takes_24_mb_that_are_signed(app: GitHubApp, port: int) -> None:
    body = json.dumps(push() | {"padding": ["x" * 1000] * 24_000}).encode()
    assert 24 * MB > len(body) > 22 * MB
    assert sent(port, body, **headers_of(body))[0] == 202
    row = Delivery.objects.get()
    assert row.is_cut
    assert len(row.payload) < MB


def test_it_takes_a_body_that_says_no_length(app: GitHubApp, port: int) -> None:
    headers = "".join(f"{name}: {value}\r\n" for name, value in headers_of(BODY).items())
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        head = f"POST {GITHUB} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n{headers}\r\n"
        client.sendall(head.encode() + b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY))
        assert client.recv(65536).startswith(b"HTTP/1.1 202")


def test_those_that_come_at_once_are_each_answered_for_themselves(app: GitHubApp, port: int) -> None:
    """Good ones, wrong ones and the same ones in one batch."""
    same = headers_of(BODY)
    wrong = headers_of(BODY, X_Hub_Signature_256=signature(BODY, "wrong"))
    answers: list[tuple[str, int, Any]] = []

    def send(kind: str, headers: dict[str, str]) -> None:
        status, _, content = sent(port, BODY, **headers)
        answers.append((kind, status, content.get("delivery") == headers["X-GitHub-Delivery"]))

    kinds = [("same", same)] * 10 + [("wrong", wrong)] * 10 + [("new", headers_of(BODY)) for _ in range(10)]
    threads = [threading.Thread(target=send, args=case) for case in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(set(answers)) == [("new", 202, True), ("same", 202, True), ("wrong", 401, False)]
    assert Delivery.objects.count() == 11


def test_a_connection_that_ended_meanwhile_costs_no_delivery(
    app: GitHubApp, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[int] = []

    def noting(*told: Any) -> Any:
        taken = take(*told)
        used.append(connection.connection.info.backend_pid)
        return taken

    take = counter.take
    monkeypatch.setattr(counter, "take", noting)
    assert sent(port, BODY, **headers_of(BODY))[0] == 202
    with connection.cursor() as cursor:  # As when the server is restarted.
        cursor.execute("SELECT pg_terminate_backend(%s)", used)
    assert sent(port, BODY, **headers_of(BODY))[0] == 202
    assert Delivery.objects.count() == 2 and used[0] != used[1]


def test_it_says_503_while_the_database_is_away_and_goes_on_after(
    app: GitHubApp, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("the server is gone")

    with monkeypatch.context() as patched:
        patched.setattr(counter, "take", away)
        status, headers, content = sent(port, BODY, **headers_of(BODY))
    assert (status, content["code"]) == (503, "api:platform:database-away")
    assert {name.lower() for name in headers} >= {"retry-after"}
    assert sent(port, BODY, **headers_of(BODY))[0] == 202
