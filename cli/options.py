"""Arguments and options that several commands share, each said once."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the API's answer as it is.")]
ServiceName = Annotated[str, typer.Argument(metavar="SERVICE", help="`web`, `shop/web` or an id.")]
DeploymentName = Annotated[str, typer.Argument(metavar="DEPLOYMENT", help="`web#12` or an id.")]
Where = Annotated[str, typer.Option("--environment", "-e", help="The environment's name.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on until it ends.")]

PRODUCTION = "production"
