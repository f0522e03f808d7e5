"""Files of variables beside a compose file: each is read and parsed once, and all of them together are bounded.

Not in charge of which service is given them, and of files that are not there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from workers.build.compose.values import NAME
from workers.build.env_text import LONGEST, MOST_BYTES, Line, numbered, why_unfit
from workers.build.files import Files, leaves
from workers.errors import UserError

MOST_NAMED = 100  # By all services together.
MOST_VARIABLES = 500
MOST_OF_ALL = 500_000  # Characters of what is read: a page carries it from one step to the next.


class Unfit(UserError):
    """A file that is there and is not read."""

    def __init__(self, path: str, why: str) -> None:
        hint = "Set large values as variables of the services."
        super().__init__("compose:user:too-large", f"{path[:80]} {why}.", hint=hint, status=422)


@dataclass
class EnvFiles:
    """`check` may raise: the time is over. `texts` are all that were read, the compose file among them: the same plan can
    be made of them, so one that is too long stands there as too long."""

    files: Files
    check: Callable[[], None]
    texts: dict[str, str]
    named: int = 0
    _read: dict[str, dict[str, Line] | Unfit] = field(default_factory=dict)

    def read(self, path: str) -> dict[str, Line]:
        """As it is written. Raises `Unfit`."""
        if path not in self._read:
            self.check()
            try:
                self._read[path] = self._parsed(path)
            except Unfit as error:  # It took as long to tell.
                self._read[path] = error
        found = self._read[path]
        if isinstance(found, Unfit):
            raise found
        return found

    def has(self, path: str) -> bool:
        """Whether it is there, and in the repository."""
        try:
            return self.files.exists(path)
        except UserError as error:
            if error.code != leaves(path).code:
                raise  # It may be there, and readable in another way.
            return False

    def first(self, *paths: str) -> str:
        """The first of these that is there, or ""."""
        return next((path for path in paths if self.has(path)), "")

    def _parsed(self, path: str) -> dict[str, Line]:
        text = self.whole(path)
        if why := why_unfit(text):
            raise Unfit(path, why)
        found = {name: line for name, line in numbered(text).items() if line.value is not None and NAME.fullmatch(name)}
        if len(found) > MOST_VARIABLES:
            raise Unfit(path, f"has more than {MOST_VARIABLES} variables")
        return found

    def whole(self, path: str) -> str:
        """The text of a file that is there, as it is."""
        if path in self.texts:
            return self.texts[path]
        text = self.texts[path] = self.files.head(path, MOST_BYTES)[: LONGEST + 1]
        if sum(map(len, self.texts.values())) > MOST_OF_ALL:
            name = next(iter(self.texts))
            raise UserError(
                "compose:user:too-large", f"{name} and the files that it names have more than {MOST_OF_ALL:,} characters.",
                hint="Set large values as variables of the services.", status=422,
            )  # fmt: skip
        return text
