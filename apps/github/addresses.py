"""Addresses of GitHub servers. Pure; also for `paas.config`, so nothing of Django."""

from __future__ import annotations

from urllib.parse import urlsplit


def api_address(web_url: str) -> str:
    """Where the API of a GitHub is: its own host for github.com and `<name>.ghe.com`, a path of every other server."""
    web = urlsplit(web_url.rstrip("/"))
    if web.hostname == "github.com" or str(web.hostname).endswith(".ghe.com"):
        return f"https://api.{web.hostname}"
    return f"{web_url.rstrip('/')}/api/v3"
