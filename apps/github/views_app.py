"""Pages of operators about GitHub: connect it, see that its webhooks arrive, where the App is installed, disconnect.

For everybody else they do not exist.
"""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import Actor
from apps.accounts.installation import require_operator_page
from apps.accounts.session import actor_of
from apps.github import connecting, installations, manifest, reach, states
from apps.github.app import the_app
from apps.github.connecting import Server
from apps.github.forms_app import HandForm, ManifestForm
from apps.github.models import Connection, Identity
from apps.github.news import told_to_teams
from apps.lib.forms import said_at, status_of
from apps.lib.middleware import allow
from workers.errors import PlatformError

SEEN = Count("repositories", filter=Q(repositories__trouble=""))


def _operator(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    require_operator_page(actor)
    return actor


@never_cache
@require_GET
def github_app(request: HttpRequest) -> HttpResponse:
    """How it stands; or, while GitHub is not connected, the form that is sent to GitHub itself."""
    _operator(request)
    app = the_app()
    if app is None:
        return _connect(request)
    context = {
        "app": app,
        "reach": reach.last(app),
        "webhook_url": reach.webhook_url(),
        "rows": installations.listed().annotate(seen=SEEN)[:200],
        "services": Connection.objects.count(),
        "people": Identity.objects.count(),
    }
    return render(request, "github/app.html", context)


def _connect(request: HttpRequest) -> HttpResponse:
    """Options are in the address; with them the manifest is made anew, and the word that GitHub brings back."""
    form = ManifestForm(request.GET if request.GET else None)
    server, told = Server.of(""), {"organization": "", "name": ""}
    if form.is_bound and form.is_valid():
        with said_at(form, "web_url"):
            told = form.cleaned_data
            server = Server.of(told["web_url"], told["api_url"])
    word = states.give(request, "manifest", web_url=server.web_url, api_url=server.api_url)
    allow(request, "form-action", server.web_url)
    url, webhook = str(settings.SLIPWAY.url), reach.webhook_url()
    is_reachable = reach.is_deliverable(server.web_url, webhook)
    name = told["name"] or f"Slipway {urlsplit(url).hostname}"
    made = manifest.manifest(name=name, url=url, webhook_url=webhook, is_reachable=is_reachable)
    context = {
        "form": form,
        "server": server,
        "create_url": manifest.create_url(server.web_url, told["organization"], word),
        "manifest": json.dumps(made),
        "organization": told["organization"],
        "made": made,
        "webhook_url": webhook,
        "why_private": "" if is_reachable else reach.why_private(webhook),
    }
    return render(request, "github/connect.html", context, status=status_of(form))


@never_cache
@require_GET
def github_created(request: HttpRequest) -> HttpResponse:
    """GitHub sends the browser back to here, with a code for the new App."""
    actor = _operator(request)
    told = states.take(request, "manifest", request.GET.get("state"))
    if told is None:
        messages.error(
            request, "That way back from GitHub does not belong to this browser, or is used up. Connect again."
        )
        return redirect("github-app")
    app = connecting.finish_manifest(actor=actor, code=request.GET.get("code", ""), server=Server(**told))
    messages.success(request, f"GitHub is connected as {app.name}. Install it where your repositories are.")
    return redirect("github-app")


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def github_by_hand(request: HttpRequest) -> HttpResponse:
    """For an App that exists already."""
    actor = _operator(request)
    form = HandForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with said_at(form, "app_id", address="web_url", key="private_key"):
            told = dict(form.cleaned_data)
            server = Server.of(told.pop("web_url"), told.pop("api_url"))
            app = connecting.connect_by_hand(actor=actor, server=server, **told)
            messages.success(request, f"GitHub is connected as {app.name}.")
            return redirect("github-app")
    context = {
        "form": form,
        "webhook_url": reach.webhook_url(),
        "url": settings.SLIPWAY.url,
        "permissions": sorted(manifest.PERMISSIONS.items()),
        "events": manifest.EVENTS,
    }
    return render(request, "github/by_hand.html", context, status=status_of(form))


@never_cache
@require_http_methods(["GET", "POST"])
def github_disconnect(request: HttpRequest) -> HttpResponse:
    """GET asks first."""
    actor = _operator(request)
    app = the_app()
    if app is None:
        return redirect("github-app")
    if request.method == "POST":
        connecting.disconnect(actor=actor)
        messages.info(request, f"GitHub is disconnected. {app.name} still exists there until you delete it.")
        return redirect("github-app")
    context = {"app": app, "services": Connection.objects.count(), "people": Identity.objects.count()}
    return render(request, "github/disconnect.html", context)


@require_POST
def github_check(request: HttpRequest) -> HttpResponse:
    """Look again whether webhooks arrive; the newest is sent once more."""
    _operator(request)
    app = the_app()
    if app is not None:
        reach.check(app, again=True)
    return redirect("github-app")


@require_POST
def github_send_here(request: HttpRequest) -> HttpResponse:
    """Have the App's webhook lead to this Slipway."""
    connecting.send_here(actor=_operator(request))
    return redirect("github-app")


@require_POST
def github_refresh(request: HttpRequest) -> HttpResponse:
    """Read installations and repositories from GitHub."""
    _operator(request)
    if the_app() is not None:
        try:
            with told_to_teams():
                count = installations.refresh()
            messages.info(request, f"Read anew: {count} installation{'' if count == 1 else 's'}.")
        except PlatformError as error:
            messages.error(request, f"{error.message} {error.hint}".strip())
    return redirect("github-app")
