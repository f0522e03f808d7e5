"""What a setting of a service may not be, beyond its type and its limits."""

from __future__ import annotations

import math

from django.core.exceptions import ValidationError

from workers.build.aptfile import NAME as PACKAGE
from workers.errors import UserError
from workers.image_reference import parse_image


def check_globs(text: str) -> None:
    """One glob a line, from the top of the repository; `!` in front takes away."""
    for line in text.splitlines():
        if line.strip() in ("!", "/") or ".." in line.split("/"):
            raise ValidationError(f"{line.strip()[:60]!r} is not a path.")
        if line.count("**") > 3:
            raise ValidationError(f"{line.strip()[:60]!r} has more than three **.")


def check_packages(text: str) -> None:
    """Names of the distribution's packages, told apart by blanks."""
    for word in text.split():
        if not PACKAGE.fullmatch(word):
            raise ValidationError(f"{word[:60]!r} is not the name of a package.")


def check_image(text: str) -> None:
    """Where an image is; `builder_image` of slipway.toml is looked at in the same way once it is used."""
    try:
        parse_image(text)
    except UserError as error:
        raise ValidationError(f"{error.message} {error.hint}", code=error.code) from error


def finite(value: float) -> None:
    """NaN is neither below nor above any limit."""
    if not math.isfinite(value):
        raise ValidationError("This is not a number.")
