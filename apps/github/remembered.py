"""Answers with an ETag, kept for a day: asked again with it, an unchanged one costs no request of the limit."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

from apps.github import cache
from apps.github.answer import Answer

DAY = 24 * 3600
LARGEST = 256 * 1024


def find(name: str, url: str) -> Answer | None:
    told = cache.get("answer", name, url)
    if not told:
        return None
    row = json.loads(told)
    return Answer(200, base64.b64decode(row["content"]), etag=row["etag"], next=row["next"], is_remembered=True)


def keep(name: str, url: str, answer: Answer) -> None:
    if answer.status != 200 or not answer.etag or len(answer.content) > LARGEST:
        return
    kept = replace(answer, is_remembered=True)
    row = {"etag": kept.etag, "next": kept.next, "content": base64.b64encode(kept.content).decode()}
    cache.put(json.dumps(row), "answer", name, url, seconds=DAY)
