"""`eject`: the Dockerfile that Slipway made for a service, shown or written as files of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.client import connect
from cli.ending import Ending, Refusal
from cli.finding import service_named
from cli.options import Json, ServiceName
from cli.screen import note, tell_json, tell_text

IGNORE = ".dockerignore"


def eject(
    service: ServiceName,
    write: Annotated[bool, typer.Option("--write", "-w", help="Into the folder where you are.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also in the place of files that differ.")] = False,
    as_json: Json = False,
) -> None:
    """The Dockerfile that a service is built by, as a file to own. A .dockerignore that there is gets the lines it lacks."""
    api = connect()
    told = api.get(f"/services/{service_named(api, service)['id']}/dockerfile")
    if write:
        _write(Path.cwd(), told, force=force)
    if as_json:
        tell_json(told)
    elif not write:
        tell_text(told["dockerfile"])
    for line in [] if as_json else told["notes"]:
        note(f"\n{line}", "dim")


def _write(top: Path, told: dict[str, Any], *, force: bool) -> None:
    """All of them or none. A path that leads out of the folder is the server's defect, and nothing is written."""
    texts = {_beneath(top, name): text for name, text in told["files"].items()}
    ignore = top / IGNORE
    if ignore in texts and ignore.is_file():
        texts[ignore] = _with_lines(ignore.read_text(), texts[ignore])
    others = [path for path, text in texts.items() if path != ignore and _differs(path, text)]
    if others and not force:
        names = ", ".join(str(path.relative_to(top)) for path in others)
        raise Refusal(Ending.USAGE, f"There is {names} already, and it is another one.", "--force overwrites it.")
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        note(f"wrote {path.relative_to(top)}")


def _beneath(top: Path, name: str) -> Path:
    path = top / name
    if not path.resolve().is_relative_to(top.resolve()):
        raise Refusal(Ending.DEFECT, f"The server names a file outside of this folder: {name}.")
    return path


def _differs(path: Path, text: str) -> bool:
    return path.exists() and (not path.is_file() or path.read_text(errors="replace") != text)


def _with_lines(own: str, wanted: str) -> str:
    lacking = [line for line in wanted.splitlines() if line not in own.splitlines()]
    return "\n".join([*own.splitlines(), *lacking, ""])
