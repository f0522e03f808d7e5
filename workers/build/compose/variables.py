"""What a compose service is given: `environment` over the files of `env_file`, as Compose has it."""

from __future__ import annotations

from dataclasses import replace

from workers.build.compose.env_files import MOST_NAMED as MOST_FILES
from workers.build.compose.env_files import MOST_VARIABLES, Unfit
from workers.build.compose.reading import Reading
from workers.build.compose.tree import Tree
from workers.build.compose.values import NAME, SOUNDS_SECRET

MOST_NAMED = 8
EXAMPLES = (".example", ".sample", ".template", ".dist")


def variables_of(reading: Reading, tree: Tree) -> tuple[dict[str, str], list[str]]:
    """Values, and the names of those that nobody shall read."""
    found = _of_files(reading, tree.at("env_file").items)
    secret: set[str] = set()
    without: list[str] = []
    told = tree.at("environment")
    for name, value in pairs_of(told):
        if value.is_secret and not told.map and reading.values.hold_secret_in(name):
            reading.refuse("environment", value, "A secret stands in the name of a variable. Write NAME=$VALUE.")
        elif not NAME.fullmatch(name):
            reading.ignore("environment", value, f"{name[:60]!r} is no name of a variable.")
        elif value.value is not None:
            found[name] = value.text
            secret |= {name} if value.is_secret else set()
        elif (given := reading.values.of(name)) is not None:
            found[name] = given
            secret |= {name} if name in reading.values.secret else set()
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


def _of_files(reading: Reading, named: list[Tree]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in named:
        file = one.map.get("path", one)
        reading.env_files.named += 1
        if reading.env_files.named > MOST_FILES:
            reading.refuse("env_file", file, f"More than {MOST_FILES} are named in all. Name fewer.")
            break
        found |= _of_file(reading, file)
    return found


def _of_file(reading: Reading, tree: Tree) -> dict[str, str]:
    path = reading.path(tree.text)
    try:
        return reading.env_files.read(path) if reading.env_files.has(path) else _of_example(reading, path, tree)
    except Unfit as error:
        reading.refuse("env_file", tree, f"{error.message} {error.hint}")
    return {}


def _of_example(reading: Reading, path: str, tree: Tree) -> dict[str, str]:
    """A file that stays out of the repository often has an example in it, which says what to ask for."""
    example = reading.env_files.first(*(f"{path}{end}" for end in EXAMPLES))
    what = f"what {example[:80]} names is asked for" if example else "set what it holds as variables"
    reading.ignore("env_file", tree, f"{path[:80]} is not in the repository: {what}.")
    if not example:
        return {}
    usual = without_secrets(reading.env_files.read(example))
    told = {name: reading.values.ask(name, value, tree) for name, value in usual.items()}
    return {name: value for name, value in told.items() if value}


def without_secrets(example: dict[str, str]) -> dict[str, str]:
    """A secret of an example is nobody's secret: it has none."""
    return {name: "" if SOUNDS_SECRET.search(name) else value for name, value in example.items()}
