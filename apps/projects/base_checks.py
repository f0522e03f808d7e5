"""Does the base domain lead here? Of domains of one's own: `apps.projects.domain_checks`."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from django.core.cache import cache

from apps.accounts.installation import base_domain
from apps.lib import lookups
from apps.lib.lookups import Lookup
from apps.projects.domain_checks import (
    Record,
    Verdict,
    expected_addresses,
    is_by_service,
    is_local,
    judge,
    records_for,
)


@dataclass(frozen=True)
class Base:
    """How the base domain stands: `label` was made up beneath it and asked for."""

    domain: str
    verdict: Verdict
    records: list[Record] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    label: str = ""


def base_standing() -> Base:
    """Does any name beneath the base domain lead here? A new name each time, so that no resolver remembers it."""
    domain, expected = base_domain(), expected_addresses()
    key = f"base-domain:{domain}:{','.join(expected)}"
    kept: Base | None = cache.get(key)
    if kept is not None:
        return kept
    label = f"check-{secrets.token_hex(4)}.{domain}"
    found = Lookup(label) if is_local(domain) else lookups.look_up([label])[label]
    verdict = judge(found, expected)
    is_given = is_local(domain) or is_by_service(domain)
    records = [] if is_given else records_for(f"*.{domain}", "", expected, verdict.found)
    standing = Base(domain, verdict, records, expected, label)
    cache.set(key, standing, lookups.KEPT_SECONDS)
    return standing
