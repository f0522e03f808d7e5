"""`login`, `logout` and `whoami`."""

from __future__ import annotations

import getpass
import os
import re
import sys
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from cli.account import Account, address, bearer, forget, keep
from cli.client import Api, connect
from cli.ending import Ending, Refusal
from cli.options import Json
from cli.screen import note, say, tell_facts, tell_json
from cli.words import sentence


def login(
    url: Annotated[
        str,
        typer.Argument(metavar="URL", envvar="SLIPWAY_URL", help="Where the dashboard is: https://slipway.example.com"),
    ],
    as_json: Json = False,
) -> None:
    """Keep a server and a token for all other commands.

    The token is asked for, or read from standard input or SLIPWAY_TOKEN: arguments are seen by everybody on a machine.
    """
    server = address(url)
    if is_in_the_open(server):
        note("The address is http: whoever is on the way can read the token. Use https where there is any.", "yellow")
    account = Account(server, asked_token(server))
    told = Api(account).get("/auth/me")
    path = keep(account)
    if as_json:
        tell_json(told)
        return
    say(f"Signed in to {account.url} as {told['name']}. The token is kept in {path}.")


def logout() -> None:
    """Forget the server and the token. The token stays valid: revoke it on the page Tokens."""
    forget()


def whoami(as_json: Json = False) -> None:
    """Who the token belongs to, and what it may do."""
    api = connect()
    told = api.get("/auth/me")
    if as_json:
        tell_json(told)
    else:
        tell_facts(_facts(api.url, told))


def _facts(url: str, told: dict[str, Any]) -> dict[str, Any]:
    return {
        "server": url,
        "name": sentence(told["name"], told["email"]),
        "token": f"scope {told['scope']}" if told["scope"] else "",
        "teams": sentence(*(f"{team['name']} ({team['role']})" for team in told["teams"])),
    }


def asked_token(url: str) -> str:
    """From the environment, from a person without showing it, or from standard input."""
    if os.environ.get("SLIPWAY_TOKEN"):
        return bearer(os.environ["SLIPWAY_TOKEN"])
    return bearer(asked(f"Token (make one at {url}/tokens): "))


def asked(question: str) -> str:
    """What nobody else may see. Without a terminal: all of standard input, without its last line end."""
    try:
        is_typed = sys.stdin.isatty()
        given = getpass.getpass(question) if is_typed else sys.stdin.read().removesuffix("\n").removesuffix("\r")
    except EOFError:
        given = ""
    if not given:
        raise Refusal(Ending.USAGE, "Nothing was given.", "Type it, or give it by standard input.")
    return given


def is_in_the_open(url: str) -> bool:
    told = urlsplit(url)
    is_here = re.fullmatch(r"(?:.+\.)?localhost|127(?:\.\d+){3}|::1", told.hostname or "")
    return told.scheme == "http" and not is_here
