"""`variables list`, `set` and `unset`. A secret is asked for or read from standard input, and never shown."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from cli.client import Api, connect
from cli.ending import Ending, Refusal
from cli.finding import service_named
from cli.options import Json, ServiceName
from cli.screen import note, say, tell_json, tell_table
from cli.signing_in import asked

Only = Annotated[str, typer.Option("--environment", "-e", help="Only in this environment; left out: in all.")]

variables = typer.Typer(name="variables", help="Variables of a service.", no_args_is_help=True)


@variables.command("list")
def list_variables(service: ServiceName, as_json: Json = False) -> None:
    """Names and values of a service's own variables. The value of a secret is never told."""
    api = connect()
    told = api.all(f"/services/{service_named(api, service)['id']}/variables")
    if as_json:
        tell_json(told)
    else:
        tell_table(("NAME", "SCOPE", "VALUE"), ([row["name"], row["scope"], _shown(row)] for row in told["items"]))


@variables.command("set")
def set_variables(
    service: ServiceName,
    told: Annotated[list[str], typer.Argument(metavar="NAME=VALUE|NAME", help="Without a value it is asked for.")],
    secret: Annotated[bool, typer.Option("--secret", help="Never to be read back, by nobody.")] = False,
    environment: Only = "",
    as_json: Json = False,
) -> None:
    """Set variables; the next deployment takes them. Give NAME alone for a secret: its value is not seen on the way."""
    api = connect()
    body: dict[str, Any] = {"values": values_of(told, is_secret=secret), "is_secret": True if secret else None}
    if environment:
        body["environment"] = environment
    row = service_named(api, service)
    rows = api.post(f"/services/{row['id']}/variables", body)
    if as_json:
        tell_json(rows)
        return
    for one in rows:
        say(f"{one['name']} is set ({one['scope']}).")
        if one["warning"]:
            note(one["warning"], "yellow")
    note(f"It takes effect with the next deployment: slipway deploy {service}", "dim")


@variables.command("unset")
def unset_variables(
    service: ServiceName,
    names: Annotated[list[str], typer.Argument(metavar="NAME")],
    environment: Only = "",
) -> None:
    """Remove variables of a service; the next deployment is without them."""
    api = connect()
    row = service_named(api, service)
    for pk in _ids(api, row, names, environment):
        api.delete(f"/variables/{pk}")
    note(f"It takes effect with the next deployment: slipway deploy {service}", "dim")


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


def _ids(api: Api, service: dict[str, Any], names: list[str], environment: str) -> list[str]:
    """Of all of them, before any is removed."""
    rows = api.all(f"/services/{service['id']}/variables")["items"]
    found = {r["name"]: r["id"] for r in rows if r["environment"] == (environment or None) and not r["for_previews"]}
    lacking = [name for name in names if name not in found]
    if lacking:
        what = f"{service['name']} has no variable {', '.join(lacking)} of its own{_place(environment)}."
        raise Refusal(Ending.NOT_FOUND, what, f"slipway variables list {service['name']} shows those it has.")
    return [found[name] for name in names]


def _place(environment: str) -> str:
    return f" in {environment} alone" if environment else ""


def _shown(row: dict[str, Any]) -> str:
    if row["is_secret"]:
        return "(secret)"
    return "(hidden)" if row["value"] is None else row["value"].replace("\n", "\\n")
