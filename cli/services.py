"""`projects`, `services`, `status` and `open`."""

from __future__ import annotations

import webbrowser
from typing import Annotated, Any

import typer
from rich.text import Text

from cli.client import connect
from cli.ending import Ending, Refusal
from cli.finding import service_named
from cli.options import PRODUCTION, Json, ServiceName, Where
from cli.screen import say, state, tell_facts, tell_json, tell_table
from cli.words import ago, megabytes, sentence, short


def projects(as_json: Json = False) -> None:
    """The projects of your teams."""
    told = connect().all("/projects")
    if as_json:
        tell_json(told)
    else:
        tell_table(("PROJECT", "TEAM", "MADE"), ([r["slug"], r["team"], ago(r["created_at"])] for r in told["items"]))


def services(
    project: Annotated[str, typer.Option("--project", "-p", help="Only those of this project.")] = "",
    as_json: Json = False,
) -> None:
    """The services of your teams, and how each stands in production."""
    told = connect().all("/services")
    if project:
        told["items"] = [row for row in told["items"] if project in (row["project"], row["project_id"])]
    if as_json:
        tell_json(told)
        return
    names = ("SERVICE", "STATUS", "COMMIT", "ADDRESS")
    tell_table(names, ([_name(row), state(row["status"]), _commit(row), _url(row)] for row in told["items"]))


def status(service: ServiceName, environment: Where = PRODUCTION, as_json: Json = False) -> None:
    """How a service stands in an environment: what serves, what runs, where."""
    api = connect()
    told = api.get(f"/services/{service_named(api, service)['id']}", environment=environment)
    if as_json:
        tell_json(told)
        return
    tell_facts(_facts(told, environment))
    if told["runtime"]["instances"]:
        say()
        tell_table(("STATE", "MEMORY", "STARTED", "INSTANCE"), map(_cells, told["runtime"]["instances"]))


def open_service(service: ServiceName, environment: Where = PRODUCTION, as_json: Json = False) -> None:
    """Open a service's address in the browser, and print it."""
    api = connect()
    told = api.get(f"/services/{service_named(api, service)['id']}", environment=environment)
    if as_json:
        tell_json(told)
        return
    url = _url(told)
    if not url.startswith(("http://", "https://")):
        raise Refusal(Ending.NOT_FOUND, f"{told['name']} has no address in {environment}.", "Deploy it there first.")
    say(url)
    webbrowser.open(url)


def _facts(told: dict[str, Any], environment: str) -> dict[str, Any]:
    live, latest = told["live"], told["latest_deployment"]
    serves = live and sentence(f"release {live['release_number']}", short(live["commit"]), ago(live["live_at"]))
    source = sentence(told["image"] or told["source_url"], "" if told["image"] else told["branch"])
    return {
        "service": sentence(_name(told), environment),
        "status": state(told["status"]),
        "address": sentence(*told["urls"]),
        "serves": serves or "nothing",
        "latest": latest and f"{told['slug']}#{latest['number']} {latest['status']}",
        "source": source,
        "auto-deploy": "paused by a rollback" if told["auto_deploy_paused_at"] else "",
    }


def _name(row: dict[str, Any]) -> str:
    return f"{row['project']}/{row['slug']}"


def _commit(row: dict[str, Any]) -> str:
    return short(row["live"]["commit"]) if row["live"] else ""


def _url(row: dict[str, Any]) -> str:
    return str(row["urls"][0]) if row["urls"] else ""


def _cells(instance: dict[str, Any]) -> list[str | Text]:
    is_ill = instance["state"] == "running" and instance["healthy"] is False
    word = "not healthy" if is_ill else instance["state"]
    return [state(word), megabytes(instance["memory_bytes"]), ago(instance["started_at"]), instance["name"]]
