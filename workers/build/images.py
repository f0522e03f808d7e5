"""Asks the engine about images, over its API: its client takes ten times as long.

Not in charge of making or removing them.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from functools import lru_cache
from typing import Any

from workers.build.job import BuiltImage
from workers.docker import Engine
from workers.docker_errors import NotThere
from workers.errors import PlatformError

# No dot begins a segment, so that what a repository wrote leads to no other address of the API.
REFERENCE = re.compile(r"[A-Za-z0-9][\w.-]*(?:[/:@][A-Za-z0-9][\w.-]*)*")


def inspected(*references: str) -> dict[str, dict[str, Any]]:
    """What the engine tells of those that it has (ids, names, digests), in their order."""
    engine, found = _engine(os.getpid(), os.environ.get("DOCKER_HOST")), dict[str, dict[str, Any]]()
    for reference in filter(REFERENCE.fullmatch, references):
        with suppress(NotThere):
            found[reference] = engine.image(reference)
    return found


@lru_cache(maxsize=1)
def _engine(process: int, host: str | None) -> Engine:
    """Kept, since one that is new first asks for the engine's version. Processes share no connection."""
    return Engine("")


def built_image(tag: str) -> BuiltImage:
    """What a build has just named. Its client may tell another id than an engine with the image store of containerd."""
    if tag not in (found := inspected(tag)):
        raise PlatformError("engine:platform:image-gone", f"The image {tag} vanished after its build.")
    return BuiltImage(found[tag]["Id"], int(found[tag]["Size"]))


def has_image(digest: str) -> bool:
    """Whether the engine still has the image with this id."""
    return bool(inspected(digest))
