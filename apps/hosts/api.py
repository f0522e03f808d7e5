"""Hosts: those on which something of your teams runs; all of them for operators. Read only."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router

from apps.accounts.access import Actor
from apps.accounts.bearer import actor_of, one, person_of
from apps.hosts.models import Host, ServiceState
from apps.hosts.schemas import HostOut
from apps.lib.api import Page, PageQuery, paged

router = Router(tags=["hosts"])


def hosts_for(actor: Actor) -> QuerySet[Host]:
    if person_of(actor).is_staff:
        return Host.objects.all()
    mine = ServiceState.objects.filter(service__project__team__in=actor.teams)
    return Host.objects.filter(pk__in=mine.values("host"))


@router.get("/hosts", response=Page[HostOut], operation_id="list_hosts", summary="List hosts")
def list_hosts(request: HttpRequest, query: Query[PageQuery]) -> Any:
    """The machines that run something of yours, and whether their agent was heard lately."""
    return paged(hosts_for(actor_of(request)), query)


@router.get("/hosts/{uuid:host_id}", response=HostOut, operation_id="get_host", summary="Get a host")
def get_host(request: HttpRequest, host_id: UUID) -> Any:
    """One machine that runs something of yours."""
    return one(hosts_for(actor_of(request)), "host", host_id)
