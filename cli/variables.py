"""`variables list`, `set` and `unset`, of a service or of a project. A secret is asked for or read, and never shown."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from cli.client import Api, connect
from cli.ending import Ending, Refusal
from cli.finding import project_named, service_named
from cli.options import Json
from cli.screen import note, say, tell_json, tell_table
from cli.signing_in import asked

Only = Annotated[str, typer.Option("--environment", "-e", help="Only in this environment; left out: in all.")]
Owner = Annotated[str, typer.Argument(metavar="SERVICE", help="`web`, `shop/web`, an id; with --project a project.")]
OfProject = Annotated[bool, typer.Option("--project", "-p", help="Of the project of that name, for all its services.")]

variables = typer.Typer(name="variables", help="Variables of a service or a project.", no_args_is_help=True)


@variables.command("list")
def list_variables(owner: Owner, of_project: OfProject = False, as_json: Json = False) -> None:
    """Names and values of a service's own variables, or a project's. The value of a secret is never told."""
    api = connect()
    told = _own(api, owner, of_project=of_project)
    if as_json:
        tell_json(told)
    else:
        tell_table(("NAME", "SCOPE", "VALUE"), ([row["name"], row["scope"], _shown(row)] for row in told["items"]))


@variables.command("set")
def set_variables(
    owner: Owner,
    told: Annotated[list[str], typer.Argument(metavar="NAME=VALUE|NAME", help="Without a value it is asked for.")],
    secret: Annotated[bool, typer.Option("--secret", help="Never to be read back, by nobody.")] = False,
    environment: Only = "",
    of_project: OfProject = False,
    as_json: Json = False,
) -> None:
    """Set variables; the next deployment takes them. Give NAME alone for a secret: its value is not seen on the way."""
    api = connect()
    body: dict[str, Any] = {"values": values_of(told, is_secret=secret), "is_secret": True if secret else None}
    if environment:
        body["environment"] = environment
    rows = api.post(_path(api, owner, of_project=of_project), body)
    if as_json:
        tell_json(rows)
        return
    for one in rows:
        say(f"{one['name']} is set ({one['scope']}).")
        if one["warning"]:
            note(one["warning"], "yellow")
    _tell_next(owner, of_project=of_project)


@variables.command("unset")
def unset_variables(
    owner: Owner,
    names: Annotated[list[str], typer.Argument(metavar="NAME")],
    environment: Only = "",
    of_project: OfProject = False,
) -> None:
    """Remove variables; the next deployment is without them."""
    api = connect()
    rows = _own(api, owner, of_project=of_project)["items"]
    for pk in _ids(rows, owner, names, environment):
        api.delete(f"/variables/{pk}")
    _tell_next(owner, of_project=of_project)


def values_of(told: list[str], *, is_secret: bool) -> dict[str, str]:
    """Names and values. Asks for those that stand without one."""
    given = dict(one.split("=", 1) for one in told if "=" in one)
    if is_secret and given:
        raise Refusal(
            Ending.USAGE, "Everybody on this machine can read the arguments of a command.",
            "Give the names alone: each value is asked for, or read from standard input.",
        )  # fmt: skip
    unknown = [one for one in told if "=" not in one]
    if len(unknown) > 1 and not sys.stdin.isatty():
        raise Refusal(Ending.USAGE, "Standard input holds one value.", "Set one such variable at a time.")
    return given | {name: asked(f"{name}: ") for name in unknown}


def _path(api: Api, owner: str, *, of_project: bool) -> str:
    found = project_named(api, owner) if of_project else service_named(api, owner)
    return f"/{'projects' if of_project else 'services'}/{found['id']}/variables"


def _own(api: Api, owner: str, *, of_project: bool) -> dict[str, Any]:
    """Without those of a project's services, which the API lists with its own."""
    told = api.all(_path(api, owner, of_project=of_project))
    return told | {"items": [row for row in told["items"] if not (of_project and row["service_id"])]}


def _tell_next(owner: str, *, of_project: bool) -> None:
    how = " of each service" if of_project else f": slipway deploy {owner} (--reuse-build: without a build)"
    note(f"It takes effect with the next deployment{how}", "dim")


def _ids(rows: list[dict[str, Any]], owner: str, names: list[str], environment: str) -> list[str]:
    """Of all of them, before any is removed."""
    found = {r["name"]: r["id"] for r in rows if r["environment"] == (environment or None) and not r["for_previews"]}
    lacking = [name for name in names if name not in found]
    if lacking:
        what = f"{owner} has no variable {', '.join(lacking)} of its own{_place(environment)}."
        raise Refusal(Ending.NOT_FOUND, what, f"slipway variables list {owner} shows those it has.")
    return [found[name] for name in names]


def _place(environment: str) -> str:
    return f" in {environment} alone" if environment else ""


def _shown(row: dict[str, Any]) -> str:
    if row["is_secret"]:
        return "(secret)"
    return "(hidden)" if row["value"] is None else row["value"].replace("\n", "\\n")
