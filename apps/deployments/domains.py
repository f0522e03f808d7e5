"""A service's domains as a page shows them: where each leads, and the records that would make it lead here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.accounts.access import Actor
from apps.accounts.installation import base_domain
from apps.accounts.session import abilities
from apps.deployments.presentation import Pill
from apps.deployments.queries import address_of
from apps.projects.domain_checks import Record, State, check, expected_addresses, is_by_service, is_local, records_for
from apps.projects.models import Domain, Environment, Service

PILLS = {
    State.PENDING: Pill("work", "Waiting for DNS"),
    State.FOUND: Pill("live", "Leads here"),
    State.WRONG: Pill("fail", "Leads elsewhere"),
    State.UNREACHABLE: Pill("fail", "Not reachable"),
    State.UNSURE: Pill("warn", "Leads somewhere"),
}


@dataclass(frozen=True)
class DomainRow:
    domain: Domain
    url: str
    pill: Pill
    records: list[Record]
    is_from_before: bool  # Given beneath an earlier base domain.

    @property
    def needs_records(self) -> bool:
        return not self.domain.is_generated and self.domain.check_state != State.FOUND


def domains_context(actor: Actor, service: Service, environment: Environment) -> dict[str, Any]:
    """Asks for what was not asked for lately, within seconds; then four queries."""
    rows = list(Domain.objects.filter(service=service, environment=environment).select_related("environment"))
    rows.sort(key=lambda row: (row.is_generated, row.created_at))
    check(rows)
    expected, base = expected_addresses(), base_domain()
    target = next((row.host for row in rows if row.is_generated and not _needs_no_dns(row.host)), "")
    found = [_row(row, expected, target, base) for row in rows]
    return {"domains": found, "expected": expected, "can": abilities(actor, service.team_id)}


def _row(domain: Domain, expected: tuple[str, ...], target: str, base: str) -> DomainRow:
    needs = [] if _needs_no_dns(domain.host) else records_for(domain.host, target, expected, domain.check_found)
    pill = PILLS.get(State(domain.check_state)) if domain.check_state else None
    is_from_before = domain.is_generated and not domain.host.endswith(f".{base}")
    return DomainRow(domain, address_of(domain), pill or Pill("rest", "Not looked up yet"), needs, is_from_before)


def _needs_no_dns(host: str) -> bool:
    return is_local(host) or is_by_service(host)
