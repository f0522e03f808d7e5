"""Which arguments of a build are Slipway's own. What a repository says of these would beat the mark by which the steps of
a build are found, and so its limits, or change the builder itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

OWN = re.compile(r"BUILDKIT_\w*|(?:HTTPS?|FTP|ALL|NO)_PROXY", re.IGNORECASE)


def without_own(args: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in args.items() if not OWN.fullmatch(name)}
