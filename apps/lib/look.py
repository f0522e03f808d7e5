"""How pages look to one person: light, dark, or as the system says. Kept in a cookie, so that the first paint is right."""

from __future__ import annotations

from django.http import HttpRequest

COOKIE = "slipway-theme"
THEMES = ("light", "dark", "system")


def theme(request: HttpRequest) -> dict[str, str]:
    """`{{ theme }}` of every template; whatever else a cookie says is "system"."""
    told = request.COOKIES.get(COOKIE, "")
    return {"theme": told if told in THEMES else "system"}
