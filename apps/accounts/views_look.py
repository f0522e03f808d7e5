"""The switch between light, dark and system."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from apps.lib.look import COOKIE, THEMES

YEAR = 365 * 24 * 3600


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remembers the choice and comes back. Scripts set the cookie by themselves."""
    chosen, back = request.POST.get("theme", ""), request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    response: HttpResponse = redirect(back if ours else "home")
    told = chosen if chosen in THEMES else "system"
    response.set_cookie(COOKIE, told, max_age=YEAR, samesite="Lax", secure=request.is_secure())
    return response
