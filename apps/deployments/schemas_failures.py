"""What the API tells about a failure: its cause, what to do about it, and what mends it."""

from __future__ import annotations

from ninja import Schema
from pydantic import Field

from apps.deployments.models import Deployment
from apps.deployments.remedies import SETTINGS, remedy_of


class ErrorOut(Schema):
    code: str = Field(examples=["build:user:no-dockerfile"])
    message: str = Field(examples=["There is nothing recognisable in the repository."])
    hint: str = Field(examples=["Add a Dockerfile."])


class RemedyOut(Schema):
    sentence: str = Field(examples=["Add libpq-dev and deploy again"])
    change: dict[str, str] = Field(
        description="The service's setting with the value that mends it, which `POST .../mend` gives it; empty where a "
        "person must decide.",
        examples=[{"packages": "libpq-dev"}],
    )
    href: str = Field(
        description="The dashboard's page where it is mended by hand; empty where an operator must.",
        examples=["/services/3f2c8a5e-7d1b-4c60-9e57-2a8b1c4d5e6f/settings#id_packages"],
    )


class FailureOut(ErrorOut):
    setting: str = Field(
        description="The service's setting that was met, which can be raised; empty for other causes.",
        examples=["build_memory_mb"],
    )
    remedy: RemedyOut | None = Field(description="Null for a cause of which no setting and no page is known.")


def failure_told(deployment: Deployment) -> dict[str, object]:
    setting = SETTINGS.get(deployment.error_code, "")
    told = {"code": deployment.error_code, "message": deployment.error_message, "hint": deployment.error_hint}
    return {**told, "setting": setting, "remedy": _remedy_told(deployment)}


def _remedy_told(deployment: Deployment) -> dict[str, object] | None:
    remedy = remedy_of(deployment)
    if remedy is None:
        return None
    change = {remedy.mended.setting: remedy.mended.value} if remedy.mended else {}
    sentence = f"{remedy.limit} {remedy.ceiling}." if remedy.ceiling else remedy.words
    return {"sentence": sentence, "change": change, "href": "" if remedy.ceiling else remedy.url}
