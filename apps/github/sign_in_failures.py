"""Why a sign-in with GitHub did not end well: one sentence, and what to do. Not in charge of who may come in.

Failures are not counted: a state is 190 random bits of one session and cannot be guessed, while a limit by address would
lock out everybody behind the same proxy.
"""

from __future__ import annotations

from django.conf import settings
from social_core.exceptions import AuthCanceled, AuthConfigurationError, SocialAuthBaseException

from workers.errors import PlatformError, SlipwayError, UserError

AGAIN = "Begin again."
NOT_OURS = {"session_context_missing", "state_mismatch", "missing_parameter", "user_mismatch"}
OPERATOR = "An operator looks at the App on the page GitHub."
BY_PROVIDER = {
    "redirect_uri_mismatch": "GitHub does not know the address of this Slipway as one to come back to.",
    "application_suspended": "The GitHub App of this Slipway is suspended.",
    "incorrect_client_credentials": "GitHub does not accept the client secret of this Slipway's App.",
}


def failure_of(error: SocialAuthBaseException | SlipwayError) -> SlipwayError:
    if isinstance(error, SlipwayError):
        return error
    if isinstance(error, AuthCanceled):
        return UserError(
            "sign-in:user:denied", "You said no at GitHub, so nothing was changed here.",
            hint="Begin again, or sign in another way.", status=403,
        )  # fmt: skip
    if error.code in NOT_OURS:
        return UserError(
            "sign-in:user:state",
            "This sign-in was begun in another browser, was used already, or is more than ten minutes old.",
            hint=AGAIN, status=400,
        )  # fmt: skip
    if error.code in ("authorization_code_rejected", "credential_rejected"):
        return UserError(
            "sign-in:user:code", "GitHub no longer takes the code of this sign-in: it works once, for ten minutes.",
            hint=AGAIN, status=400,
        )  # fmt: skip
    return _failure_of_platform(error)


def _failure_of_platform(error: SocialAuthBaseException) -> PlatformError:
    said = BY_PROVIDER.get(str(error.provider_code))
    if said is None and isinstance(error, AuthConfigurationError):
        said = BY_PROVIDER["incorrect_client_credentials"]
    if said is not None:
        hint = f"{OPERATOR} Its callback address is {settings.SLIPWAY.url}/complete/github/"
        return PlatformError("sign-in:platform:app", said, hint=hint)
    return PlatformError(
        "sign-in:platform:github", "GitHub did not answer as it should, so the sign-in could not end.",
        hint="Try again in a minute; other ways to sign in work meanwhile.",
    )  # fmt: skip
