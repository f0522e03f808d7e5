"""`logs`: of a service's containers, or of one deployment."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client import Api, connect
from cli.ending import Ending, Refusal
from cli.finding import deployment_named, service_named
from cli.following import follow_deployment, follow_service, tell_lines, tell_new, tell_page, tell_sources
from cli.options import PRODUCTION, Follow, Json, Where
from cli.report import ending_of


def logs(
    service: Annotated[str, typer.Argument(metavar="[SERVICE]", help="`web`, `shop/web` or an id.")] = "",
    build: Annotated[str, typer.Option("--build", "-b", help="Of this deployment: `12`, `web#12` or an id.")] = "",
    follow: Follow = False,
    tail: Annotated[int, typer.Option(min=1, max=5000, help="How many lines of a service to begin with.")] = 200,
    environment: Where = PRODUCTION,
    as_json: Json = False,
) -> None:
    """What a service's containers say, or with --build what a deployment said, all of it."""
    if not service and not build:
        raise Refusal(Ending.USAGE, "Whose log?", "slipway logs SERVICE, or slipway logs --build DEPLOYMENT")
    api = connect()
    if build:
        _of_deployment(api, deployment_named(api, build, environment, service), follow=follow, as_json=as_json)
    else:
        _of_service(api, service, environment, tail, follow=follow, as_json=as_json)


def _of_deployment(api: Api, deployment: str, *, follow: bool, as_json: bool) -> None:
    tell = tell_page if as_json else tell_lines
    if follow:
        raise typer.Exit(ending_of(follow_deployment(api, deployment, tell)))
    tell_new(api, f"/deployments/{deployment}/logs", 0, tell)


def _of_service(api: Api, service: str, environment: str, tail: int, *, follow: bool, as_json: bool) -> None:
    tell = tell_page if as_json else tell_sources
    path = f"/services/{service_named(api, service)['id']}/logs"
    page = api.get(path, tail=tail, environment=environment)
    tell(page)
    if follow:
        follow_service(api, path, page["next_after"], tell, environment=environment)
