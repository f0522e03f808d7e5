"""`slipway.toml`: what a repository says itself of how it is built and started. Not in charge of who is listened to first.

The published schema is `docs/slipway.schema.json`, written by `python -m workers.build.slipway_toml`.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workers.build.aptfile import MOST as MOST_PACKAGES
from workers.build.aptfile import NAME as PACKAGE
from workers.build.files import Files
from workers.build.versions import read_toml
from workers.errors import UserError

FILE = "slipway.toml"
MOST_KEYS = 100  # Whose lines are looked for; there are fewer that may be there.
# One line, since it becomes one of a Dockerfile or of a container's command.
Line = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x08\x0a-\x1f]+$")]
Path = Annotated[str, Field(min_length=1, max_length=250, pattern=r"^[^\x00-\x1f]+$")]
Image = Annotated[str, Field(min_length=1, max_length=400, pattern=r"^[A-Za-z0-9][\w./:@-]*$")]
Package = Annotated[str, Field(pattern=f"^{PACKAGE.pattern}$")]


class SlipwayToml(BaseModel):
    """How Slipway builds and starts this repository. A setting of the service wins over a value here."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, title="slipway.toml")

    builder: Literal["slipway", "railpack", "buildpacks", ""] = Field(
        default="", description="Who makes the image: Slipway, or a builder whose command is on the host."
    )
    builder_image: Image = Field(
        default="", description="Of Cloud Native Buildpacks, such as paketobuildpacks/builder-jammy-base."
    )
    root_directory: Path = Field(default="", description="The folder that holds the app, when the service names none.")
    dockerfile: Path = Field(default="", description="Path of the Dockerfile in that folder.")
    language_version: str = Field(
        default="", max_length=64, pattern=r"^[A-Za-z0-9.*/^~<>=!, |-]+$", description="Of the language, such as 3.12."
    )
    packages: list[Package] = Field(
        default=[], max_length=MOST_PACKAGES, description="Packages of the distribution that it needs besides."
    )
    install_command: Line = Field(default="", description="Installs dependencies.")
    build_command: Line = Field(default="", description="Builds what is started or served.")
    start_command: Line = Field(default="", description="Starts the app, which listens on 0.0.0.0 at $PORT.")
    release_command: Line = Field(default="", description="Runs once before each release, for migrations.")
    static_dir: Path = Field(default="", description="Folder of files to serve, instead of a start command.")
    port: int | None = Field(default=None, ge=1, le=65535, description="Where the app listens; it is told in PORT.")


def read_slipway_toml(files: Files) -> tuple[SlipwayToml, dict[str, int]]:
    """What it says, and the line of each key; all defaults when there is none. UserError with the line of a mistake."""
    if not files.exists(FILE):
        return SlipwayToml(), {}
    document = read_toml(files, FILE)
    lines = {key: _line_of(files.text(FILE), key) for key in list(document)[:MOST_KEYS]}
    try:
        return SlipwayToml.model_validate(document), lines
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = str(first["loc"][0])
        raise _mistake(
            key, lines.get(key, 0), is_unknown=first["type"] == "extra_forbidden", why=first["msg"]
        ) from error


def place(line: int) -> str:
    return f"{FILE}, line {line}" if line else FILE


def _line_of(text: str, key: str) -> int:
    """Where a key of the top level, or a table of its name, is written; 0 when it is spelled so that it isn't found."""
    written = re.compile(rf"[\s\[]*[\"']?{re.escape(key)}[\"']?\s*[=.\]]")
    return next((number for number, line in enumerate(text.splitlines(), 1) if written.match(line)), 0)


def _mistake(key: str, line: int, *, is_unknown: bool, why: str) -> UserError:
    where = place(line)
    if is_unknown:
        known = ", ".join(SlipwayToml.model_fields)
        message, hint = f"{where}: there is no setting {key[:60]!r}.", f"It may hold: {known}."
    else:
        said = SlipwayToml.model_fields[key].description
        message, hint = f"{where}: {key} is not as it must be. {why}.", f"{key}: {said} See docs/slipway.schema.json."
    return UserError("build:user:invalid-slipway-toml", message, hint=hint, status=422)


if __name__ == "__main__":
    print(json.dumps(SlipwayToml.model_json_schema(), indent=2))
