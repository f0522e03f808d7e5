"""Logs as they grow, by asking again from the last number. Goes on over short absences of the server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

from cli.client import Api
from cli.ending import Ending, Refusal
from cli.screen import has_colours, note
from cli.words import clock, plain

T = TypeVar("T")

UNFINISHED = ("pending", "building", "deploying")
PAUSE = 1.0
PATIENCE = 120.0  # A control plane that is replaced, or a machine that starts anew.


def follow_deployment(api: Api, deployment: str, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Each page of its log to `tell` until it is live or ended; returns how it stands then."""
    after, waits = 0, ""
    while True:
        # Before its lines: what it said until it ended is there by then.
        row = patiently(lambda: api.get(f"/deployments/{deployment}"))
        if row["waits"] not in ("", waits):
            note(row["waits"], "dim")
        waits = row["waits"]
        after = tell_new(api, f"/deployments/{deployment}/logs", after, tell)
        if row["status"] not in UNFINISHED:
            return row  # type: ignore[no-any-return]
        time.sleep(PAUSE)


def follow_service(api: Api, path: str, after: int, tell: Callable[[dict[str, Any]], None], **query: str) -> None:
    """Until somebody stops it."""
    while True:
        after = tell_new(api, path, after, tell, **query)
        time.sleep(PAUSE)


def tell_new(api: Api, path: str, after: int, tell: Callable[[dict[str, Any]], None], **query: str) -> int:
    """All lines above `after`; returns the number to go on from."""
    while True:
        page = patiently(lambda after=after: api.get(path, after=after, **query))  # type: ignore[misc]
        if not page["lines"]:
            return after
        tell(page)
        after = page["next_after"]


def patiently(ask: Callable[[], T]) -> T:
    """The answer, or the refusal of a server that stays away."""
    end = time.monotonic() + PATIENCE
    has_said = False
    while True:
        try:
            return ask()
        except Refusal as refusal:
            if refusal.ending != Ending.AWAY or time.monotonic() > end:
                raise
            if not has_said:
                note(f"{refusal.message} Trying again for two minutes.", "yellow")
            has_said = True
            time.sleep(PAUSE)


def tell_lines(page: dict[str, Any]) -> None:
    """What a deployment says: a line each, commands marked as such."""
    with_colours = has_colours()
    for line in page["lines"]:
        print(MARKS.get(line["kind"], "") + _said(line, with_colours), flush=True)


def tell_work(page: dict[str, Any]) -> None:
    """Without the errors, for who is told them at the end."""
    tell_lines({"lines": [line for line in page["lines"] if line["kind"] != "error"]})


def tell_sources(page: dict[str, Any]) -> None:
    """What containers say: each line with its time and who said it."""
    with_colours = has_colours()
    for line in page["lines"]:
        print(f"{clock(line['at'])} {plain(line['source'])}  {_said(line, with_colours)}", flush=True)


def tell_page(page: dict[str, Any]) -> None:
    """The API's answer on a line of its own."""
    print(json.dumps(page), flush=True)


MARKS = {"command": "$ ", "gap": "... "}


def _said(line: dict[str, Any], with_colours: bool) -> str:
    text = "\n".join(plain(part, with_colours=with_colours) for part in line["text"].split("\n"))
    return f"{text}\x1b[0m" if "\x1b" in text else text
