"""`changes`: what is set and not live yet."""

from __future__ import annotations

from typing import Any

from cli.client import connect
from cli.finding import service_named
from cli.options import PRODUCTION, Json, ServiceName, Where
from cli.screen import note, say, tell_json, tell_table


def changes(service: ServiceName, environment: Where = PRODUCTION, as_json: Json = False) -> None:
    """Variables and settings that the next release gets and the live one has not."""
    api = connect()
    told = api.get(f"/services/{service_named(api, service)['id']}/changes", environment=environment)
    if as_json:
        tell_json(told)
        return
    if not told["changes"]:
        say("Nothing: what is set is live.")
        return
    names = ("NAME", "CHANGE", "LIVE", "SET")
    tell_table(names, ([row["name"], row["kind"], _shown(row, "old"), _shown(row, "new")] for row in told["changes"]))
    for problem in told["problems"]:
        note(f"{problem['message']} {problem['hint']}", "yellow")
    how = "" if environment == PRODUCTION else f" -e {environment}"
    how += "" if told["needs_build"] else " --reuse-build"
    note(f"Deploy them: slipway deploy {service}{how}", "dim")


def _shown(change: dict[str, Any], side: str) -> str:
    """Empty where there is none, or where one may not read it."""
    return "(secret)" if change["is_secret"] else (change[side] or "").replace("\n", "\\n")
