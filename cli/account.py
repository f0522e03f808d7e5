"""Which server is asked, and with which token: from the environment, or as `slipway login` kept them.

The token is a file of its owner's alone, never an argument. Not in charge of asking the server.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from cli.ending import Ending, Refusal

NOT_SIGNED_IN = "Type: slipway login URL. In scripts set SLIPWAY_URL and SLIPWAY_TOKEN."


@dataclass(frozen=True)
class Account:
    url: str
    token: str = field(repr=False)


def place(environ: Mapping[str, str]) -> Path:
    """By the XDG base directory specification, which ignores a relative folder."""
    told = environ.get("XDG_CONFIG_HOME", "")
    folder = Path(told) if told.startswith("/") else Path(environ.get("HOME") or Path.home()) / ".config"
    return folder / "slipway" / "account.json"


def current(environ: Mapping[str, str] = os.environ) -> Account:
    """Refused when nobody is signed in. A kept token goes only to the server that it was kept for."""
    kept = _kept(environ)
    url = address(environ["SLIPWAY_URL"]) if environ.get("SLIPWAY_URL") else kept.url if kept else ""
    if not url:
        raise Refusal(Ending.SIGN_IN, "You are not signed in.", NOT_SIGNED_IN)
    if environ.get("SLIPWAY_TOKEN"):
        return Account(url, bearer(environ["SLIPWAY_TOKEN"]))
    if kept is None or kept.url != url:
        raise Refusal(Ending.SIGN_IN, f"You are not signed in to {url}.", NOT_SIGNED_IN)
    return kept


def address(text: str) -> str:
    """`https://slipway.example.com`, without a slash at its end. Refused when it is none."""
    url = text.strip().rstrip("/")
    if not _is_address(url):
        raise Refusal(Ending.USAGE, "That is not the address of a server.", "It looks like https://slipway.example.com")
    return url


def _is_address(url: str) -> bool:
    try:
        told = urlsplit(url)
        is_server = bool(httpx2.URL(url).host) and told.port != 0
    except (ValueError, httpx2.InvalidURL):
        return False
    return told.scheme in ("http", "https") and is_server and not {"@", "?", "#", " "} & set(url)


def bearer(text: str) -> str:
    """A token as a header can carry it."""
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise Refusal(Ending.USAGE, "That is not a token.", "Copy the whole of it from the page Tokens.")
    return token


def keep(account: Account, environ: Mapping[str, str] = os.environ) -> Path:
    """For the commands to come; nobody else can read it at any moment."""
    path = place(environ)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent)  # Its mode is 0600.
    with os.fdopen(descriptor, "w") as file:
        json.dump({"url": account.url, "token": account.token}, file)
    Path(name).replace(path)
    return path


def forget(environ: Mapping[str, str] = os.environ) -> None:
    place(environ).unlink(missing_ok=True)


def _kept(environ: Mapping[str, str]) -> Account | None:
    path = place(environ)
    try:
        told = json.loads(path.read_text())
        return Account(address(told["url"]), bearer(told["token"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Refusal(Ending.SIGN_IN, f"{path} cannot be read.", "Sign in anew: slipway login URL") from error
