"""To GitHub and back: signing in, joining by an invitation, linking, unlinking."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from social_core.exceptions import SocialAuthBaseException

from apps.accounts.invitations import invitation_behind
from apps.accounts.session import actor_of
from apps.accounts.sessions import WAY
from apps.accounts.views import BACKEND
from apps.github.app import require_app
from apps.github.first_step import first_page
from apps.github.identities import unlink
from apps.github.sign_in_backend import GitHubSignIn, Intent, person_of
from apps.github.sign_in_failures import failure_of
from workers.errors import SlipwayError, UserError


@login_not_required
@never_cache
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """To GitHub's page. Somebody who is signed in links their account; everybody else signs in."""
    try:
        app = require_app()
        _check_address(request)
        return GitHubSignIn(request, app, _intent(request)).start()
    except SlipwayError as error:
        return _failed(request, error)


@login_not_required
@never_cache
@require_GET
def complete(request: HttpRequest) -> HttpResponse:
    """Back from GitHub's page."""
    person = person_of(request)
    try:
        backend = GitHubSignIn(request, require_app())
        user = backend.complete(user=person)
    except (SocialAuthBaseException, SlipwayError) as error:
        return _failed(request, failure_of(error))
    if person is not None:
        messages.info(request, "Your GitHub account is linked. You can sign in with it.")
        return redirect(backend.intent.next or "profile")
    request.session[WAY] = "GitHub"
    login(request, user, backend=BACKEND)  # type: ignore[arg-type]
    return redirect(backend.intent.next or _first_page(user))


@require_POST
def unlinked(request: HttpRequest) -> HttpResponse:
    unlink(actor=actor_of(request))
    messages.info(request, "Your GitHub account is no longer linked.")
    return redirect("profile")


def _first_page(user: Any) -> str:
    """Once: who turned away at GitHub is not sent there again."""
    return first_page(user) if user.is_new else "home"


def _intent(request: HttpRequest) -> Intent:
    person, token = person_of(request), request.POST.get("invitation", "")
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    invitation = str(invitation_behind(token).pk) if token and person is None else ""
    return Intent(
        user=str(person.pk) if person else "", next=wanted if ours and wanted[0] == "/" else "", invitation=invitation
    )


def _check_address(request: HttpRequest) -> None:
    """GitHub comes back to one address; a browser that began at another would not be known there."""
    ours = settings.SLIPWAY.url
    if request.get_host() != urlsplit(ours).netloc:
        raise UserError(
            "sign-in:user:other-address", f"GitHub comes back to {ours}, and you are at another address.",
            hint=f"Sign in at {ours}/sign-in", status=409,
        )  # fmt: skip


def _failed(request: HttpRequest, error: SlipwayError) -> HttpResponse:
    context = {"error": error, "is_signed_in": person_of(request) is not None}
    return render(request, "github/sign_in_failed.html", context, status=error.status)
