"""What a compose file said of what is live, for another release of the same build. Read only.

Production's is the service's own by then. In every other environment it holds for the releases of its commit alone
(`adopting`), so that the next one of that commit must be given it again.
"""

from __future__ import annotations

from typing import Any

from apps.deployments.adopting import Composed, follow, laid_over
from apps.deployments.models import Release
from apps.projects.given import Gift, Source, gift_of
from apps.projects.models import Environment, Service


def composed_again(release: Release, environment: Environment) -> dict[str, Any]:
    """Of the deployment that made the release, as another one keeps it; {} where there is nothing to keep."""
    if environment.is_production:
        return {}
    told = release.deployments.order_by("number").values_list("composed", flat=True).first()
    return {**told, "notes": []} if told else {}


def as_it_serves(service: Service, environment: Environment, live: Release) -> tuple[Service, Gift]:
    """The service, and what its next release is given, as another one of the live build would have them."""
    gift = gift_of(service, environment)
    told = composed_again(live, environment) if service.compose_said else {}
    if not told:
        return service, gift
    found = follow(service, environment, Composed.of(told))
    before = {name: source.as_dict() for name, source in gift.sources.items()}
    gift.values, sources, gift.secrets = laid_over(
        (gift.values, before, gift.secrets), found, told["said"]["secret_names"]
    )
    gift.sources |= {name: Source(str(one["scope"])) for name, one in sources.items() if one != before.get(name)}
    return found.service, gift
