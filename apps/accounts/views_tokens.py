"""A person's own API tokens."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import actions
from apps.accounts.forms import TokenForm
from apps.accounts.models import ApiToken
from apps.accounts.session import actor_of
from apps.lib.forms import status_of


@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """A person's own tokens. The text of a new one stands in the answer to the POST and nowhere else."""
    actor = actor_of(request)
    form = TokenForm(request.POST or None)
    text = ""
    if request.method == "POST" and form.is_valid():
        days = form.cleaned_data["days"]
        ends = timezone.now() + timedelta(days=int(days)) if days else None
        told = {"name": form.cleaned_data["name"], "scope": form.cleaned_data["scope"]}
        _, text = actions.make_api_token(actor=actor, expires_at=ends, **told)
        form = TokenForm()
    rows = ApiToken.objects.filter(user=actor.user).order_by("revoked_at", "-created_at")
    context = {"form": form, "tokens": rows, "text": text, "now": timezone.now()}
    return render(request, "accounts/tokens.html", context, status=status_of(form))


@require_POST
def token_revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    row = actions.revoke_api_token(actor=actor_of(request), token_id=token_id)
    messages.info(request, f"The token {row.name} no longer works.")
    return redirect("tokens")
