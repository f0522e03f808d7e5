"""Does GitHub reach our webhook? What its deliveries say, and what the address itself says before any was sent.

Not in charge of receiving (`apps.webhooks`). The last answer is kept for the page; asking again is an operator's button.
"""

from __future__ import annotations

import ipaddress
import json
import socket
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from apps.github import cache
from apps.github.answers import DeliveryTold, HookConfigTold
from apps.github.app import App
from apps.github.client import Client, app_client, at
from apps.github.errors import Garbled, RateLimited, Unreachable
from workers.errors import SlipwayError

PATH = "/api/webhooks/github"
KEPT_SECONDS = 30 * 24 * 3600
NEVER_PUBLIC = (".localhost", ".local", ".internal", ".lan", ".home", ".test", ".invalid", ".example")
TURNS, PAUSE_SECONDS = 4, 0.6  # For a delivery that was asked for again: some two seconds.


@dataclass(frozen=True)
class Reach:
    """`state`: arrives, fails, quiet (nothing was sent yet), elsewhere, private, off, unknown."""

    state: str
    sentence: str
    hint: str = ""
    at: str = ""

    @property
    def checked_at(self) -> datetime | None:
        return datetime.fromisoformat(self.at) if self.at else None


def webhook_url() -> str:
    """Where GitHub is to send to."""
    return str(settings.SLIPWAY.github_webhook_url) or f"{settings.SLIPWAY.url}{PATH}"


def why_private(url: str, *, resolve: bool = False) -> str:
    """Why nobody outside reaches an address; "" when nothing speaks against it. `resolve`: ask DNS too, which may take
    seconds."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return _of_address(ipaddress.ip_address(host), host)
    except ValueError:
        pass  # A name.
    if host == "localhost" or "." not in host or host.endswith(NEVER_PUBLIC):
        return f"{host or 'It'} is a name of this machine or its network only"
    if not resolve:
        return ""
    try:
        found = {ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in socket.getaddrinfo(host, None)}
    except OSError:
        return f"{host} has no address in DNS"
    reasons = [_of_address(address, host) for address in found]
    return reasons[0] if all(reasons) else ""


def _of_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address, host: str) -> str:
    if address.is_loopback or address.is_unspecified:
        return f"{host} is this very machine"
    return "" if address.is_global else f"{host} is an address of a private network"


def is_deliverable(web_url: str, url: str) -> bool:
    """Whether a GitHub may be asked to send there: github.com refuses addresses of private networks, a server of your
    own may stand in one."""
    return not why_private(url) or bool(why_private(web_url))


def last(app: App) -> Reach | None:
    told = cache.get("reach", app.app_id)
    return Reach(**json.loads(told)) if told else None


def check(app: App, *, again: bool = False) -> Reach:
    """Ask GitHub what became of its deliveries, and keep the answer. `again`: have it send the newest one once more."""
    try:
        found = _checked(app, again=again)
    except (Unreachable, RateLimited, Garbled) as error:
        found = Reach("unknown", error.message, error.hint)
    except SlipwayError as error:
        found = Reach(
            "unknown", error.message, "Look whether the App still exists at GitHub and its key is the one given here."
        )
    found = Reach(found.state, found.sentence, found.hint, timezone.now().isoformat())
    cache.put(json.dumps(asdict(found)), "reach", app.app_id, seconds=KEPT_SECONDS)
    return found


def _checked(app: App, *, again: bool) -> Reach:
    client = app_client(app)
    url = client.get("/app/hook/config", HookConfigTold).url
    if not url:
        return Reach(
            "off", "The App has no webhook: pushes are found by asking GitHub, a minute later.", _public_hint()
        )
    newest = _newest(client)
    if newest is not None and (again or not _is_good(newest)):
        newest = _sent_again(client, newest)
    if newest is not None and _is_good(newest):
        return Reach("arrives", f"The newest delivery arrived and was answered with {newest.status_code}.")
    why = "" if why_private(app.web_url) else why_private(url, resolve=True)
    if why:
        return Reach("private", f"GitHub cannot reach {url}: {why}.", _public_hint())
    if url.rstrip("/") != webhook_url():
        return Reach(
            "elsewhere", f"The App sends to {url}, and this Slipway listens at {webhook_url()}.", "Have it send here."
        )
    if newest is None:
        return Reach("quiet", "GitHub has sent nothing yet.", "Install the App in an account; that is told by webhook.")
    what = (
        f"answered {newest.status_code}"
        if newest.status_code
        else f"did not answer ({newest.status or 'no connection'})"
    )
    return Reach(
        "fails", f"GitHub sent to {url}, which {what}.", "Look whether a firewall or a proxy stands before it."
    )


def _newest(client: Client) -> DeliveryTold | None:
    rows = client.request("GET", "/app/hook/deliveries", params={"per_page": 10}).items(DeliveryTold)
    return rows[0] if rows else None


def _sent_again(client: Client, before: DeliveryTold) -> DeliveryTold:
    """The same delivery sent once more, as it ended if that is soon."""
    client.request("POST", at("/app/hook/deliveries/{}/attempts", before.id))
    for _ in range(TURNS):
        time.sleep(PAUSE_SECONDS)
        now = _newest(client)
        if now is not None and now.id > before.id:
            return now
    return before


def _is_good(delivery: DeliveryTold) -> bool:
    return 200 <= delivery.status_code < 300


def _public_hint() -> str:
    return (
        "Give Slipway an address that the internet reaches (SLIPWAY_DASHBOARD_URL), or the address of a tunnel or relay "
        "that leads here (SLIPWAY_GITHUB_WEBHOOK_URL). Until then pushes are found by asking GitHub, a minute later."
    )
