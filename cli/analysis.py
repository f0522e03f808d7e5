"""`analyze`: what a repository is and how it would be built, before anything is made."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.client import connect
from cli.ending import Ending, Refusal
from cli.finding import service_named
from cli.options import Json
from cli.screen import say, tell_facts, tell_json
from cli.words import sentence, short

FACTS = ("install", "build", "start", "release", "static_dir", "dockerfile", "port")


def analyze(
    what: Annotated[str, typer.Argument(metavar="URL|SERVICE", help="A git address, or a service that there is.")],
    branch: Annotated[str, typer.Option(help="Of an address; left out: the default one.")] = "",
    as_json: Json = False,
) -> None:
    """How a repository would be built and started, and why. Nothing is made, and nothing of it is run."""
    api = connect()
    if "://" in what or "@" in what:
        told = api.post("/analyze", {"source_url": what, "branch": branch})
    else:
        told = api.post(f"/services/{service_named(api, what)['id']}/analyze")
    if as_json:
        tell_json(told)
        return
    _tell(told)
    if told["problem"]:
        problem = told["problem"]
        raise Refusal(Ending.USAGE, problem["message"], problem["hint"], problem["code"])


def _tell(told: dict[str, Any]) -> None:
    say(sentence(told["message"], short(told["commit"]), told["branch"]))
    plan = told["plan"]
    if plan:
        language = " ".join(word for word in (plan["language"], plan.get("version"), plan.get("framework")) if word)
        tell_facts({"language": language} | {name: str(plan.get(name) or "") for name in FACTS})
        say()
        for reason in plan["reasons"]:
            say(reason)
    if told["compose"]:
        names = [service["name"] for service in told["compose"]["services"]]
        say(f"{told['compose']['file']}: {', '.join(names)}")
