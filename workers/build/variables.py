"""Variables that a repository suggests in its example file. Suggestions only: nothing is set by them."""

from __future__ import annotations

from workers.build.env_text import MOST_BYTES, lines_of, why_unfit
from workers.build.files import Files

EXAMPLES = (".env.example", ".env.sample", ".env.template")
MAX_SUGGESTED = 200


def suggested_variables(files: Files) -> tuple[dict[str, str], str]:
    """Names and example values, and the file they come from; ({}, "") when there is none that is read."""
    name = files.first(*EXAMPLES)
    if not name:
        return {}, ""
    text = files.head(name, MOST_BYTES)
    if why_unfit(text):
        return {}, ""
    return {key: value or "" for key, value in list(lines_of(text).items())[:MAX_SUGGESTED]}, name
