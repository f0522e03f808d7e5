"""Values at rest, and new keys for them."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pydantic import SecretStr

from apps.accounts.installation import installation
from apps.accounts.models import ActivityEvent
from apps.deployments.models import Release
from apps.github.models import GitHubApp
from apps.lib.encryption import keyring
from apps.projects.models import Variable
from tests.apps.cast import CANARY, Person, Shop
from workers.errors import PlatformError

pytestmark = pytest.mark.django_db


def stored() -> list[str]:
    """Everything that the tables with secrets hold, as the database has it."""
    found = []
    for query in ("SELECT value FROM projects_variable", "SELECT variables FROM deployments_release"):
        with connection.cursor() as cursor:
            cursor.execute(query)
            found += [row[0] for row in cursor.fetchall()]
    return found


def use_keys(monkeypatch: pytest.MonkeyPatch, *keys: str) -> None:
    changed = settings.SLIPWAY.model_copy(update={"variable_keys": SecretStr(",".join(keys))})
    monkeypatch.setattr(settings, "SLIPWAY", changed)
    keyring.cache_clear()


@pytest.fixture(autouse=True)
def own_keys(monkeypatch: pytest.MonkeyPatch) -> Any:
    yield
    monkeypatch.undo()
    keyring.cache_clear()


def test_it_stores_no_value_in_the_clear(shop: Shop) -> None:
    assert stored() and all(CANARY not in text for text in stored())
    assert shop.secret.value == CANARY


def test_a_start_says_that_a_database_belongs_to_other_keys(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    call_command("ensure_host")
    other = MultiFernet([Fernet(Fernet.generate_key())])
    monkeypatch.setattr("apps.lib.encryption.keyring", lambda: other)
    with pytest.raises(CommandError, match="Add the key it was written with to SLIPWAY_VARIABLE_KEYS"):
        call_command("ensure_host")


def test_it_rotates_keys(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    old = settings.SLIPWAY.variable_keys.get_secret_value()
    new = Fernet.generate_key().decode()
    told = dict.fromkeys(("client_secret", "webhook_secret", "private_key"), CANARY)
    GitHubApp.objects.create(app_id=1, slug="slipway", name="Slipway", client_id="x", **told)
    use_keys(monkeypatch, new, old)
    call_command("rotate_keys")
    use_keys(monkeypatch, new)
    assert GitHubApp.objects.get().private_key == CANARY, "of every app, not of some"
    assert Variable.objects.get(pk=shop.secret.pk).value == CANARY
    assert CANARY in Release.objects.get(pk=shop.release.pk).variables.values()
    use_keys(monkeypatch, old)
    with pytest.raises(PlatformError, match="cannot be decrypted"):
        Variable.objects.get(pk=shop.secret.pk)


def test_an_operator_rotates_keys_in_the_admin_once_there_is_a_new_one(
    shop: Shop, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, old = Client(), settings.SLIPWAY.variable_keys.get_secret_value()
    operator.force_login(alice.user, backend="django.contrib.auth.backends.ModelBackend")
    told = {"action": "rotate_keys", "_selected_action": [installation().pk]}

    def ask(**more: str) -> str:
        return operator.post("/admin/accounts/installation/", told | more, follow=True).content.decode()

    before = stored()
    assert "only one key" in ask(confirmed="yes") and stored() == before
    new = Fernet.generate_key().decode()
    use_keys(monkeypatch, new, old)
    assert "the 2 keys" in ask() and stored() == before, "asked first"
    assert "values are encrypted with the newest key" in ask(confirmed="yes")
    use_keys(monkeypatch, new)
    assert Variable.objects.get(pk=shop.secret.pk).value == CANARY
    assert ActivityEvent.objects.filter(verb="rotated the keys").count() == 1
