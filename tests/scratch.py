"""Django on a PostgreSQL and a Valkey of its own, for what is no test: pictures, and figures of pages.

Nothing of a Slipway that runs here is seen or touched; all of it is gone at the end.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.core.management import call_command

from paas.embedded import embedded_services
from paas.supervisor.household import new_keys


@contextmanager
def scratch_django() -> Iterator[None]:
    """Models can be imported inside the block, not before."""
    with tempfile.TemporaryDirectory(prefix="slipway-scratch-") as name:
        Path(name).chmod(0o755)  # PostgreSQL runs under another user.
        with embedded_services(Path(name) / "home", Path(name) / "run") as services:
            for told in [told for told in os.environ if told.startswith(("SLIPWAY_", "TRAEFIK_"))]:
                del os.environ[told]
            os.environ.update(
                new_keys(),
                DJANGO_SETTINGS_MODULE="paas.settings",
                DJANGO_ALLOW_ASYNC_UNSAFE="1",  # Playwright keeps a loop in our thread.
                SLIPWAY_HOME=str(Path(name) / "home"),
                DATABASE_URL=services.database_url,
                REDIS_URL=services.redis_url,
            )
            django.setup()
            call_command("migrate", verbosity=0)
            try:
                yield
            finally:
                _close()


def _close() -> None:
    """Before the server ends, so that nobody complains of it."""
    from django.db import connections

    for connection in connections.all():
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
