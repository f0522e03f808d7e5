"""Operators look at what GitHub was told in the admin, and have it tried at once."""

from __future__ import annotations

from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from apps.feedback.models import Line, Told, ToldPull
from apps.github.models import Installation
from tests.apps.cast import Person, Shop
from tests.feedback.rows import make_told


def test_it_shows_every_model_and_tries_again(shop: Shop, alice: Person) -> None:
    told = make_told(shop.live)
    ToldPull.objects.create(repository=told.repository, number=3)
    installation = Installation.objects.create(github_id=1, account_login="octo", account_id=2)
    Line.objects.create(installation=installation, pause_reason="GitHub did not answer (502).")
    client = Client()
    client.force_login(alice.user, backend="django.contrib.auth.backends.ModelBackend")
    for model in apps.get_app_config("feedback").get_models():
        page = admin.site._registry[model]
        assert page.search_fields and len(page.list_display) > 1
        address = reverse(f"admin:feedback_{model._meta.model_name}_changelist")
        assert client.get(f"{address}?q=octo").status_code == 200
        row = model._default_manager.first()
        if row is not None:
            assert (
                client.get(reverse(f"admin:feedback_{model._meta.model_name}_change", args=[row.pk])).status_code == 200
            )
    Told.objects.update(is_due=False, over_reason="GitHub refused: No (422).")
    address = reverse("admin:feedback_told_changelist")
    answer = client.post(address, {"action": "try_now", "_selected_action": [told.pk]}, follow=True)
    assert "1 tried again." in answer.content.decode()
    told.refresh_from_db()
    assert told.is_due
