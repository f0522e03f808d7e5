"""What GitHub told lately, for all processes: tokens, answers, moments to wait for. Encrypted; its loss costs a request.

In Valkey, and in this process's memory for when Valkey is away.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from threading import Lock

import redis

from apps.lib.encryption import decrypt, encrypt
from apps.lib.wake import key as installation_key
from apps.lib.wake import valkey
from workers.errors import PlatformError

MOST = 500  # Entries in memory; the oldest goes first.
_memory: OrderedDict[str, tuple[float, str]] = OrderedDict()
_lock = Lock()


def get(*name: object) -> str | None:
    """The text that was put under a name and is not old yet."""
    key = _key(*name)
    try:
        found = valkey().get(key)
        sealed = found.decode() if isinstance(found, bytes) else None
    except redis.RedisError:
        sealed = _recall(key)
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
    try:
        valkey().set(key, sealed, ex=int(seconds))
    except redis.RedisError:
        return  # This process has it in memory.


def drop(*name: object) -> None:
    key = _key(*name)
    with _lock:
        _memory.pop(key, None)
    try:
        valkey().delete(key)
    except redis.RedisError:
        return  # It ends by itself.


def _recall(key: str) -> str | None:
    with _lock:
        until, sealed = _memory.get(key, (0.0, ""))
        return sealed if until > time.monotonic() else None


def _key(*name: object) -> str:
    """Hashed, so that no address of a private repository stands among the keys."""
    text = "\0".join(map(str, name))
    return installation_key("github", hashlib.sha256(text.encode()).hexdigest()[:40])
