"""`deploy`, `deployments`, `deployment`, `rollback`, `mend` and `cancel`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.client import Api, connect
from cli.ending import Ending, Refusal
from cli.finding import deployment_named, service_named
from cli.following import follow_deployment, tell_work
from cli.options import PRODUCTION, DeploymentName, Follow, Json, ServiceName, Where
from cli.report import tell_deployment, tell_ended, title_of
from cli.screen import note, say, state, tell_json, tell_table
from cli.words import ago, short, took


def deploy(
    service: ServiceName,
    commit: Annotated[str, typer.Option(help="Instead of the branch's head.")] = "",
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Build anew without any cache.")] = False,
    reuse_build: Annotated[
        bool, typer.Option("--reuse-build", help="What is live, with the variables and settings of now: no build.")
    ] = False,
    follow: Follow = False,
    environment: Where = PRODUCTION,
    as_json: Json = False,
) -> None:
    """Build and release a service. With --follow its log is shown, and the exit code tells what became of it."""
    api = connect()
    body = {"commit": commit, "no_cache": no_cache, "reuse_build": reuse_build, "environment": environment}
    made = api.post(f"/services/{service_named(api, service)['id']}/deployments", body)
    _go_on(api, made, follow=follow, as_json=as_json)


def rollback(
    service: ServiceName,
    deployment: Annotated[str, typer.Argument(metavar="[DEPLOYMENT]", help="`12`, `web#12` or an id.")] = "",
    follow: Follow = False,
    environment: Where = PRODUCTION,
    as_json: Json = False,
) -> None:
    """Make the release that was live before live again, or that of a deployment. Without a build; pauses auto-deploy."""
    api = connect()
    row = service_named(api, service)
    body: dict[str, Any] = {"environment": environment}
    if deployment:
        body["release_id"] = _release_of(api, deployment_named(api, deployment, environment, row["id"]))
    made = api.post(f"/services/{row['id']}/rollback", body)
    _go_on(api, made, follow=follow, as_json=as_json)


def _release_of(api: Api, deployment: str) -> str:
    row = api.get(f"/deployments/{deployment}")
    if row["release_id"] is None:
        raise Refusal(Ending.USAGE, f"{title_of(row)}: it made no release.", "Name a deployment that was live.")
    return str(row["release_id"])


def _go_on(api: Api, made: dict[str, Any], *, follow: bool, as_json: bool) -> None:
    if follow:
        raise typer.Exit(_followed(api, made["id"], as_json=as_json))
    if as_json:
        tell_json(made)
        return
    say(title_of(made))
    note(f"Follow it: slipway logs --build {made['id']} --follow", "dim")


def _followed(api: Api, deployment: str, *, as_json: bool) -> Ending:
    try:
        row = follow_deployment(api, deployment, (lambda page: None) if as_json else tell_work)
    except KeyboardInterrupt:
        note(f"\nIt goes on. Look again: slipway deployment {deployment}. End it: slipway cancel {deployment}")
        return Ending.INTERRUPTED
    return tell_ended(api, row, as_json=as_json)


def deployments(
    service: ServiceName,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 20,
    environment: Where = PRODUCTION,
    as_json: Json = False,
) -> None:
    """A service's deployments, newest first."""
    api = connect()
    row = service_named(api, service)
    told = api.get("/deployments", service_id=row["id"], environment=environment, limit=limit)
    if as_json:
        tell_json(told)
        return
    names = ("DEPLOYMENT", "STATUS", "COMMIT", "CREATED", "TOOK", "MESSAGE")
    tell_table(names, (_cells(deployment) for deployment in told["items"]))


def _cells(row: dict[str, Any]) -> list[Any]:
    name = f"{row['service']}#{row['number']}"
    said = row["error"]["message"] if row["error"] else row["message"]
    when = [ago(row["created_at"]), took(row["duration_seconds"])]
    return [name, state(row["status"]), short(row["commit"]), *when, said]


def deployment(name: DeploymentName, environment: Where = PRODUCTION, as_json: Json = False) -> None:
    """One deployment: its steps, and if it failed why and what to do about it."""
    api = connect()
    told = api.get(f"/deployments/{deployment_named(api, name, environment)}")
    if as_json:
        tell_json(told)
    else:
        tell_deployment(api, told)


def mend(name: DeploymentName, follow: Follow = False, environment: Where = PRODUCTION, as_json: Json = False) -> None:
    """Give the service the setting that a failure asks for, and deploy it again."""
    api = connect()
    made = api.post(f"/deployments/{deployment_named(api, name, environment)}/mend")
    _go_on(api, made, follow=follow, as_json=as_json)


def cancel(name: DeploymentName, environment: Where = PRODUCTION, as_json: Json = False) -> None:
    """Stop a deployment. What was live goes on."""
    api = connect()
    told = api.post(f"/deployments/{deployment_named(api, name, environment)}/cancel")
    if as_json:
        tell_json(told)
    else:
        say(title_of(told) if told["status"] == "cancelled" else f"{title_of(told)}, ends within seconds")
