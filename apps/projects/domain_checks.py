"""Do the names of domains lead here? What should stand in DNS, what was found, and what to do, in plain words.

The judgements are pure; `check` asks and stores. Not in charge of routes: a domain is routed whatever is found.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.db.models import Case, Q, When
from django.utils import timezone

from apps.lib import lookups
from apps.lib.lookups import Lookup
from apps.projects.models import Domain

FRESH = timedelta(seconds=15)
EVERY = timedelta(minutes=4)
AT_ONCE = 50


class State(StrEnum):
    PENDING = "pending"  # There is no such name yet.
    FOUND = "found"
    WRONG = "wrong"  # It leads elsewhere.
    UNREACHABLE = "unreachable"  # It leads here, but nothing answers; or no name server does.
    UNSURE = "unsure"  # It leads somewhere, and our own address is not known.


# The order of domains: a name that does not exist yet is of no use; else one's own before the generated one.
BEST_FIRST = (Case(When(check_state=State.PENDING, then=1), default=0), "is_generated", "created_at")


@dataclass(frozen=True)
class Verdict:
    state: State
    detail: str
    found: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """One line for a person's DNS provider, and whether it is there."""

    kind: str
    name: str
    value: str
    is_found: bool = False


def expected_addresses() -> tuple[str, ...]:
    """SLIPWAY_PUBLIC_ADDRESS; or the machine's own addresses where those are public. Empty: it is not known."""
    told = [part.strip() for part in settings.SLIPWAY.public_address.split(",") if _is_address(part.strip())]
    return tuple(told or [address for address in lookups.own_addresses() if lookups.is_public(address)])


def is_local(host: str) -> bool:
    """Browsers take these for the machine they run on, without DNS."""
    return host == "localhost" or host.endswith(".localhost")


def judge(found: Lookup, expected: Sequence[str]) -> Verdict:
    """Without asking anybody."""
    if is_local(found.host):
        return Verdict(State.FOUND, "Browsers on this machine find it by themselves. No other machine does.")
    if found.problem:
        return Verdict(State.UNREACHABLE, f"{found.problem} It is asked again soon.")
    if not found.addresses:
        return Verdict(State.PENDING, "There is no such name yet. A new record can take minutes to be seen.")
    led = ", ".join(found.addresses)
    if all(ipaddress.ip_address(address.partition("%")[0]).is_loopback for address in found.addresses):
        return Verdict(State.FOUND, f"It leads to {led}: only browsers on this machine reach it.", found.addresses)
    if not expected:
        return Verdict(State.UNSURE, f"It leads to {led}. Compare that with this machine's address.", found.addresses)
    strangers = [address for address in found.addresses if address not in expected]
    if strangers:
        return Verdict(
            State.WRONG, f"It leads to {', '.join(strangers)}, which is not this Slipway. Change the record.",
            found.addresses,
        )  # fmt: skip
    return Verdict(State.FOUND, f"It leads here ({led}).", found.addresses)


def records_for(host: str, target: str, expected: Sequence[str], found: Sequence[str] = ()) -> list[Record]:
    """What to create for `host`: an address each, or a CNAME to `target` ("" when there is none to point at)."""
    rows = [Record("AAAA" if ":" in a else "A", host, a, a in found) for a in expected]
    # A domain's own top (example.com) cannot be a CNAME.
    if target and host.count(".") > 1 and not is_local(target):
        return [Record("CNAME", host, target, bool(found) and (not expected or set(found) <= set(expected)))]
    return rows


def check(domains: Iterable[Domain], *, fresh: bool = False) -> None:
    """Ask for those that were not asked for lately, and store what was found."""
    now = timezone.now()
    due = [row for row in domains if fresh or row.checked_at is None or now - row.checked_at > FRESH]
    expected = expected_addresses()
    answers = lookups.look_up((row.host for row in due if not is_local(row.host)), fresh=fresh)
    reachable: dict[str, bool] = {}
    for row in due:
        verdict = judge(answers.get(row.host, Lookup(row.host)), expected)
        verdict = _reached(verdict, expected, reachable)
        row.checked_at, row.check_state = now, verdict.state
        row.check_detail, row.check_found = verdict.detail[:300], list(verdict.found)
        Domain.objects.filter(pk=row.pk).update(
            checked_at=now, check_state=row.check_state, check_detail=row.check_detail, check_found=row.check_found
        )


def check_due() -> int:
    """Those whose last check is some minutes old. Returns how many were asked for."""
    old = Q(checked_at=None) | Q(checked_at__lt=timezone.now() - EVERY)
    rows = list(Domain.objects.filter(old).order_by("checked_at")[:AT_ONCE])
    check(rows, fresh=True)
    return len(rows)


def _reached(verdict: Verdict, expected: Sequence[str], known: dict[str, bool]) -> Verdict:
    """Only our own addresses are ever connected to, each once."""
    mine = [address for address in verdict.found if address in expected]
    if verdict.state != State.FOUND or not mine:
        return verdict
    port = settings.SLIPWAY.edge_public_port or settings.SLIPWAY.edge_port
    if mine[0] not in known:
        known[mine[0]] = lookups.answers(mine[0], port)
    if known[mine[0]]:
        return verdict
    return Verdict(
        State.UNREACHABLE,
        f"Its record is right, but nothing answered at {mine[0]} port {port}. Open that port in the firewall. "
        "Some routers do not let a machine reach itself this way: then try from elsewhere.",
        verdict.found,
    )


BY_SERVICE = "sslip.io"


def is_by_service(domain: str) -> bool:
    """Names of the public service sslip.io say their address themselves."""
    return domain == BY_SERVICE or domain.endswith(f".{BY_SERVICE}")


def named_after(addresses: Iterable[str]) -> list[str]:
    """`203.0.113.7` -> `203-0-113-7.sslip.io`, for each IPv4 address."""
    return [f"{address.replace('.', '-')}.{BY_SERVICE}" for address in addresses if ":" not in address]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
