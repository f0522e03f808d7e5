"""Addresses of everything."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from apps.lib.problems import no_such_address
from apps.webhooks.urls import receiving
from paas import health
from paas.api import agent_api, api, docs
from workers.build.slipway_toml import SlipwayToml


def favicon(request: HttpRequest) -> HttpResponse:
    """For pages that name no icon of their own: the API's documentation, the admin."""
    return HttpResponseRedirect(static("icon.svg"))


def slipway_schema(request: HttpRequest) -> JsonResponse:
    """What may stand in a repository's slipway.toml, for editors on any machine."""
    return JsonResponse(SlipwayToml.model_json_schema(), headers={"Access-Control-Allow-Origin": "*"})


def llms(request: HttpRequest) -> HttpResponse:
    """For agents that come without knowing Slipway. The same at every installation."""
    return HttpResponse(render_to_string("llms.txt"), content_type="text/plain; charset=utf-8")


urlpatterns = [
    path("favicon.ico", favicon, name="favicon"),
    path("llms.txt", llms, name="llms"),
    path("slipway.schema.json", slipway_schema, name="slipway-schema"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("api/agent/", agent_api.urls),
    path("api/docs", docs, name="api-docs"),
    path("api/v1/", api.urls),
    re_path(r"^api/v1/", no_such_address),
    path("api/webhooks/", include(receiving)),
    re_path(r"^api/webhooks/", csrf_exempt(no_such_address)),
    path("admin/", admin.site.urls),
    path("", include("apps.accounts.urls")),
    path("", include("apps.github.urls")),
    path("", include("apps.github.urls_sign_in")),
    path("", include("apps.deployments.urls")),
    path("", include("apps.feedback.urls")),
    path("", include("apps.previews.urls")),
    path("", include("apps.projects.urls")),
    path("", include("apps.webhooks.urls")),
]

handler400 = "apps.lib.failures.bad_request"
handler500 = "apps.lib.failures.server_error"
