"""Does what this process depends on answer? The same words for `/readyz` and for operators."""

from __future__ import annotations

import redis
from django.db import Error, connection

from apps.lib.wake import valkey


def vitals() -> dict[str, str]:
    """Name -> `ok` or `away: ...`."""
    return {"postgresql": _postgresql(), "valkey": _valkey()}


def postgresql_version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0])


def _postgresql() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        return f"away: {type(error).__name__}"
    return "ok"


def _valkey() -> str:
    try:
        valkey().ping()
    except redis.RedisError as error:
        return f"away: {type(error).__name__}"
    return "ok"
