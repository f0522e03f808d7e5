"""The address of a page: behind the sign-in unless its view says `login_not_required`."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import URLPattern, path


def page(route: str, view: Callable[..., HttpResponse], *, name: str) -> URLPattern:
    is_open = not getattr(view, "login_required", True)
    return path(route, view if is_open else login_required(view), name=name)
