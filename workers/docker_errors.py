"""The errors of the Docker SDK turned into ours, each with its sentence. Not in charge of any call (`workers.docker`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import requests.exceptions
import urllib3.exceptions
from docker.errors import APIError, DockerException, ImageNotFound, NotFound

from workers.errors import PlatformError, SlipwayError, UserError
from workers.image_reference import Login
from workers.registry_errors import refused_by_registry

REFUSED = "engine:platform:refused"
Told = Callable[[str, "Login | None", str], SlipwayError]  # (reference, login, the engine's words)
_NO_SUCH_COMMAND = re.compile(r'exec: "([^"]*)": (executable file not found|stat .* no such file|permission denied)')


class NotThere(PlatformError):
    """The engine knows no such container, image, network or volume."""


@contextmanager
def gone_is_fine() -> Iterator[None]:
    try:
        yield
    except NotFound:
        return
    except APIError as error:
        if "is already in progress" not in str(error.explanation):
            raise


@contextmanager
def engine_errors(doing: str) -> Iterator[None]:
    """`doing` completes the sentence "Docker could not ..."."""
    try:
        yield
    except (NotFound, ImageNotFound) as error:
        raise NotThere("engine:platform:not-there", f"Docker could not {doing}: {error.explanation}.") from error
    except APIError as error:
        raise _refused(doing, str(error.explanation or error)) from error
    except (requests.exceptions.Timeout, urllib3.exceptions.ReadTimeoutError) as error:
        raise PlatformError("engine:platform:timeout", f"Docker could not {doing} in time.") from error
    except (DockerException, requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        sentence = f"Docker could not {doing}: the engine does not answer."
        hint = "Is dockerd running, and may this user use it (group docker)?"
        raise PlatformError("engine:platform:unreachable", sentence, hint=hint) from error


@contextmanager
def registry_errors(reference: str, login: Login | None, told: Told = refused_by_registry) -> Iterator[None]:
    """What a registry says no to, as `told` has it; what the engine cannot do is ours."""
    try:
        with engine_errors(f"fetch or push {reference}"):
            yield
    except NotThere as error:
        raise told(reference, login, f"not found: {error.message}") from error
    except PlatformError as error:
        if error.code != REFUSED:
            raise
        raise told(reference, login, error.message) from error


def _refused(doing: str, why: str) -> PlatformError | UserError:
    if missing := _NO_SUCH_COMMAND.search(why):
        return UserError(
            "start:user:command-not-found",
            f"The start command `{missing[1]}` is not in the image, or may not be run.",
            hint="Check the start command; a program installed by the build must be on the PATH of the image.",
        )
    return PlatformError(REFUSED, f"Docker could not {doing}: {why.strip()}")
