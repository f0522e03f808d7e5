"""Secrets of a compose file that an image reads from a file: given as the variable of the same meaning.

Images that take `POSTGRES_PASSWORD_FILE` take `POSTGRES_PASSWORD`, too: the convention of Docker's official images. No file
is put into a container, so what else reads one goes without it, and that is among the findings.
"""

from __future__ import annotations

import posixpath
import re

from workers.build.compose.reading import Reading
from workers.build.compose.tree import Tree
from workers.build.compose.values import NAME

FOLDER = "/run/secrets/"
END = "_FILE"


def as_variables(reading: Reading, tree: Tree, environment: dict[str, str]) -> dict[str, str]:
    """Of `environment`, by the names of the variables that name a file: what stands in for each."""
    mounted = {}
    for one in tree.at("secrets").items:
        source = one.at("source").text or one.text
        mounted[FOLDER + posixpath.basename(one.at("target").text or source)] = source
    found = {}
    for name, value in environment.items():
        if name.endswith(END) and name != END and value in mounted:
            plain = name.removesuffix(END)
            found[name] = _value(reading, mounted[value], plain)
            why = f"No file is put into the container: {plain} is given in place of {name}."
            reading.ignore("secrets", tree.at("secrets"), why)
    return found


def _value(reading: Reading, secret: str, plain: str) -> str:
    """As the repository or a person has it; without either it is asked for, once for all who are given it."""
    told = reading.top.at("secrets", secret)
    file, name = told.at("file").text, told.at("environment").text or _variable(secret, plain)
    if file and reading.env_files.has(path := reading.path(file)):
        return reading.env_files.whole(path).rstrip("\r\n")
    if not reading.values.of(name) and (told_for_it := reading.values.of(plain)):
        return told_for_it
    reading.values.secret.add(name)
    if not (value := reading.values.require(name, told)):
        reading.needs.add(name)
    return value


def _variable(secret: str, plain: str) -> str:
    """`db-password` as DB_PASSWORD."""
    name = re.sub(r"[^A-Z0-9_]", "_", secret.upper())
    return name if NAME.fullmatch(name) else plain
