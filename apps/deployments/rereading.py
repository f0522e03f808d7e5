"""The compose file that a service came from, looked at again at the head of its branch. Nothing is made here."""

from __future__ import annotations

from apps.accounts.access import Actor
from apps.deployments.bringing import SOURCE
from apps.deployments.composed_here import siblings
from apps.deployments.importing import Found, composed, look_at_address, look_at_repository
from apps.github.choices import choice_for
from apps.github.models import Connection
from apps.projects.models import Service
from workers.deploy_key import DeployKey
from workers.errors import UserError


def look_again(actor: Actor, service: Service) -> Found:
    """As the page of a new service has it, with the project that it belongs to. Raises why the file cannot be read."""
    said = service.compose_said
    if not said:
        raise UserError(
            "compose:user:not-followed", f"{service.name} does not know where its compose file is.",
            hint="Add a service from that repository, into the same project: what is here from it stays.", status=409,
        )  # fmt: skip
    where = {"source_url": said["source"], "root_directory": said["folder"]}
    here = siblings(service.project.team, service.project.slug, where)
    built = next((row for row in (service, *here.values()) if row.source_url), None)
    opens = said.get("opens", {}) if built is None else {name: getattr(built, name) for name in SOURCE}
    asked = {**where, "branch": "", "source_token": "", **opens, "dockerfile": "", "start_command": ""}
    connection = Connection.objects.filter(service=built).select_related("repository").first() if built else None
    github_id = connection.repository.github_id if connection else opens.get("github_id")
    if github_id is not None:
        found = look_at_repository(actor, choice_for(actor, github_id), asked)
    else:
        key = DeployKey(opens["source_key"], opens["source_host_key"]) if opens.get("source_key") else None
        found = look_at_address(actor, asked, key)
    composed(found, said["told"])
    # Its credentials are for this team, and for the services of the file.
    return {**found, "plan": None, "project": service.project.slug, "team": service.project.team.key}
