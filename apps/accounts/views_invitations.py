"""Inviting people, and what somebody sees who follows such a link."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import invitations, joining
from apps.accounts.forms import JoinForm
from apps.accounts.models import Invitation, User
from apps.accounts.session import actor_of
from apps.accounts.views import BACKEND
from apps.lib.forms import said_at, status_of


@require_POST
def invitation_revoke(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = invitations.invitation_for(actor, invitation_id)
    invitations.revoke(actor=actor, invitation=row)
    messages.info(request, f"The invitation of {row.email} no longer works.")
    return redirect("team", team_id=row.team_id)


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Looking does not use it up: previews of links look too."""
    row = invitations.invitation_behind(token)
    if isinstance(request.user, User):
        return _joined(request, row, token)
    if joining.has_account(row):
        return render(request, "accounts/invitation.html", {"invitation": row, "token": token, "must_sign_in": True})
    form = JoinForm(request.POST or None, email=row.email)
    if request.method == "POST" and form.is_valid():
        with said_at(form):
            user = joining.accept_as_new(token=token, **form.cleaned_data)
            login(request, user, backend=BACKEND)
            return redirect("home")
    context = {"invitation": row, "token": token, "form": form}
    return render(request, "accounts/invitation.html", context, status=status_of(form))


def _joined(request: HttpRequest, row: Invitation, token: str) -> HttpResponse:
    """Somebody who is signed in: one button, when the invitation is theirs."""
    actor = actor_of(request)
    if request.method == "POST":
        joining.accept(actor=actor, token=token)
        messages.info(request, f"Welcome to {row.team}.")
        return redirect("home")
    is_theirs = actor.user is not None and actor.user.email.lower() == row.email.lower()
    context = {"invitation": row, "token": token, "is_theirs": is_theirs, "is_other": not is_theirs}
    return render(request, "accounts/invitation.html", context)
