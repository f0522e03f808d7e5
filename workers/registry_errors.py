"""Why a registry gave no image, or took none, from what the engine says of it. Pure: not in charge of asking.

None of the answer's own words are shown: a registry is whatever somebody has named.
"""

from __future__ import annotations

import re

from workers.errors import PlatformError, SlipwayError, UserError
from workers.image_reference import Login

DENIED = re.compile(r"unauthorized|denied|\b40[13]\b|no basic auth|authentication required", re.IGNORECASE)
NOT_THERE = re.compile(r"manifest unknown|not found|\b404\b|name unknown", re.IGNORECASE)


def refused_by_registry(reference: str, login: Login | None, why: str) -> SlipwayError:
    """`login` is the one that was used. A registry that shows a stranger nothing may call it denied or not there."""
    host, _, path = reference.partition("/")
    known = f"as {login.username}" if login else "without a login"
    if "no space left" in why:
        return _disk_full()
    if DENIED.search(why):
        return UserError(
            "image:user:denied",
            f"{host} does not let {path} be read {known}.",
            hint=f"Check the image's name, and the login that the team keeps for {host} under Registries.",
        )
    if NOT_THERE.search(why):
        return UserError(
            "image:user:not-there",
            f"{host} has no image {path}, or does not show it {known}.",
            hint=f"Check its name and tag. A private one needs a login for {host} under Registries.",
        )
    return UserError(
        "image:user:registry",
        f"{host} did not give {path}: it cannot be reached, or does not answer as a registry does.",
        hint="Is the registry up, with a certificate that is valid, and its name spelt right? Then try again.",
        retry=True,
    )


def not_taken(reference: str, login: Login | None, why: str) -> SlipwayError:
    """Of a push: where images go and with which login is an operator's to mend."""
    host, _, path = reference.partition("/")
    if "no space left" in why:
        return _disk_full()
    if DENIED.search(why):
        return PlatformError(
            "push:platform:denied",
            f"{host} does not take {path} {f'from {login.username}' if login else 'without a login'}.",
            hint="An operator sets SLIPWAY_PUSH_USERNAME and SLIPWAY_PUSH_PASSWORD to a login that may push there.",
            retry=False,
        )
    return PlatformError(
        "push:platform:registry",
        f"{host} did not take {path}: it cannot be reached, or does not answer as a registry does.",
        hint="Is the registry of SLIPWAY_PUSH_REGISTRY up, with a certificate that the engine knows?",
    )


def _disk_full() -> PlatformError:
    sentence = "The disk of this machine is full."
    return PlatformError("build:platform:disk-full", sentence, hint="Remove what is not needed, then try again.")
