"""What our App at GitHub is: its permissions, its events, its addresses. Pure. Not in charge of sending it.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

PERMISSIONS = {
    "metadata": "read",  # names, visibility, default branches
    "contents": "read",  # clones, files for detection
    "pull_requests": "write",  # previews, and the one comment on each pull request
    "deployments": "write",  # the Deployments that GitHub shows
    "statuses": "write",  # a commit status a service; and what other CI said
    "checks": "read",  # "wait for CI"
    "members": "read",  # who may sign in, when organisations are allowed
}
EVENTS = [
    "push",
    "create",
    "delete",
    "pull_request",
    "pull_request_review",
    "check_suite",
    "check_run",
    "status",
    "repository",
    "installation_target",
]
NAME_LENGTH = 34  # GitHub's own limit for the name of an App.


def manifest(*, name: str, url: str, webhook_url: str, is_reachable: bool) -> dict[str, Any]:
    """`url` is ours, without a trailing slash. GitHub sends nothing to a webhook that is not active, which is what an
    address that it cannot reach gets: it refuses the App otherwise."""
    return {
        "name": name[:NAME_LENGTH],
        "url": url,
        "description": "Deploys repositories with Slipway.",
        "hook_attributes": {"url": webhook_url, "active": is_reachable},
        "redirect_url": f"{url}/github/created",
        "callback_urls": [f"{url}/complete/github/"],
        "setup_url": f"{url}/github/setup",
        "setup_on_update": True,
        "request_oauth_on_install": False,
        "public": True,
        "default_permissions": PERMISSIONS,
        "default_events": EVENTS,
    }


def create_url(web_url: str, organization: str, state: str = "") -> str:
    """Where the manifest is sent: a person's own settings, or an organisation's."""
    path = f"/organizations/{quote(organization, safe='')}/settings/apps/new" if organization else "/settings/apps/new"
    return f"{web_url}{path}" + (f"?{urlencode({'state': state})}" if state else "")
