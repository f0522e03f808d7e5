"""BuildKit's plain progress, made tidy: a line for each step, its output, how long it took. Pure, fed line by line."""

from __future__ import annotations

import json
import re

LINE = re.compile(r"^#(\d+) (.*)$")
STEP = re.compile(r"^\[(?:[\w.-]+ )?(?:stage-\d+ )?\s*\d+/\d+\] |^\[(?!internal|auth)[^\]]+\] ")
FOREIGN_STEP = re.compile(
    r"^(?!\[internal|\[auth|docker-image://|sha256:|DONE|CACHED|CANCELED|ERROR|\d+\.\d|exporting|\.\.\.)"
)
OUTPUT = re.compile(r"^(?:\d+\.\d+ )(.*)$|^\d+\.\d+$")
NOISE = re.compile(
    r"^sha256:[0-9a-f]{64}( |$)|^(transferring|resolve |extracting|exporting|writing image|naming to|unpacking|sending)"
)
DONE = re.compile(r"^DONE (\d+\.\d)s$")
EXIT = re.compile(r"(?:executor failed running \[.*\]|process \".*\" did not complete successfully): exit code: (\d+)")
SHELL_FORM = re.compile(r"^(\[[^\]]+\] RUN )(\[.*\])$")
MOUNTS = re.compile(r"^(\[[^\]]+\] RUN )(?:--\w+=\S+ )+")  # Long, and the names of our caches are nobody's business.
# Of generated Dockerfiles; says nothing to a reader.
PRELUDE = re.compile(r"^\. /opt/slipway/build-env; (?:: caches of \w+; )?")
PINNED = re.compile(r"@sha256:[0-9a-f]{64}")  # What engines with the image store of containerd add to names.
COLOUR = re.compile(r"\x1b\[[\d;]*m")
WARNINGS = re.compile(r"^\s*\d+ warnings? found| - [A-Z]\w+: |^Use 'docker scan'")  # Each was told when it was found.
QUICK_SECONDS = 0.5  # Steps that took less need no line on how long they took.
MAX_TITLE = 160


class Progress:
    """`feed` gives the lines to show for one line of the client."""

    def __init__(self, *, is_ours: bool = True) -> None:
        """A frontend that is not the Dockerfile's (`is_ours` False) gives its steps names of their own."""
        self._step = STEP if is_ours else FOREIGN_STEP
        self._names: dict[str, str] = {}
        self._said: set[str] = set()

    def feed(self, line: str) -> list[str]:
        match = LINE.match(line)
        if match is None:
            return self._outside(line)
        number, text = match[1], match[2].rstrip()
        if self._step.match(text) and number not in self._names:
            self._names[number] = text
            return [title(text)]
        output = OUTPUT.match(text)
        if output:
            return [output[1] or ""]
        return self._state(number, text)

    def _state(self, number: str, text: str) -> list[str]:
        is_shown = number in self._names
        if text.startswith("ERROR"):
            exit_code = EXIT.search(text)
            told = f"ERROR: exit code {exit_code[1]}" if exit_code else text
            self._said |= {told, text.removeprefix("ERROR: ")}
            return [told]
        if text.startswith("WARN: "):
            return [f"Warning: {text.removeprefix('WARN: ')}"]
        if text in ("CACHED", "CANCELED"):
            return [f"  {text.lower()}"] if is_shown else []
        done = DONE.match(text)
        if done:
            return [f"  done in {done[1]} s"] if is_shown and float(done[1]) >= QUICK_SECONDS else []
        if (
            not text
            or NOISE.match(text)
            or text.startswith(("[internal]", "[auth]"))
            or text == self._names.get(number)
        ):
            return []
        return [text] if is_shown and not text.startswith("...") else []

    def _outside(self, line: str) -> list[str]:
        """What the client says after the steps: the error. The lines between its `---` were shown already."""
        line = COLOUR.sub("", line)
        if not line.strip() or line.startswith(("------", " > ", "#")) or line in self._said:
            return []
        if self._said and EXIT.search(line):
            return []  # The step has said it.
        if re.match(r"^\s*\d+\.\d+ ", line) or WARNINGS.match(line):
            return []
        self._said.add(line)
        return [line]


def title(step: str) -> str:
    """The first line of a step as a person would write it: the JSON form of a shell line unwrapped, long ones cut."""
    step = PINNED.sub("", MOUNTS.sub(r"\1", step))
    match = SHELL_FORM.match(step)
    if match:
        try:
            words = json.loads(match[2])
        except ValueError:
            words = []  # Not JSON: a shell line that begins with a bracket.
        if len(words) == 3 and words[0].endswith("sh"):
            step = match[1] + PRELUDE.sub("", str(words[2]))
    step = " ".join(step.split())
    return step if len(step) <= MAX_TITLE else step[: MAX_TITLE - 1] + "…"
