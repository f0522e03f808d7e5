"""A pytest plugin: one PostgreSQL and one Valkey for the tests, of their own; nothing of a running Slipway is touched."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from paas.embedded import start_services

_services = None
_folder: Path | None = None


def _begin() -> None:
    """Before Django reads its settings."""
    global _services, _folder
    _folder = Path(tempfile.mkdtemp(prefix="slipway-test-"))
    _services = start_services(_folder / "home", _folder / "run")
    os.environ.update(
        SLIPWAY_HOME=str(_folder / "home"),
        SLIPWAY_INSTANCE=secrets.token_hex(4),
        SLIPWAY_SECRET_KEY=secrets.token_hex(32),
        SLIPWAY_VARIABLE_KEYS=Fernet.generate_key().decode(),
        SLIPWAY_HOST_TOKEN=secrets.token_hex(32),
        DATABASE_URL=_services.database_url,
        REDIS_URL=_services.redis_url,
    )


_begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _services is not None:
        _services.stop()
    if _folder is not None:
        shutil.rmtree(_folder, ignore_errors=True)
