"""What operators do about GitHub: connect it, look whether webhooks arrive, read installations, disconnect."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.http import HttpRequest
from ninja import Query, Router

from apps.accounts.access import Actor
from apps.accounts.bearer import actor_of
from apps.accounts.installation import require_operator
from apps.github import connecting, installations, manifest, reach
from apps.github.app import require_app, the_app
from apps.github.connecting import Server
from apps.github.models import Installation
from apps.github.news import told_to_teams
from apps.github.schemas_app import ByHandIn, ConversionIn, GitHubOut, InstallationRowOut, ManifestOut
from apps.lib.api import Page, PageQuery, paged

router = Router(tags=["operator"])


def _operator(request: HttpRequest, what: str) -> Actor:
    actor = actor_of(request)
    require_operator(actor, what)
    return actor


def _standing() -> dict[str, Any]:
    app = the_app()
    told = reach.last(app) if app else None
    return {
        "is_connected": app is not None,
        "is_fixed": bool(app and app.is_fixed),
        "app_id": app.app_id if app else None,
        "slug": app.slug if app else "",
        "name": app.name if app else "",
        "html_url": app.page if app else "",
        "owner": app.owner_login if app else "",
        "web_url": app.web_url if app else "",
        "api_url": app.api_url if app else "",
        "install_url": app.install_url if app else "",
        "webhook_url": reach.webhook_url(),
        "webhook": told,
    }


@router.get("/github", response=GitHubOut, operation_id="get_github", summary="How GitHub is connected")
def get_github(request: HttpRequest) -> Any:
    """The App, and whether its webhooks arrived when that was looked at last."""
    _operator(request, "see how GitHub is connected")
    return _standing()


@router.put("/github", response=GitHubOut, operation_id="connect_github", summary="Connect an App that exists")
def connect_github(request: HttpRequest, told: ByHandIn) -> Any:
    """GitHub is asked for the App's name with the key, which proves the key."""
    actor = _operator(request, "connect GitHub")
    connecting.connect_by_hand(
        actor=actor,
        server=Server.of(told.web_url, told.api_url),
        app_id=told.app_id,
        client_id=told.client_id,
        client_secret=told.client_secret.get_secret_value(),
        webhook_secret=told.webhook_secret.get_secret_value(),
        private_key=told.private_key.get_secret_value(),
    )
    return _standing()


@router.delete("/github", response={204: None}, operation_id="disconnect_github", summary="Disconnect GitHub")
def disconnect_github(request: HttpRequest) -> None:
    """Its keys are forgotten here. What runs goes on; at GitHub the App stays."""
    connecting.disconnect(actor=_operator(request, "disconnect GitHub"))


@router.get("/github/manifest", response=ManifestOut, operation_id="get_github_manifest", summary="The App's manifest")
def get_github_manifest(request: HttpRequest, organization: str = "", web_url: str = "") -> Any:
    """What is sent to GitHub to make an App for this Slipway."""
    _operator(request, "connect GitHub")
    server, url, webhook = Server.of(web_url[:300]), str(settings.SLIPWAY.url), reach.webhook_url()
    is_reachable = reach.is_deliverable(server.web_url, webhook)
    made = manifest.manifest(name="Slipway", url=url, webhook_url=webhook, is_reachable=is_reachable)
    return {"create_url": manifest.create_url(server.web_url, organization[:100]), "manifest": made}


@router.post(
    "/github/manifest/conversions", response=GitHubOut, operation_id="convert_github_manifest",
    summary="Finish making the App",
)  # fmt: skip
def convert_github_manifest(request: HttpRequest, told: ConversionIn) -> Any:
    """Exchanges GitHub's code, once and within the hour, for the App's keys, which are kept here."""
    actor = _operator(request, "connect GitHub")
    connecting.finish_manifest(actor=actor, code=told.code, server=Server.of(told.web_url, told.api_url))
    return _standing()


@router.post("/github/check", response=GitHubOut, operation_id="check_github", summary="Check the webhooks")
def check_github(request: HttpRequest) -> Any:
    """GitHub sends its newest delivery once more; takes some seconds."""
    _operator(request, "check the webhooks")
    reach.check(require_app(), again=True)
    return _standing()


@router.post("/github/webhook", response=GitHubOut, operation_id="send_github_here", summary="Send the webhooks here")
def send_github_here(request: HttpRequest) -> Any:
    """The App's webhook leads to this Slipway from now on."""
    connecting.send_here(actor=_operator(request, "change the App's webhook"))
    return _standing()


@router.post("/github/refresh", response=GitHubOut, operation_id="refresh_github", summary="Read installations anew")
def refresh_github(request: HttpRequest) -> Any:
    """Accounts and their repositories, as GitHub lists them now."""
    _operator(request, "read the installations")
    require_app()
    with told_to_teams():
        installations.refresh()
    return _standing()


@router.get(
    "/github/installations", response=Page[InstallationRowOut], operation_id="list_github_installations",
    summary="Where the App is installed",
)  # fmt: skip
def list_github_installations(request: HttpRequest, query: Query[PageQuery]) -> Any:
    """Accounts, also those from which it was uninstalled. Names of repositories are not told here."""
    _operator(request, "list the installations")
    seen = Count("repositories", filter=Q(repositories__trouble=""))
    return paged(Installation.objects.annotate(seen=seen), query)
