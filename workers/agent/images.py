"""The image of a release on this host: there, or pulled from the registry that its reference names.

Not in charge of removing images, nor of logins: the newest document on disk has them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from workers.agent.reporter import Steps
from workers.agent.store import Store
from workers.desired import Service, StepName
from workers.docker import Engine
from workers.errors import PlatformError, UserError
from workers.image_reference import Login, parse_image

Check = Callable[[], None]
TELL_SECONDS = 30.0


def need_image(service: Service, engine: Engine, store: Store, check: Check) -> None:
    """It is here when this returns. `check` is called while it comes in."""
    image = service.release.image
    if engine.has_image(image):
        return
    if "@" not in image:
        raise PlatformError(
            "start:platform:image-missing",
            f"The image of release {service.release.id} is not on this host.",
            hint="Deploy the service again, so that the image is built anew.",
            retry=False,
        )
    try:
        engine.pull(image, _login(image, store), check)
    except UserError as error:
        raise PlatformError(
            "start:platform:image-not-pulled",
            f"This host could not pull the image of release {service.release.id}: {error.message}",
            hint="Can this host reach the registry that images are pushed to, and may that login read them?",
            retry=False,
        ) from error


def _login(image: str, store: Store) -> Login | None:
    document, host = store.document(), parse_image(image).host
    known = {one.host: Login(one.username, one.password) for one in document.registries} if document else {}
    return known.get(host)


def telling(check: Check, steps: Steps, step: StepName) -> Check:
    """`check` that says from time to time that a step goes on: the control plane gives up on who is silent."""
    told_at = time.monotonic()

    def check_and_tell() -> None:
        nonlocal told_at
        check()
        if time.monotonic() - told_at > TELL_SECONDS:
            told_at = time.monotonic()
            steps.running(step)

    return check_and_tell
