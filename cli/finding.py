"""What a person names, as rows of the API: services and projects by name, deployments by number or id."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from cli.client import Api
from cli.ending import Ending, Refusal

Row = dict[str, Any]


def is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def service_named(api: Api, name: str) -> Row:
    """By `web`, `shop/web` or its id. What is written in addresses goes before what others chose to call theirs."""
    if is_id(name):
        return api.get(f"/services/{name}")  # type: ignore[no-any-return]
    project, _, service = name.rpartition("/")
    found = api.all("/services", name=service)["items"]
    rows = [row for row in found if project in ("", row["project"])]
    rows = [row for row in rows if row["slug"] == service] or rows
    if not rows:
        raise Refusal(
            Ending.NOT_FOUND, f"There is no service {name} that you may see.", "slipway services lists those there are."
        )
    if len(rows) > 1:
        names = [f"{row['project']}/{row['slug']}" for row in rows]
        told = ", ".join(names if len(set(names)) == len(names) else [row["id"] for row in rows])  # Of two teams.
        raise Refusal(Ending.USAGE, f"More than one service is called {name}: {told}.", "Name the project or the id.")
    return rows[0]  # type: ignore[no-any-return]


def project_named(api: Api, name: str) -> Row:
    """By its name in addresses, or its id."""
    found = [row for row in api.all("/projects")["items"] if name in (row["slug"], row["id"])]
    if not found:
        raise Refusal(
            Ending.NOT_FOUND, f"There is no project {name} that you may see.", "slipway projects lists those there are."
        )
    if len(found) > 1:  # Of two teams.
        told = ", ".join(row["id"] for row in found)
        raise Refusal(Ending.USAGE, f"More than one project is called {name}: {told}.", "Name the id.")
    return found[0]  # type: ignore[no-any-return]


def deployment_named(api: Api, text: str, environment: str, service: str = "") -> str:
    """The id of `web#12`, of `12` where the service is known, or of an id."""
    if is_id(text):
        return text
    before, _, number = text.rpartition("#")
    service = before or service
    if not service or not number.isdecimal():
        raise Refusal(Ending.USAGE, f"{text} is not a deployment.", "Name one like web#12, or by its id.")
    row = service_named(api, service)
    query = {"service_id": row["id"], "environment": environment, "number": int(number)}
    found = api.get("/deployments", **query)["items"]
    if not found:
        what = f"There is no deployment {number} of {row['name']} in {environment}."
        raise Refusal(Ending.NOT_FOUND, what, f"slipway deployments {service} lists those there are.")
    return str(found[0]["id"])
