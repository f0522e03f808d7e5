"""One deployment as text: how it stands, its slip, and why it failed in the words of the API."""

from __future__ import annotations

from typing import Any

from cli.client import Api
from cli.ending import Ending, Refusal
from cli.screen import STYLES, note, say, tell_json
from cli.slip import slip_of
from cli.words import ago, sentence, short, took

LOOKED = ("sbom", "scan", "sign")  # Steps that look through an image: what they found is why one asks.


def title_of(row: dict[str, Any]) -> str:
    """`web#12 failed`."""
    return f"{row['service']}#{row['number']} {row['status']}"


def tell_deployment(api: Api, row: dict[str, Any]) -> None:
    """`row` is the API's detail."""
    say(title_of(row), STYLES.get(row["status"], ""))
    say(sentence(row["message"], short(row["commit"]), row["branch"], row["environment"]))
    by = f"{row['trigger']} by {row['actor']}" if row["actor"] else row["trigger"]
    duration = f"took {took(row['duration_seconds'])}" if row["finished_at"] or row["live_at"] else ""
    say(sentence(by, ago(row["created_at"]), duration), "dim")
    if row["waits"]:
        say(row["waits"])
    say()
    for line, style in slip_of(row):
        say(line, style)
    for step in row["steps"]:
        if step["name"] in LOOKED and step["detail"] and step["status"] != "failed":  # That stands in the error.
            say(f"{step['name']}: {step['detail']}", "dim")
    if row["error"]:
        tell_why(api, row)


def tell_why(api: Api, row: dict[str, Any]) -> None:
    """The cause, what to do about it (for a cause nobody knows with the last lines), and what goes on serving."""
    error = row["error"]
    say()
    say(error["message"], "bold")
    say(error["hint"])
    if remedy := error.get("remedy"):
        _tell_remedy(api, row, remedy)
    service = api.get(f"/services/{row['service_id']}", environment=row["environment"])
    live = service["live"]
    if live is None:
        say("Nothing serves now.", "dim")
    elif live["deployment_id"] != row["id"]:
        say(f"Release {live['release_number']} ({short(live['commit'])}) goes on serving.", "dim")
    say(error["code"], "dim")


def _tell_remedy(api: Api, row: dict[str, Any], remedy: dict[str, Any]) -> None:
    """The command that does it, or the page where a person can."""
    where = "" if row["environment"] == "production" else f" -e {row['environment']}"
    command = f"slipway mend {row['service']}#{row['number']}{where}" if remedy["change"] else ""
    page = f"{api.url}{remedy['href']}" if remedy["href"] else ""
    say(": ".join(filter(None, (remedy["sentence"], command or page))))


def ending_of(row: dict[str, Any]) -> Ending:
    return Ending.OK if row["status"] == "live" else Ending.FAILED


def tell_ended(api: Api, row: dict[str, Any], *, as_json: bool) -> Ending:
    """After it was followed: the whole of it, its address when it is live, and what the command ends with."""
    if as_json:
        tell_json(row)
        return ending_of(row)
    say()
    try:
        _tell_whole(api, row)
    except Refusal as refusal:  # What became of it is known.
        note(refusal.message, "yellow")
    return ending_of(row)


def _tell_whole(api: Api, row: dict[str, Any]) -> None:
    tell_deployment(api, row)
    if row["status"] == "superseded":
        say("A newer deployment took its place.")
    elif row["status"] == "live":
        service = api.get(f"/services/{row['service_id']}", environment=row["environment"])
        say()
        say("\n".join(service["urls"]))
