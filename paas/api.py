"""Mounts the routers: `/api/v1` for people and programs, `/api/agent` for hosts."""

from __future__ import annotations

from functools import partial

from ninja import NinjaAPI
from ninja.openapi.docs import Swagger
from ninja.openapi.views import openapi_view

from apps.accounts import api as accounts
from apps.accounts import api_people, api_sessions, api_tokens
from apps.accounts.bearer import AUTH
from apps.deployments import api as deployments
from apps.deployments import (
    api_builds,
    api_compose,
    api_domains,
    api_eject,
    api_inspections,
    api_logs,
    api_metrics,
    api_operator,
    api_services,
    api_source,
    api_staged,
    api_volumes,
)
from apps.deployments.agent_api import router as agent_router
from apps.deployments.repeats import once
from apps.feedback import api as feedback
from apps.github import api as github
from apps.github import api_sign_in
from apps.hosts import api as hosts
from apps.lib.api import Api, WriteThrottle
from apps.previews import api as previews
from apps.projects import api as projects
from apps.projects import api_registries, api_variables
from apps.webhooks import api as webhooks

agent_api = NinjaAPI(urls_namespace="agent", docs_url=None, openapi_url=None)
agent_api.add_router("", agent_router)

api = Api(
    around=once,
    title="Slipway",
    version="1",
    description="Everything the dashboard can do, by the same actions and under the same rights.",
    urls_namespace="api",
    docs=Swagger(settings={"validatorUrl": None, "persistAuthorization": True}),
    docs_url=None,  # It stands at /api/docs.
    auth=AUTH,
    throttle=WriteThrottle(300),
)
for module in (
    accounts,
    api_people,
    api_sessions,
    api_sign_in,
    api_tokens,
    projects,
    api_services,
    api_source,
    api_compose,
    deployments,
    api_staged,
    api_logs,
):
    api.add_router("", module.router)
for module in (
    api_variables,
    api_registries,
    api_domains,
    api_volumes,
    api_builds,
    api_eject,
    api_inspections,
    api_metrics,
    api_operator,
    hosts,
    webhooks,
    feedback,
    previews,
    github,
):
    api.add_router("", module.router)

docs = partial(openapi_view, api=api)
