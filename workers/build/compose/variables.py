"""What a compose service is given: `environment` over the files of `env_file`, as Compose has it."""

from __future__ import annotations

from dataclasses import replace

from workers.build.compose.env_files import MOST_NAMED as MOST_FILES
from workers.build.compose.env_files import MOST_VARIABLES, Unfit
from workers.build.compose.env_values import Given, given
from workers.build.compose.reading import Reading
from workers.build.compose.tree import Tree
from workers.build.compose.values import NAME, SOUNDS_SECRET

MOST_NAMED = 8
EXAMPLES = (".example", ".sample", ".template", ".dist")


def variables_of(reading: Reading, tree: Tree) -> tuple[dict[str, str], list[str]]:
    """Values, and the names of those that nobody shall read."""
    found, secret = _of_files(reading, tree.at("env_file").items)
    without: list[str] = []
    told = tree.at("environment")
    for name, value in pairs_of(told):
        if value.is_secret and not told.map and reading.values.hold_secret_in(name):
            reading.refuse("environment", value, "A secret stands in the name of a variable. Write NAME=$VALUE.")
        elif not NAME.fullmatch(name):
            reading.ignore("environment", value, f"{name[:60]!r} is no name of a variable.")
        elif value.value is not None:
            found[name] = value.text
            secret = secret | {name} if value.is_secret else secret - {name}
        elif (given := reading.values.of(name)) is not None:
            found[name] = given
            secret = secret | {name} if name in reading.values.secret else secret - {name}
        else:
            without.append(name)
    if without:
        names = ", ".join(without[:MOST_NAMED])
        more = f" and {len(without) - MOST_NAMED} more" if len(without) > MOST_NAMED else ""
        reading.ignore("environment", told, f"{names}{more}: without a value here. Set it once the service is made.")
    if len(found) > MOST_VARIABLES:
        reading.refuse("environment", told, f"It has more than {MOST_VARIABLES} variables.")
    kept = dict(list(found.items())[:MOST_VARIABLES])
    return kept, sorted(name for name in kept if name in secret or SOUNDS_SECRET.search(name))


def pairs_of(tree: Tree) -> list[tuple[str, Tree]]:
    """A mapping, or a list of `NAME=value`. A name alone has no value here."""
    if tree.map:
        return list(tree.map.items())
    pairs = []
    for one in tree.items:
        name, equals, value = one.text.partition("=")
        pairs.append((name.strip(), replace(one, value=value if equals else None)))
    return pairs


def _of_files(reading: Reading, named: list[Tree]) -> tuple[dict[str, str], set[str]]:
    found: dict[str, str] = {}
    secret: set[str] = set()
    for one in named:
        file = one.map.get("path", one)
        reading.env_files.named += 1
        if reading.env_files.named > MOST_FILES:
            reading.refuse("env_file", file, f"More than {MOST_FILES} are named in all. Name fewer.")
            break
        said = _of_file(reading, file, found, is_raw=one.at("format").text == "raw")
        found |= said.values
        secret = secret - said.values.keys() | said.secret
        reading.needs |= said.needs
    return found, secret


def _of_file(reading: Reading, tree: Tree, above: dict[str, str], *, is_raw: bool) -> Given:
    path = reading.path(tree.text)
    example = ""
    if not reading.env_files.has(path):
        example = _example(reading, path, tree)
        if not example:
            return Given({}, set(), frozenset())
    try:
        lines = reading.env_files.read(example or path)
    except Unfit as error:
        reading.refuse("env_file", tree, f"{error.message} {error.hint}")
        return Given({}, set(), frozenset())
    if is_raw:
        lines = {name: line._replace(is_literal=True) for name, line in lines.items()}
    # What is secret in this file is called so for this service alone.
    values = replace(reading.values, secret=set(reading.values.secret))
    said = given(values, example or path, lines, above)
    return _asked(reading, said, tree) if example else said


def _example(reading: Reading, path: str, tree: Tree) -> str:
    """A file that stays out of the repository often has an example in it, which says what to ask for."""
    example = reading.env_files.first(*(f"{path}{end}" for end in EXAMPLES))
    what = f"what {example[:80]} names is asked for" if example else "set what it holds as variables"
    reading.ignore("env_file", tree, f"{path[:80]} is not in the repository: {what}.")
    return example


def _asked(reading: Reading, said: Given, tree: Tree) -> Given:
    told = {name: reading.values.ask(name, value, tree) for name, value in without_secrets(said).items()}
    return said._replace(values={name: value for name, value in told.items() if value})


def without_secrets(example: Given) -> dict[str, str]:
    """A secret of an example is nobody's secret: it has none."""
    return {
        name: "" if name in example.secret or SOUNDS_SECRET.search(name) else value
        for name, value in example.values.items()
    }
