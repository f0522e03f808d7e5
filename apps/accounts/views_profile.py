"""A person's own page: name, email, password, tokens, and the end of all sessions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.access import Actor
from apps.accounts.bearer import person_of
from apps.accounts.forms import PasswordForm, ProfileForm
from apps.accounts.models import ApiToken, Membership
from apps.accounts.profile import change_password, change_profile, sign_out_everywhere
from apps.accounts.session import actor_of
from apps.accounts.sessions import end_session, marked, sessions_of
from apps.accounts.teams import may_make_teams
from apps.accounts.views import BACKEND
from apps.lib.forms import said_at, status_of


@never_cache
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """POST changes the name and the email."""
    actor = actor_of(request)
    user = person_of(actor)
    form = ProfileForm(request.POST or None, initial={"name": user.name, "email": user.email})
    if request.method == "POST" and form.is_valid():
        with said_at(form, "email", name="name"):
            change_profile(actor=actor, **form.cleaned_data)
            messages.info(request, "Saved.")
            return redirect("profile")
    return _page(request, actor, form, PasswordForm())


@never_cache
@sensitive_post_parameters()
@require_POST
def profile_password(request: HttpRequest) -> HttpResponse:
    """A new password ends every other session; this one goes on."""
    actor = actor_of(request)
    user = person_of(actor)
    form = PasswordForm(request.POST)
    if form.is_valid():
        with said_at(form, "new", old_password="old"):
            changed = change_password(actor=actor, **form.cleaned_data)
            login(request, changed, backend=BACKEND)
            messages.info(request, "Your password is changed. Everywhere else you are signed out.")
            return redirect("profile")
    return _page(request, actor, ProfileForm(initial={"name": user.name, "email": user.email}), form)


@require_POST
def profile_sign_out(request: HttpRequest) -> HttpResponse:
    """Everywhere, here too."""
    sign_out_everywhere(actor=actor_of(request))
    logout(request)
    messages.info(request, "You are signed out everywhere.")
    return redirect("sign-in")


@require_POST
def session_end(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """One browser of the person's own; this one too, when it is chosen."""
    row = end_session(actor=actor_of(request), session_id=session_id)
    messages.info(request, f"{row.agent or 'That browser'} is signed out.")
    return redirect("profile")


def _page(request: HttpRequest, actor: Actor, form: ProfileForm, password_form: PasswordForm) -> HttpResponse:
    context: dict[str, Any] = {
        "person": actor.user,
        "form": form,
        "password_form": password_form,
        "tokens": ApiToken.objects.filter(user=actor.user, revoked_at=None).order_by("-created_at")[:20],
        "sessions": marked(sessions_of(person_of(actor)), request),
        "may_make_teams": may_make_teams(actor),
        "memberships": Membership.objects.filter(user=actor.user).select_related("team").order_by("created_at"),
    }
    status = max(status_of(form), status_of(password_form))
    return render(request, "accounts/profile.html", context, status=status)
