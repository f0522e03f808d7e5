"""Variables that a repository suggests in its example file. Suggestions only: nothing is set by them."""

from __future__ import annotations

from io import StringIO

from dotenv import dotenv_values

from workers.build.files import Files

EXAMPLES = (".env.example", ".env.sample", ".env.template")
MAX_SUGGESTED = 200


def suggested_variables(files: Files) -> tuple[dict[str, str], str]:
    """Names and example values, and the file they come from; ({}, "") when there is none."""
    name = files.first(*EXAMPLES)
    if not name:
        return {}, ""
    found = dotenv_values(stream=StringIO(files.text(name)), interpolate=False)
    return {key: value or "" for key, value in list(found.items())[:MAX_SUGGESTED]}, name
