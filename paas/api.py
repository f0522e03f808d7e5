"""Mounts the routers: `/api/v1` for people and programs, `/api/agent` for hosts."""

from __future__ import annotations

from ninja import NinjaAPI

from apps.deployments.agent_api import router as agent_router

agent_api = NinjaAPI(urls_namespace="agent", docs_url=None, openapi_url=None)
agent_api.add_router("", agent_router)
