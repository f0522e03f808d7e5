"""The list from which a person picks a repository of GitHub: what it shows, or what there is to do before it can.

Not in charge of who may have which (`apps.github.choices`). Asks GitHub unless the list was kept lately.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.db import connection

from apps.accounts.access import Actor
from apps.github.app import App, the_app
from apps.github.choices import Account, Choice, Offer, identity_of, is_offer_kept, offer_for
from apps.github.errors import BadToken
from apps.github.models import Identity
from apps.lib.forms import words_of
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


def picker_of(actor: Actor, told: Mapping[str, str], *, may_ask: bool = True) -> Picker:
    """`told` is what an address carries: `q`, `account`, `page`, `fresh`. Without `may_ask` only a kept list is shown."""
    app, identity = the_app(), identity_of(actor)
    if app is None:
        return Picker(UNCONNECTED)
    if identity is None:
        return Picker(UNLINKED, app)
    if not identity.token:
        return Picker(ENDED, app, identity)
    fresh = bool(told.get("fresh"))
    if not may_ask and (fresh or not is_offer_kept(identity)):
        return Picker(WAITING, app, identity)
    if not connection.in_atomic_block:
        connection.close()  # Requests that wait for GitHub must not hold up all the others.
    try:
        offer = offer_for(identity, account=told.get("account", "")[:100], fresh=fresh)
    except BadToken as error:
        return Picker(ENDED, app, identity, problem=error)
    except SlipwayError as error:
        return Picker(AWAY, app, identity, problem=error)
    return _listed(app, identity, offer, told)


def _listed(app: App, identity: Identity, offer: Offer, told: Mapping[str, str]) -> Picker:
    words = words_of(told.get("q"))
    found = offer.matching(words)
    pages = max(1, -(-len(found) // ROWS))
    asked = told.get("page", "")
    page = min(pages, int(asked)) if asked.isdecimal() and 0 < len(asked) < 6 else 1
    page = max(1, page)
    return Picker(
        state=LIST if offer.accounts else UNINSTALLED,
        app=app,
        identity=identity,
        accounts=offer.accounts,
        account=offer.account,
        words=words,
        rows=found[(page - 1) * ROWS : page * ROWS],
        total=len(found),
        page=page,
        is_whole=offer.is_whole,
    )
