"""Host names of services."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from apps.accounts.bearer import actor_of
from apps.accounts.policy import Permission
from apps.deployments import actions
from apps.deployments.schemas_parts import DomainIn, DomainOut
from apps.lib.api import Page, PageQuery, created, paged
from apps.projects.access import domain_for, service_for
from apps.projects.domain_checks import check
from apps.projects.environments import environment_named
from apps.projects.models import Domain

router = Router(tags=["domains"])


@router.get(
    "/services/{uuid:service_id}/domains", response=Page[DomainOut], operation_id="list_domains", summary="List domains"
)
def list_domains(request: HttpRequest, service_id: UUID, query: Query[PageQuery]) -> Any:
    """The host names that are routed to a service."""
    service = service_for(actor_of(request), service_id)
    return paged(Domain.objects.filter(service=service).select_related("environment"), query)


@router.post(
    "/services/{uuid:service_id}/domains", response={201: DomainOut}, operation_id="add_domain", summary="Add a domain"
)
def add_domain(request: HttpRequest, response: HttpResponse, service_id: UUID, told: DomainIn) -> Any:
    """Routed to what is live at once. Point the name's DNS record at the host."""
    actor = actor_of(request)
    service = service_for(actor, service_id)
    environment = environment_named(service.project, told.environment) or service.environment
    row = actions.add_domain(actor=actor, service=service, environment=environment, host=told.host)
    created(response, "get_domain", row.pk)
    return row


@router.get("/domains/{uuid:domain_id}", response=DomainOut, operation_id="get_domain", summary="Get a domain")
def get_domain(request: HttpRequest, domain_id: UUID) -> Any:
    """One host name of your services."""
    return domain_for(actor_of(request), domain_id)


@router.delete(
    "/domains/{uuid:domain_id}", response={204: None}, operation_id="remove_domain", summary="Remove a domain"
)
def remove_domain(request: HttpRequest, domain_id: UUID) -> None:
    """It is no longer routed."""
    actor = actor_of(request)
    actions.remove_domain(actor=actor, domain=domain_for(actor, domain_id))


@router.post(
    "/domains/{uuid:domain_id}/check", response=DomainOut, operation_id="check_domain", summary="Look a domain up"
)
def check_domain(request: HttpRequest, domain_id: UUID) -> Any:
    """Where its name leads now, within seconds. It is done every few minutes by itself."""
    actor = actor_of(request)
    row = domain_for(actor, domain_id)
    actor.require(Permission.WRITE_DOMAINS, row.service.team_id)
    check([row])
    return row
