"""What each role is offered on a page is what it may do: nothing that would be refused, and all that would be let through.

Every address is asked by the two roles between which the matrix draws the line (what that changes is taken back), every
page is read by all four.
"""

from __future__ import annotations

from copy import deepcopy
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.db import transaction
from django.test import Client
from django.urls import resolve

from apps.accounts.policy import RANK, Permission, Role, allows
from tests.apps.cast import Person, Shop, make_person
from tests.apps.test_pages_walk import NAMES, OPERATORS, PAGES, address, ask, body, browser, ids_of

# The permission that a request to change something needs. Whoever adds such a page says it here.
NEEDS: dict[Permission, set[str]] = {
    Permission.DEPLOY: {
        "service-deploy", "service-resume", "deployment-again", "deployment-cancel", "release-rollback",
        "preview-approve", "preview-delete", "preview-keep", "preview-redeploy",
    },
    Permission.WRITE_SERVICE: {
        "project", "environment-new", "new-service", "new-service-branches", "new-service-compose", "new-service-deploy",
        "new-service-image", "service-compose", "service-settings", "service-source", "source-connect", "source-disconnect",
        "source-forget-host", "source-renew-key", "volumes", "service-feedback", "service-previews",
        "hook", "hook-remove", "hook-rotate", "deployment-mend",
    },
    Permission.WRITE_VARIABLES: {
        "variables", "variables-save", "project-variables", "project-variables-save", "variable", "variable-delete",
        "variable-restore", "changes-discard", "registries", "registry-forget",
    },
    Permission.WRITE_DOMAINS: {"domains", "domain-remove"},
    Permission.DELETE: {"project-delete", "environment-delete", "service-delete", "volume-discard"},
    Permission.MANAGE_MEMBERS: {"team", "member-change", "member-remove", "invitation-revoke"},
    Permission.MANAGE_TEAM: {"team-settings", "team-delete"},
}  # fmt: skip
# Everybody's own: their profile, sessions, tokens and colours, and a team of their own.
OWN = {
    "sign-out", "theme", "profile", "profile-password", "profile-sign-out", "session-end", "tokens", "token-revoke",
    "team-new", "github-unlink",
}  # fmt: skip

Offers = dict[str, set[tuple[str, str, str]]]


class Seen(HTMLParser):
    """Where the buttons of a page send its forms and its links lead: method, name and path of what is ours."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url, self.form, self.found = url, "", set[tuple[str, str, str]]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "form":
            is_sent = (told.get("method") or "get").lower() == "post"
            self.form = (told.get("action") or self.url) if is_sent else ""
        elif tag == "button" and self.form and told.get("type") != "button":
            self._add("POST", told.get("formaction") or self.form)
        elif tag == "a" and told.get("href"):
            self._add("GET", str(told["href"]))

    def _add(self, method: str, to: str) -> None:
        parts = urlsplit(urljoin(self.url, to))
        name = "" if parts.netloc else str(resolve(parts.path).url_name)
        if name in NAMES and name not in OPERATORS:
            self.found.add((method, name, parts.path))


class Asked(dict[tuple[str, str], int]):
    """Method and path -> the status that a person gets; what the request changed is taken back."""

    def __init__(self, person: Person) -> None:
        super().__init__()
        self.client = browser(person)

    def __missing__(self, key: tuple[str, str]) -> int:
        client = Client(raise_request_exception=False)
        client.cookies = deepcopy(self.client.cookies)  # A request may sign out.
        with transaction.atomic():
            self[key] = ask(client, *key).status_code
            transaction.set_rollback(True)
        return self[key]

    def offers(self, ids: dict[str, object]) -> Offers:
        """Of every page that they may look at, by its name."""
        found = {}
        for pattern in PAGES:
            url = address(pattern, ids)
            answer = ask(self.client, "GET", url)
            self["GET", url] = answer.status_code
            if answer.status_code == 200 and "html" in answer["Content-Type"]:
                seen = Seen(url)
                seen.feed(body(answer).decode())
                found[str(pattern.name)] = seen.found
        return found


def cast_of(shop: Shop) -> dict[Role, Person]:
    """One for each role. None of them is an operator of the installation."""
    return {role: make_person(role.capitalize(), team=shop.team, role=role) for role in Role}


def against_the_matrix(asked: dict[Role, Asked], ids: dict[str, object]) -> list[str]:
    """What is refused to the least role that may do it, or let through for the next below."""
    wrong = []
    for pattern in PAGES:
        name, url = str(pattern.name), address(pattern, ids)
        if name in OPERATORS | OWN or asked[Role.VIEWER]["POST", url] == 405:
            continue
        least = min((role for role in Role if allows(role, needed(name))), key=RANK.__getitem__)
        below = next(role for role in Role if RANK[role] == RANK[least] - 1)
        wrong += [
            f"{role} posts {name}" for role in (least, below) if (asked[role]["POST", url] == 403) is (role == least)
        ]
    return wrong


def needed(name: str) -> Permission:
    found = next((permission for permission, names in NEEDS.items() if name in names), None)
    assert found, f"{name} is new: say in NEEDS what it takes, or in OWN that it is everybody's own"
    return found


def is_refused(asked: dict[Role, Asked], role: Role, offer: tuple[str, str, str]) -> bool:
    """By the matrix, as it was just seen to hold; members differ, since it depends on whom it is about."""
    how, name, path = offer
    if how == "POST" and name not in OWN | {"member-change", "member-remove"}:
        return not allows(role, needed(name))
    return asked[role][how, path] in ((403,) if how == "POST" else (403, 404))


def against_the_offers(asked: dict[Role, Asked], shown: dict[Role, Offers]) -> list[str]:
    """What a page shows to a role that is refused, or keeps from it though it is shown to owners and let through."""
    wrong = []
    for role in Role:
        for page, offers in shown[role].items():
            wrong += [f"{role} sees {offer} on {page}" for offer in offers if is_refused(asked, role, offer)]
            names = {offer[:2] for offer in offers}
            wrong += [
                f"{role} lacks {offer} on {page}"
                for offer in shown[Role.OWNER][page]
                if offer[:2] not in names
                and not is_refused(asked, role, offer)
                # A link that all may follow is no button: a page may show it beside what only some can do.
                and (offer[0] == "POST" or is_refused(asked, Role.VIEWER, offer))
            ]
    return wrong


def test_each_role_is_offered_what_it_may_do_and_no_more(shop: Shop, alice: Person) -> None:
    people = cast_of(shop)
    another = make_person("Another", team=shop.team)
    ids = ids_of(shop, alice) | {"membership_id": another.user.memberships.get().pk}
    asked = {role: Asked(person) for role, person in people.items()}
    assert against_the_matrix(asked, ids) == []
    shown = {role: asked[role].offers(ids) for role in Role}
    assert min(len(pages) for pages in shown.values()) >= 25
    assert against_the_offers(asked, shown) == []
