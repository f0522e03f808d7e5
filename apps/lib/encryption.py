"""Secrets at rest: a text or JSON column that holds a Fernet token, with keys of its own apart from SECRET_KEY.

Keys rotate: the first of `SLIPWAY_VARIABLE_KEYS` encrypts, all of them decrypt (`apps.lib.rotation` re-encrypts).
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

from workers.errors import PlatformError


def known_keys() -> list[str]:
    """The newest first."""
    return [k.strip() for k in settings.SLIPWAY.variable_keys.get_secret_value().split(",") if k.strip()]


@lru_cache(maxsize=1)
def keyring() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in known_keys()])


def encrypt(text: str) -> str:
    return keyring().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    try:
        return keyring().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise PlatformError(
            "secrets:platform:wrong-key",
            "A stored value cannot be decrypted with the keys of this installation.",
            hint="Add the key it was written with to SLIPWAY_VARIABLE_KEYS.",
            retry=False,
        ) from error


if TYPE_CHECKING:
    _Text = models.TextField[str, str]
    _Any = models.Field[Any, Any]
else:  # The parameters are for the type checker only.
    _Text = _Any = models.TextField


class EncryptedTextField(_Text):
    """Text in Python, a Fernet token in the database. Cannot be searched."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return None if value is None else decrypt(value)

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else encrypt(str(value))


class EncryptedJSONField(_Any):
    """A JSON value in Python, a Fernet token in the database."""

    def to_python(self, value: Any) -> Any:
        return value  # The text's own would make one of it.

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return None if value is None else json.loads(decrypt(value))

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else encrypt(json.dumps(value))
