"""The strict grammar of host names: what may stand in a route. RFC 1123 labels, at least two, in lower case."""

from __future__ import annotations

import re
from collections.abc import Container
from itertools import chain, count

from workers.errors import UserError

_LABEL = re.compile(r"^(?!-)[a-z0-9-]{1,63}(?<!-)$")


def normalise_host(text: str) -> str:
    """`" Shop.Example.COM. "` -> `"shop.example.com"`. Raises UserError for anything that is not a plain host name."""
    host = text.strip().rstrip(".").lower()
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            raise _refused(text) from None
    labels = host.split(".")
    if len(host) > 253 or len(labels) < 2 or not all(_LABEL.match(label) for label in labels) or labels[-1].isdigit():
        raise _refused(text)
    return host


def _refused(text: str) -> UserError:
    return UserError(
        "domain:user:not-a-host-name",
        f"{text.strip()[:80]!r} is not a host name.",
        hint="Write it as shop.example.com: letters, digits, hyphens and dots, without https:// and without a path.",
        status=422,
    )


def slug(text: str, *, limit: int = 40) -> str:
    """A DNS label out of a name: lower case, hyphens, at most `limit` characters; "" when nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:limit].strip("-")


def free_slug(name: str, taken: Container[str]) -> str:
    """`web`, or `web-2` and so on when that is taken."""
    return next(one for one in chain([name], (f"{name[:36]}-{number}" for number in count(2))) if one not in taken)
