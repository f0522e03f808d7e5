"""The table of all commands, and the one place where a refusal becomes words and an exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from cli import __version__, analysis, changes, deployments, ejecting, logs, services, signing_in
from cli.ending import Ending, Refusal
from cli.screen import note, tell_json
from cli.variables import variables

app = typer.Typer(
    name="slipway",
    help="Deploys, shows and rolls back what runs on a Slipway. Exit codes and more: docs/cli.md.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # They show local variables: one is the token.
    context_settings={"help_option_names": ["-h", "--help"]},
)

for command in (
    signing_in.login,
    signing_in.logout,
    signing_in.whoami,
    services.projects,
    services.services,
    services.status,
    changes.changes,
    deployments.deploy,
    deployments.deployments,
    deployments.deployment,
    logs.logs,
    deployments.rollback,
    deployments.mend,
    deployments.cancel,
    analysis.analyze,
    ejecting.eject,
):
    app.command()(command)
app.command("open")(services.open_service)
app.add_typer(variables)


def _tell_version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="And end.")] = False,
) -> None:
    """Deploys, shows and rolls back what runs on a Slipway. Exit codes and more: docs/cli.md."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # A terminal that cannot show a letter is no reason to fail.
    try:
        app(args=list(arguments), prog_name="slipway")
    except SystemExit as end:
        return Ending.UNREAD if isinstance(end.__context__, BrokenPipeError) else int(end.code or 0)
    except Refusal as refusal:
        _tell(refusal, as_json="--json" in arguments)
        return refusal.ending
    except OSError as error:
        note(f"slipway: This machine refuses: {error}", "red")
        return Ending.USAGE
    except Exception:
        traceback.print_exc()  # Never 1: nothing is said of a deployment by it.
        return Ending.DEFECT
    return 0


def _tell(refusal: Refusal, *, as_json: bool) -> None:
    """What, what to do, and by what the operator finds it again."""
    if as_json and refusal.problem:
        tell_json(refusal.problem)
    note(f"slipway: {refusal.message}", "red")
    for line in (
        refusal.hint,
        *(f"{error['field']}: {error['message']}" for error in refusal.problem.get("errors", [])),
    ):
        if line:
            note(line)
    known_by = [refusal.code, f"request {refusal.request_id}" if refusal.request_id else ""]
    if any(known_by):
        note(" · ".join(filter(None, known_by)), "dim")
