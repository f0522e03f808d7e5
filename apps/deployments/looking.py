"""A look into where a service comes from, as its next build would see it. Nothing is made, and nothing of it is run.

Not in charge of sources that are no service's yet (`importing`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from apps.accounts.access import Actor
from apps.deployments.importing import found_by
from apps.deployments.steps.attempt import settings_of, source_of
from apps.deployments.steps.release import variables_of
from apps.github.fetching import connection_of, way_to
from apps.projects.detection import detect
from apps.projects.models import Service
from workers.build.foreign import refuse_secrets
from workers.build.job import Source
from workers.errors import UserError

HIDDEN = "secret"  # Stands where a compose file puts the value of one.


def look_at_service(actor: Actor, service: Service) -> dict[str, Any]:
    """With its own settings, variables and credentials, in production. No secret's value gets into what is told."""
    if service.image:
        raise UserError(
            "source:user:image", f"{service.name} is deployed from the image {service.image}.",
            hint="There is no repository to look into.", status=409,
        )  # fmt: skip
    variables, _, secrets = variables_of(service, service.environment)
    refuse_secrets(secrets)
    known = variables | dict.fromkeys(secrets, HIDDEN)
    found = detect(_readable(service), settings_of(service, known), who=actor.user)
    where = {"branch": found.branch}
    return {"where": where, "commit": found.commit, "message": found.message, **found_by(found.look)}


def _readable(service: Service) -> Source:
    """With a token of the GitHub App where the service is connected."""
    source, connection = source_of(service), connection_of(service)
    if connection is None:
        return source
    way = way_to(connection)
    return replace(source, url=way.url, token=way.token, key=None)
