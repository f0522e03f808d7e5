"""Webhooks: how soon one is acknowledged while many come, whether any is lost, and a push beside a deploy by hand.

Bounded: `RATE` a second for some seconds, on loopback. They are signed as a service's own webhook at GitHub signs them.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from bench.edge_poll import wait_for
from bench.samples import flask_app
from bench.stage import App, Stage
from bench.table import Figure, more, percentile, seconds, spread
from tests.stories.slipway import until

RATE, CONNECTIONS = 200, 32
ACKNOWLEDGED_AIM = 0.05
HANDLED_SECONDS = 300


@dataclass
class Sender:
    """Signs pushes with the secret of a service's webhook and posts them."""

    url: str
    secret: str
    took: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    most_late: float = 0.0

    @classmethod
    def to(cls, app: App) -> Sender:
        made = app.slipway.api("POST", f"/services/{app.id}/hook", forge="github")
        return cls(made["url"], made["secret"])

    def post(self, connection: http.client.HTTPConnection, id: str, payload: dict[str, Any]) -> int:
        body = json.dumps(payload).encode()
        signature = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        connection.request("POST", urlsplit(self.url).path, body, {
            "Content-Type": "application/json", "X-GitHub-Event": "push", "X-GitHub-Delivery": id,
            "X-Hub-Signature-256": f"sha256={signature}",
        })  # fmt: skip
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def connection(self) -> http.client.HTTPConnection:
        place = urlsplit(self.url)
        return http.client.HTTPConnection(str(place.hostname), place.port, timeout=30)

    def flood(self, name: str, total: int) -> None:
        """`total` different deliveries at `RATE` a second, counted from the moment at which each was due."""
        begin = time.perf_counter() + 0.2
        threads = [threading.Thread(target=self._run, args=(name, n, total, begin)) for n in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _run(self, name: str, first: int, total: int, begin: float) -> None:
        connection = self.connection()
        for number in range(first, total, CONNECTIONS):
            due = begin + number / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            self.most_late = max(self.most_late, time.perf_counter() - due)
            try:
                status = self.post(
                    connection, f"{name}-{number}", push("refs/heads/elsewhere", "a" * 40, f"{number:040x}")
                )
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self.refused.append(type(error).__name__)
                continue
            self.took.append(time.perf_counter() - due)
            if status != 202:
                self.refused.append(str(status))
        connection.close()


def push(ref: str, before: str, after: str) -> dict[str, Any]:
    """As large as GitHub's of one commit, which is about seven kilobytes."""
    commit = {
        "id": after, "message": "Change it", "timestamp": "2026-11-21T10:00:00Z", "author": {"name": "Alice"},
        "added": [], "removed": [], "modified": ["app.py"],
    }  # fmt: skip
    return {
        "ref": ref, "before": before, "after": after, "created": False, "deleted": False, "forced": False,
        "commits": [commit], "head_commit": commit, "pusher": {"name": "alice"},
        "repository": {"id": 1, "full_name": "acme/shop", "pushed_at": int(time.time()), "padding": "x" * 6000},
    }  # fmt: skip


def acknowledged(stage: Stage) -> list[Figure]:
    """Each is another delivery, so each is stored and handled too; the machine is shared with whoever sends them."""
    app = stage.new_app("webhooks", flask_app("webhooks"))
    sender, name = Sender.to(app), secrets.token_hex(4)
    total = RATE * stage.rounds.webhook_seconds
    sender.flood(name, total)
    began = time.perf_counter()
    handled = until(lambda: _handled(app, name, total), HANDLED_SECONDS)
    took, lost = time.perf_counter() - began, total - handled
    p50, p99 = percentile(sender.took, 50), percentile(sender.took, 99)
    how = f"{RATE} a second for {stage.rounds.webhook_seconds} s, from the moment each was due to its answer"
    return [
        Figure("webhook acknowledged, p50", seconds(p50), how),
        Figure("webhook acknowledged, p99", seconds(p99), f"the same; slowest {seconds(max(sender.took))}, the sender "
               f"itself late by up to {seconds(sender.most_late)}", aim=f"< {seconds(ACKNOWLEDGED_AIM)}",
               is_met=p99 < ACKNOWLEDGED_AIM),
        Figure("webhooks lost", f"{lost} of {total}", f"stored and handled {took:.1f} s after the last one; "
               f"{len(sender.refused)} refused {' '.join(sorted(set(sender.refused)))}".strip(), aim="0",
               is_met=not lost and not sender.refused),
    ]  # fmt: skip


def _handled(app: App, name: str, total: int) -> int:
    """How many are handled, once all are; else 0, to be asked again."""
    count, cursor = 0, ""
    while True:
        page = app.slipway.api("GET", f"/operator/deliveries?limit=200&state=handled&q={name}-&cursor={cursor}")
        count += len(page["items"])
        cursor = page["next_cursor"]
        if not cursor:
            return count if count >= total else 0


def push_to_live(stage: Stage) -> list[Figure]:
    """In turns: a push told by its webhook, and the same kind of commit deployed by a request."""
    app = stage.flask
    app.slipway.api("POST", f"/services/{app.id}/resume")  # A rollback before this pauses what pushes do.
    sender, before = Sender.to(app), "0" * 40
    by_push, by_hand = [], []
    for number in range(stage.rounds.warm + 1):
        text = f"pushed {secrets.token_hex(4)}"
        after = app.repository.commit(flask_app(text))
        began = time.perf_counter()
        status = sender.post(sender.connection(), secrets.token_hex(8), push("refs/heads/main", before, after))
        assert status == 202, status
        wait_for(app.slipway.edge_port, text, host=app.host)
        by_push.append(time.perf_counter() - began)
        newest = app.slipway.api("GET", f"/deployments?service_id={app.id}&limit=1")["items"][0]
        assert (newest["trigger"], newest["commit"]) == ("push", after)
        until(lambda key=newest["id"]: app.drained(key), 60)  # type: ignore[misc]
        text, before = f"by request {number}", after
        by_hand.append(app.deploy(flask_app(text), text)[0])
        before = app.slipway.api("GET", f"/deployments?service_id={app.id}&limit=1")["items"][0]["commit"]
    pushed, asked = median(by_push[1:]), median(by_hand[1:])
    return [
        Figure(
            "push to new answer, Flask",
            seconds(pushed),
            f"median of {len(by_push) - 1} ({spread(by_push[1:])}), from the webhook's sending; beside it the same kind of "
            f"deploy by a request ({spread(by_hand[1:])}), in turns",
            f"{seconds(asked)} by request",
            more(pushed, asked),
        )
    ]
