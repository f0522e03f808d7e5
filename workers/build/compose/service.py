"""One service of a compose file, as Slipway would make it, with a finding for each key that it does not follow."""

from __future__ import annotations

import re
import shlex
from typing import Any

from workers.build.compose.health import health_of
from workers.build.compose.keys import FOLLOWED, LEFT_OUT, REFUSED, UNKNOWN
from workers.build.compose.limits import limits_of
from workers.build.compose.mounts import mounts_of
from workers.build.compose.plan import ComposeService
from workers.build.compose.ports import ports_of
from workers.build.compose.reading import Reading
from workers.build.compose.secret_files import END, as_variables
from workers.build.compose.source import source_of
from workers.build.compose.tree import Tree
from workers.build.compose.variables import variables_of

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
BY_SHELL = 'Let a shell put it in, as ["sh", "-c", "exec run --password \\"$$NAME\\""] does'
USER = re.compile(r"[A-Za-z0-9_.-]{1,64}(:[A-Za-z0-9_.-]{1,64})?")


def read_service(reading: Reading, tree: Tree) -> ComposeService:
    """Whatever is wrong with it is a finding."""
    _look_at_keys(reading, tree)
    reading.needs |= tree.needs
    if _shows_secrets(reading, tree):
        return ComposeService(reading.name, tree.line, tree.file, is_made=False)
    found: dict[str, Any] = {**source_of(reading, tree), **limits_of(reading, tree), **ports_of(reading, tree)}
    found |= {key: _words(reading, key, tree.at(key)) for key in ("command", "entrypoint")}
    found |= health_of(reading, tree.at("healthcheck"), found["port"])
    found["environment"], found["secret_names"] = _variables(reading, tree, bool(found.get("image")))
    found["volumes"] = mounts_of(reading, tree)
    needs = tree.at("depends_on")
    found["user"] = tree.at("user").text or found.get("user", "")
    found["depends_on"] = list(needs.map) or [one.text for one in needs.items]
    found["needs"] = sorted(reading.needs)
    is_on = not tree.at("profiles").items
    return ComposeService(reading.name, tree.line, tree.file, **found, is_made=is_on and not reading.is_refused)


def _variables(reading: Reading, tree: Tree, is_image: bool) -> tuple[dict[str, str], list[str]]:
    found, secret = variables_of(reading, tree)
    for name, value in as_variables(reading, tree, found).items() if is_image else ():
        del found[name]
        plain = name.removesuffix(END)
        found[plain] = value
        secret = sorted({*secret, plain} - {name})
    return found, secret


def _look_at_keys(reading: Reading, tree: Tree) -> None:
    for key, value in tree.map.items():
        is_wrong, why = REFUSED.get(key, (None, ""))
        if is_wrong is not None and is_wrong(value):
            reading.refuse(key, value, why)
        elif key not in FOLLOWED and not key.startswith("x-"):
            reading.ignore(key, value, LEFT_OUT.get(key, UNKNOWN))
    if not NAME.fullmatch(reading.name):
        reading.refuse("services", tree, "It cannot be called so: use at most 40 letters, digits, - and _.")
    if (user := tree.at("user")).text and not USER.fullmatch(user.text):
        reading.refuse("user", user, "It is no user: write a name or a number, and a group behind a colon.")
    if (profiles := tree.at("profiles")).items:
        reading.ignore("profiles", profiles, "It is for a profile only, so it is not made. Take the key out for that.")
    if (restart := tree.at("restart")).text in ("no", "false"):
        reading.ignore("restart", restart, "What ends is started again, always.")


def _shows_secrets(reading: Reading, tree: Tree) -> bool:
    """Everything but values of variables is kept in the open, or quoted where it is wrong."""
    shown = [(key, one) for key, one in tree.map.items() if one.is_secret and key in FOLLOWED - {"environment"}]
    for key, one in shown:
        name, place = _place(key, one)
        reading.refuse(name, place, f"A secret in it could be read by everybody. {_instead(name, one)}")
    return bool(shown)


def _instead(name: str, tree: Tree) -> str:
    """What gives it unseen, where that can be done: only a shell puts a variable of the container in."""
    first = next((one.text for one in tree.at("test").items), "")
    if name in ("command", "entrypoint") or (name == "healthcheck.test" and first == "CMD"):
        return f"{BY_SHELL}, and give NAME under environment."
    if name == "healthcheck.test":
        return "Write $$NAME there, and give NAME under environment."
    return "If it is no secret, write it there as it is, or give its variable another name."


def _place(key: str, tree: Tree) -> tuple[str, Tree]:
    """Of the first secret."""
    for name, one in tree.map.items():
        if one.is_secret:
            return f"{key}.{name}", one
    return key, next((one for one in tree.items if one.is_secret), tree)


def _words(reading: Reading, key: str, tree: Tree) -> list[str] | None:
    """As Compose takes it: a list as it is, a text cut into words, without a shell. None is the image's own, and so is an
    empty command; an empty entrypoint takes the image's away."""
    empty: list[str] | None = [] if key == "entrypoint" and tree.value is not None else None
    if isinstance(tree.value, list):
        return [one.text for one in tree.value] or empty
    try:
        return shlex.split(tree.text) or empty
    except ValueError:
        reading.refuse(key, tree, "A quotation mark in it stays open.")
        return None
