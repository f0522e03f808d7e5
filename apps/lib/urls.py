"""The address of a page: behind the sign-in unless its view says `login_not_required`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import URLPattern, path

View = Callable[..., HttpResponseBase]


def page(route: str, view: View, *, name: str) -> URLPattern:
    is_open = not getattr(view, "login_required", True)
    return path(route, view if is_open else signed_in(view), name=name)


def signed_in(view: View) -> View:
    """Asks for the sign-in first and comes back. A form that was sent comes back to the first page: a second sending is
    a person's decision. A fragment makes its whole page load again, which then asks."""

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if request.htmx:  # type: ignore[attr-defined]
            return HttpResponse(status=401, headers={"HX-Refresh": "true"})
        is_look = request.method in ("GET", "HEAD")
        return redirect_to_login(request.get_full_path() if is_look else resolve_url("home"))

    return asked
