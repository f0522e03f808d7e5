"""Whose a cache of a package manager is. The engine only tells which command mounted it first, so the command says it.

What stands there is a digest of the cache's scope, which must stay unknown. Pure.
"""

from __future__ import annotations

import hashlib
import re

from workers.build.recipes.blocks import BUILD_ENV

PRELUDE = f". {BUILD_ENV}; "
MARK = re.compile(r"; : caches of ([0-9a-f]{16});")


def mark_of(cache_scope: str) -> str:
    return hashlib.sha256(cache_scope.encode()).hexdigest()[:16]


def marked(dockerfile: str, cache_scope: str) -> str:
    """With the mark in every command that mounts a cache of the scope."""
    mount, prelude = f"id=slipway-{cache_scope}-", f"{PRELUDE}: caches of {mark_of(cache_scope)}; "
    lines = dockerfile.split("\n")
    return "\n".join(line.replace(PRELUDE, prelude, 1) if mount in line else line for line in lines)


def unmarked(dockerfile: str) -> str:
    return MARK.sub(";", dockerfile)


def mark_in(description: str) -> str:
    """Of a cache as the engine describes it: `cached mount /var/cache/slipway/uv from exec /bin/sh -ec ...`; "" if none."""
    found = MARK.search(description)
    return found[1] if found else ""
