"""What is told of a service that was looked at and is to be made."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.lib.dotenv import parse_variables
from apps.lib.forms import said_at
from apps.projects.forms import box, line


class NewServiceForm(forms.Form):
    """The second step: names, how it is built, what it is given."""

    project = forms.CharField(max_length=40, help_text="An existing one of the team is used.")
    service = forms.CharField(max_length=40, help_text="Becomes a part of its address.")
    install_command = line("Install command")
    build_command = line("Build command")
    start_command = line("Start command")
    release_command = line("Release command", "Runs once before each release, for migrations.")
    static_dir = line("Folder of static files")
    health_path = line(
        "Health path", "Must answer 2xx or 3xx before it is live. Empty means that an open port is enough.",
        placeholder="/healthz", list="health-paths",
    )  # fmt: skip
    variables = box("Variables", "NAME=value lines, or a whole .env file.", placeholder="NAME=value")
    secrets = box("Secrets", "The same, for values that are never shown again.", placeholder="NAME=value", rows="3")
    volume_name = line("Volume", "A disk that is kept from release to release.", placeholder="data")
    volume_path = line("Mounted at", placeholder="/data")
    domain = line("Domain", "It also gets an address of its own without this.", placeholder="shop.example.com")

    def clean_variables(self) -> dict[str, str]:
        return _parsed(self, "variables")

    def clean_secrets(self) -> dict[str, str]:
        return _parsed(self, "secrets")

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if told.get("volume_name") and not told.get("volume_path"):
            self.add_error("volume_path", "Say where the volume is mounted, such as /data.")
        if told.get("volume_path") and not told.get("volume_name"):
            self.add_error("volume_name", "Give the volume a name, such as data.")
        return told

    def suggest(self, plan: dict[str, Any]) -> None:
        """What was detected stands in the empty fields as their placeholder."""
        names = {"install_command": "install", "build_command": "build", "start_command": "start"}
        names |= {"release_command": "release", "static_dir": "static_dir"}
        for field, key in names.items():
            self.fields[field].widget.attrs["placeholder"] = plan.get(key) or "none"


def _parsed(form: forms.Form, field: str) -> dict[str, str]:
    """The variables of a box; what is wrong with them is said at the box."""
    found: dict[str, str] = {}
    with said_at(form, field):
        found.update(parse_variables(form.cleaned_data[field]))
    return found
