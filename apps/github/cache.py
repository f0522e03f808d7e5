"""What GitHub told lately, for all processes: tokens, answers, moments to wait for. Encrypted; its loss costs a request.

In Valkey, and in this process's memory for when Valkey is away.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.lib.encryption import decrypt, encrypt
from apps.lib.wake import key as installation_key
from workers.errors import PlatformError

MOST = 500  # Entries in memory; the oldest goes first.
AWAY_SECONDS = 5.0  # So long Valkey is not asked again after it did not answer.
_memory: OrderedDict[str, tuple[float, str]] = OrderedDict()
_lock = Lock()
_away_until = 0.0


def get(*name: object) -> str | None:
    """The text that was put under a name and is not old yet."""
    key = _key(*name)
    found = _ask(lambda pool: pool.get(key) or b"")
    sealed = found.decode() if isinstance(found, bytes) else _recall(key)
    try:
        return decrypt(sealed) if sealed else None
    except PlatformError:  # Written with a key that this installation has no more: ask GitHub anew.
        return None


def put(text: str, *name: object, seconds: float) -> None:
    if seconds < 1:
        return
    key, sealed = _key(*name), encrypt(text)
    with _lock:
        _memory[key] = (time.monotonic() + seconds, sealed)
        _memory.move_to_end(key)
        while len(_memory) > MOST:
            _memory.popitem(last=False)
    _ask(lambda pool: pool.set(key, sealed, ex=int(seconds)))


def drop(*name: object) -> None:
    key = _key(*name)
    with _lock:
        _memory.pop(key, None)
    _ask(lambda pool: pool.delete(key))


def _ask(question: Callable[[redis.Redis], Any]) -> Any:
    """None while Valkey is away: the memory of this process has to do."""
    global _away_until
    if time.monotonic() < _away_until:
        return None
    try:
        return question(pool())
    except redis.RedisError:
        _away_until = time.monotonic() + AWAY_SECONDS
        return None


@lru_cache(maxsize=1)
def pool() -> redis.Redis:
    """Without second attempts: a page or a webhook does not wait for what costs one request at most."""
    once = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=0.5, retry=once)


def _recall(key: str) -> str | None:
    with _lock:
        until, sealed = _memory.get(key, (0.0, ""))
        return sealed if until > time.monotonic() else None


def _key(*name: object) -> str:
    """Hashed, so that no address of a private repository stands among the keys."""
    text = "\0".join(map(str, name))
    return installation_key("github", hashlib.sha256(text.encode()).hexdigest()[:40])
