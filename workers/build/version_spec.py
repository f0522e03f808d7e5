"""Whether a version is one that a repository asks for, in the spellings of Python's and Node's tools. Pure."""

from __future__ import annotations

import re

TOKEN = re.compile(r"(===|==|~=|!=|>=|<=|\^|~|=|>|<)?\s*v?(\d+(?:\.\d+)*)((?:\.[*x])*)(?=[\s,]|$)", re.IGNORECASE)
LONGEST = 500
ANY = {"", "*", "x", "latest", "stable", "node", "current", "lts/*", "lts"}
NODE_NAMES = {"lts/gallium": "16", "lts/hydrogen": "18", "lts/iron": "20", "lts/jod": "22", "lts/krypton": "24"}

Version = tuple[int, ...]


def satisfies(asked: str, have: str, *, significant: int) -> bool:
    """Whether `have` (`3.13.5`) is what `asked` means (`3.13`, `>=3.10,<4`, `^3.11`, `18 || 20`, `lts/*`).

    `significant` is how many leading numbers of an exact pin must agree: 2 for Python, 1 for Node. A patch release
    stands in for another, since the distribution has one of each; `===3.3.0` means that one and no other.
    """
    asked = NODE_NAMES.get(asked.strip().lower(), asked.strip().lower())
    if asked in ANY:
        return True
    if len(asked) > LONGEST:
        return False
    version = parse(have)
    return any(_all_hold(part.strip(), version, significant) for part in re.split(r"\|\|?|\bor\b", asked))


def parse(text: str) -> Version:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


def _all_hold(asked: str, have: Version, significant: int) -> bool:
    asked = re.sub(r"(\S+)\s+-\s+(\S+)", r">=\1 <=\2", asked)
    if asked in ANY:
        return True
    rest = TOKEN.sub("", asked).strip(" ,")
    found = TOKEN.findall(asked)
    return bool(found) and not rest and all(_holds(sign, parse(number), have, significant) for sign, number, _ in found)


def _holds(sign: str, asked: Version, have: Version, significant: int) -> bool:
    same = have[: len(asked)] == asked
    match sign:
        case ">=":
            return have >= asked
        case ">":
            return have > asked and not same
        case "<":
            return have < asked
        case "<=":
            return have <= asked or same
        case "!=":
            return not same
        case "===":
            return have == asked
        case "^":
            return have >= asked and have[0] == asked[0]
        case "~":
            return have >= asked and have[: min(2, len(asked))] == asked[:2]
        case "~=":
            return have >= asked and have[: max(1, len(asked) - 1)] == asked[: max(1, len(asked) - 1)]
    kept = min(len(asked), significant)
    return have[:kept] == asked[:kept]
