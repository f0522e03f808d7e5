"""The list from which a person picks a repository of GitHub: what it shows, or what there is to do before it can.

Not in charge of who may have which (`apps.github.choices`). Asks GitHub unless the list was kept lately.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from django.urls import reverse

from apps.accounts.access import Actor
from apps.accounts.installation import is_operator
from apps.github.app import App, the_app
from apps.github.choices import MOST_AT_ONCE, Account, Choice, Offer, identity_of, is_offer_kept, offer_for
from apps.github.errors import BadToken
from apps.github.models import Identity
from apps.lib.forms import words_of
from apps.projects.detection import release_connection
from apps.projects.models import Service
from workers.errors import SlipwayError

ROWS = 12

# What there is to do first, in this order; "list" when nothing is.
UNCONNECTED, UNLINKED, ENDED, WAITING, AWAY, UNINSTALLED, LIST = (
    "unconnected", "unlinked", "ended", "waiting", "away", "uninstalled", "list",
)  # fmt: skip


@dataclass(frozen=True)
class Picker:
    """`state` is one of the words above. `words`, `account` and `page` are what was asked for."""

    state: str
    app: App | None = None
    identity: Identity | None = None
    accounts: list[Account] = field(default_factory=list)
    account: str = ""
    words: str = ""
    rows: list[Choice] = field(default_factory=list)
    total: int = 0
    page: int = 1
    is_whole: bool = True
    problem: SlipwayError | None = None
    service: Service | None = None  # What the chosen one is connected to; None for a new service.
    is_operator: bool = False
    is_asked: bool = False  # Something of the list was asked for: a page of it, words, a refresh.

    @property
    def page_url(self) -> str:
        """Where the whole page stands; works without scripts."""
        return reverse("service-source", args=[self.service.pk]) if self.service else reverse("new-service")

    @property
    def list_url(self) -> str:
        """The list alone."""
        return reverse("source-repositories", args=[self.service.pk]) if self.service else reverse("new-repositories")

    @property
    def install_url(self) -> str:
        """To GitHub's page on which one says what the App sees, and back to here."""
        return f"{reverse('github-install')}?{urlencode({'next': f'{self.page_url}?fresh=1'})}"

    @property
    def link_url(self) -> str:
        return reverse("github-sign-in")

    @property
    def connect_url(self) -> str:
        return reverse("github-app")

    @property
    def may_all(self) -> bool:
        return len(self.usable) <= MOST_AT_ONCE

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // ROWS))

    @property
    def suspended(self) -> list[Account]:
        return [row for row in self.accounts if row.is_suspended]

    @property
    def usable(self) -> list[Account]:
        return [row for row in self.accounts if not row.is_suspended]

    @property
    def later(self) -> str:
        """The address of the page after this one, "" on the last."""
        return self.query(self.page + 1) if self.page < self.pages else ""

    @property
    def earlier(self) -> str:
        return self.query(self.page - 1) if self.page > 1 else ""

    def query(self, page: int) -> str:
        told = {"q": self.words, "account": self.account, "page": page if page > 1 else ""}
        return urlencode({name: value for name, value in told.items() if value})


def picker_of(actor: Actor, told: Mapping[str, str], *, service: Service | None = None, may_ask: bool = True) -> Picker:
    """`told` is what an address carries: `q`, `account`, `page`, `fresh`. Without `may_ask` only a kept list is shown."""
    app, identity = the_app(), identity_of(actor)
    empty = Picker(UNCONNECTED, app, identity, service=service, is_operator=is_operator(actor), is_asked=bool(told))
    if app is None:
        return empty
    if identity is None or not identity.token:
        return replace(empty, state=ENDED if identity else UNLINKED)
    fresh = bool(told.get("fresh"))
    if not may_ask and (fresh or not is_offer_kept(identity)):
        return replace(empty, state=WAITING)
    release_connection()
    try:
        offer = offer_for(identity, account=told.get("account", "")[:100], fresh=fresh)
    except BadToken as error:
        return replace(empty, state=ENDED, problem=error)
    except SlipwayError as error:
        return replace(empty, state=AWAY, problem=error)
    return _listed(empty, offer, told)


def first_picker(actor: Actor) -> Picker | None:
    """For somebody who has nothing yet: the list itself instead of a way to it. None where GitHub is not connected."""
    found = picker_of(actor, {}, may_ask=False)
    return None if found.state == UNCONNECTED else found


def _listed(empty: Picker, offer: Offer, told: Mapping[str, str]) -> Picker:
    words = words_of(told.get("q"))
    found = offer.matching(words)
    asked = told.get("page", "")
    page = int(asked) if asked.isdecimal() and len(asked) < 6 else 1
    page = max(1, min(page, -(-len(found) // ROWS)))
    return replace(
        empty,
        state=LIST if any(not row.is_suspended for row in offer.accounts) else UNINSTALLED,
        accounts=offer.accounts,
        account=offer.account,
        words=words,
        rows=found[(page - 1) * ROWS : page * ROWS],
        total=len(found),
        page=page,
        is_whole=offer.is_whole,
    )
