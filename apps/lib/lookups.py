"""Where host names lead, asked of the machine's resolver in threads of their own: no answer costs more than its limit.

Not in charge of judging what was found.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass

from django.core.cache import cache

SECONDS = 3.0
KEPT_SECONDS = 10  # Pages ask every 20 s; many open pages ask once.
TELLS_ROUTE = ("192.0.2.1", "2001:db8::1")  # For documentation: nothing is sent there.

_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="lookup")


@dataclass(frozen=True)
class Lookup:
    """`addresses` that a name leads to; none and no `problem`: there is no such name."""

    host: str
    addresses: tuple[str, ...] = ()
    problem: str = ""


def look_up(hosts: Iterable[str], *, seconds: float = SECONDS, fresh: bool = False) -> dict[str, Lookup]:
    """All at once, within `seconds` altogether."""
    found: dict[str, Lookup] = {}
    asked: dict[str, Future[Lookup]] = {}
    for host in dict.fromkeys(hosts):
        kept = None if fresh else cache.get(_key(host))
        if kept is not None:
            found[host] = kept
        else:
            asked[host] = _threads.submit(_resolve, host)
    wait_for(asked.values(), timeout=seconds)
    for host, future in asked.items():
        if future.done():
            found[host] = future.result()
            cache.set(_key(host), found[host], KEPT_SECONDS)
        else:
            future.cancel()
            found[host] = Lookup(host, problem=f"No name server answered within {seconds:g} s.")
    return found


def answers(address: str, port: int, *, seconds: float = 2.0) -> bool:
    """Something accepts a connection there."""
    try:
        socket.create_connection((address, port), timeout=seconds).close()
    except OSError:
        return False
    return True


def own_addresses() -> Sequence[str]:
    """The addresses from which this machine speaks to the world, as its routes say. Nothing is sent."""
    found = []
    for target in TELLS_ROUTE:
        family = socket.AF_INET6 if ":" in target else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((target, 9))
                found.append(str(probe.getsockname()[0]))
        except OSError:
            continue
    return found


def is_public(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_global


def _resolve(host: str) -> Lookup:
    try:
        rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        missing = error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
        return Lookup(host, problem="" if missing else f"The name server said: {error.strerror}.")
    except (OSError, UnicodeError) as error:
        return Lookup(host, problem=f"It cannot be looked up: {type(error).__name__}.")
    return Lookup(host, tuple(dict.fromkeys(str(row[4][0]) for row in rows)))


def _key(host: str) -> str:
    return f"lookup:{host}"
