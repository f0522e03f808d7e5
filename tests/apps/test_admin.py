"""The admin: every model, for operators only, without secrets; its actions are the product's own."""

from __future__ import annotations

from itertools import chain

import pytest
from django.apps import apps
from django.contrib import admin
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from apps.accounts.installation import installation
from apps.accounts.invitations import invite
from apps.accounts.models import ApiToken, Invitation, Membership, SignInLink
from apps.deployments import actions
from apps.deployments.models import Build, Deployment, IdempotencyKey
from apps.hosts.models import Host
from apps.lib.encryption import EncryptedJSONField, EncryptedTextField
from apps.projects.models import Registry
from tests.apps.cast import CANARY, Person, Shop, make_person

OURS = [
    model
    for name in ("accounts", "projects", "hosts", "deployments")
    for model in apps.get_app_config(name).get_models()
]
HISTORY = ("deployment", "deploymentstep", "release", "build", "logchunk", "logstream", "activityevent")


@pytest.fixture
def operator(alice: Person) -> Client:
    client = Client()
    client.force_login(alice.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def run(client: Client, model: type, action: str, *rows: object) -> HttpResponse:
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")  # type: ignore[attr-defined]
    told = {"action": action, "_selected_action": [row.pk for row in rows]}  # type: ignore[attr-defined]
    return client.post(address, told, follow=True)  # type: ignore[return-value]


def test_it_has_every_model_with_search_and_columns() -> None:
    also = [apps.get_app_config(name).get_models() for name in ("github", "feedback", "previews", "webhooks")]
    models = [*OURS, *chain(*also)]
    missing = [model.__name__ for model in models if model not in admin.site._registry]
    assert missing == []
    for model in models:
        page = admin.site._registry[model]
        assert page.search_fields and len(page.list_display) > 1, model


def test_it_shows_every_list_and_row_without_secrets(operator: Client, alice: Person, shop: Shop) -> None:
    alice.post(f"/services/{shop.service.key}/deployments", {}, Idempotency_Key="k")
    SignInLink.objects.create(user=alice.user, digest="d" * 64, expires_at=shop.live.created_at)
    invite(actor=alice.actor, team=shop.team, email="new@example.com", role="viewer")
    installation()
    Registry.objects.create(team=shop.team, host="ghcr.io", username="a", password=CANARY)
    secrets = {
        CANARY,
        Invitation.objects.get().digest,
        Host.objects.get().token_digest,
        "d" * 64,
        IdempotencyKey.objects.get().body,
    }
    secrets |= set(ApiToken.objects.values_list("digest", flat=True))
    for model in OURS:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.first()
        assert row is not None, model
        for address in (f"{reverse(f'{name}_changelist')}?q=web", reverse(f"{name}_change", args=[row.pk])):
            response = operator.get(address)
            assert response.status_code == 200, address
            told = response.content.decode()
            assert not [secret for secret in secrets if str(secret) in told], address


def test_it_has_no_field_for_what_is_encrypted() -> None:
    for model in OURS:
        fields = model._meta.concrete_fields
        encrypted = {one.name for one in fields if isinstance(one, EncryptedTextField | EncryptedJSONField)}
        assert encrypted <= set(admin.site._registry[model].exclude or ()), model


def test_it_searches_nothing_secret() -> None:
    for model in set(OURS) - {Build}:  # The digest of an image is no secret.
        fields = set(admin.site._registry[model].search_fields)
        assert not fields & {"value", "variables", "digest", "token_digest", "source_token", "body"}, model


def test_it_keeps_history_as_it_was(operator: Client, shop: Shop) -> None:
    for model in OURS:
        if model._meta.model_name in HISTORY:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            row = model._default_manager.first()
            assert row is not None
            assert operator.post(reverse(f"{name}_change", args=[row.pk]), {"number": 9}).status_code == 403
            assert operator.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
            assert operator.get(reverse(f"{name}_add")).status_code == 403


def test_it_lets_nobody_in_who_is_no_operator(bob: Person, shop: Shop) -> None:
    for model in OURS:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        response = bob.client.get(address)
        assert (response.status_code, response["Location"].split("?")[0]) == (302, reverse("admin:login"))


def test_it_deploys_a_failed_one_again(operator: Client, shop: Shop) -> None:
    response = run(operator, Deployment, "retry", shop.live)
    again = Deployment.objects.order_by("-number")[0]
    assert (again.number, again.commit, again.status) == (3, "b" * 40, "pending")
    assert b"1 deployed again." in response.content


def test_it_cancels_and_says_why_it_could_not(operator: Client, alice: Person, shop: Shop) -> None:
    waiting = actions.deploy(actor=alice.actor, service=shop.service)
    response = run(operator, Deployment, "cancel", waiting, shop.live)
    waiting.refresh_from_db()
    assert waiting.status == "cancelled"
    assert b"1 cancelled." in response.content
    assert b"This deployment is live already." in response.content


def test_it_opens_no_team_to_an_operator(shop: Shop) -> None:
    oscar = make_person("Oscar")
    oscar.user.is_staff = oscar.user.is_superuser = True
    oscar.user.save()
    client = Client()
    client.force_login(oscar.user, backend="django.contrib.auth.backends.ModelBackend")
    response = run(client, Deployment, "retry", shop.live)
    assert b"There is nothing here." in response.content
    assert Deployment.objects.count() == 2


def test_it_drains_a_host_and_takes_it_up_again(operator: Client, shop: Shop) -> None:
    run(operator, Host, "drain", Host.objects.get())
    assert Host.objects.get().draining_since is not None
    run(operator, Host, "undrain", Host.objects.get())
    assert Host.objects.get().draining_since is None


def test_it_revokes_anybodys_token(operator: Client, bob: Person) -> None:
    run(operator, ApiToken, "revoke", ApiToken.objects.get(user=bob.user))
    assert bob.get("/auth/me").status_code == 401


def test_it_changes_limits_of_a_service_and_not_its_source(operator: Client, shop: Shop) -> None:
    address = reverse("admin:projects_service_change", args=[shop.service.pk])
    form = operator.get(address).context["adminform"].form
    told = {name: "" if value is None else value for name, value in form.initial.items()}
    told = {name: value for name, value in told.items() if name in form.fields and value is not False}
    response = operator.post(
        address, {**told, "memory_mb": 1024, "source_url": "https://evil.example/x", "source_token": ""}
    )
    assert response.status_code == 302, response.content
    shop.service.refresh_from_db()
    assert (shop.service.memory_mb, shop.service.source_url) == (1024, "https://git.example/shop.git")
    assert shop.service.source_token == CANARY


def test_it_cannot_change_roles_past_the_rules(operator: Client, alice: Person) -> None:
    row = Membership.objects.get(user=alice.user)
    address = reverse("admin:accounts_membership_change", args=[row.pk])
    assert operator.post(address, {"role": "viewer"}).status_code == 403
