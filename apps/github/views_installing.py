"""To GitHub's page on which a person installs the App or changes what it sees, and back to where they were."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.session import actor_of
from apps.github import states
from apps.github.app import the_app
from apps.github.arrivals import arrived
from apps.github.errors import NotConnected
from workers.errors import SlipwayError

PICKING = "new-service"
ELSEWHERE = "new-repositories"  # For those who installed it at GitHub, without coming from a page of ours.


@never_cache
@require_GET
def github_install(request: HttpRequest) -> HttpResponse:
    """`next`: the page to come back to."""
    app, back = the_app(), _own(request, request.GET.get("next", ""))
    if app is None:
        messages.error(request, f"{NotConnected().message} {NotConnected().hint}")
        return redirect(back or "home")
    word = states.give(request, "install", next=back)
    return redirect(f"{app.install_url}?{urlencode({'state': word})}")


@never_cache
@require_GET
def github_setup(request: HttpRequest) -> HttpResponse:
    """GitHub sends the browser back to here. Anybody can write this address: the id in it is a hint, never a proof.

    Who came from the list for a new service and gave one repository has picked it.
    """
    told = states.take(request, "install", request.GET.get("state")) or {}
    back = _own(request, told.get("next", ""))
    action, hint = request.GET.get("setup_action", ""), request.GET.get("installation_id", "")
    if action == "request":
        messages.info(
            request, "GitHub asked an owner of the organisation. Once they agree, its repositories appear here."
        )
    else:
        try:
            found = arrived(actor=actor_of(request), hint=hint)
            messages.info(request, found.sentence)
            if found.only and back.partition("?")[0] == reverse(PICKING):
                return redirect(f"{reverse('new-repository')}?{urlencode({'id': found.only})}")
        except SlipwayError as error:
            messages.error(request, f"{error.message} {error.hint}".strip())
    return redirect(back or resolve_url(ELSEWHERE))


def _own(request: HttpRequest, url: str) -> str:
    """A page of this Slipway, or ""."""
    is_ours = url.startswith("/") and url_has_allowed_host_and_scheme(url, {request.get_host()}, request.is_secure())
    return url if is_ours else ""
