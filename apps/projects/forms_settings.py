"""Every setting of a service: its group on the page, what it does, and the form."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.projects.builders_here import help_on_lacking, offered
from apps.projects.forms import COMMANDS, TECHNICAL, ServiceForm
from apps.projects.models import Service

GROUPS: list[tuple[str, str, list[str]]] = [
    ("Source", "Where it comes from stands on its own page.", ["branch", "root_directory"]),
    (
        "Pushes",
        "Which of them are deployed.",
        ["auto_deploy", "wait_for_ci", "watch_paths", "deploy_tags"],
    ),
    (
        "Build",
        "Empty means: as detected.",
        [
            "builder",
            "builder_image",
            "dockerfile",
            "language_version",
            "packages",
            *COMMANDS,
            "build_memory_mb",
            "build_timeout_seconds",
        ],
    ),
    ("Run", "", ["port", "replicas", "memory_mb", "cpus", "pids"]),
    ("Health", "", ["health_path", "health_deadline_seconds", "health_interval_seconds", "observation_seconds"]),
    ("Releases", "", ["drain_seconds", "releases_kept", "scan_policy"]),
]

HELP = {
    "root_directory": "The folder that holds the app, when it is not the top.",
    "auto_deploy": "Every push to the branch is deployed.",
    "wait_for_ci": "A push is deployed once the checks of its commit at GitHub have succeeded, and not if one fails.",
    "watch_paths": "One glob a line, such as libs/** or !**/*.md: other pushes are skipped. "
    "Files of the root directory always count unless a line with ! takes them away. Empty: all files count, or those "
    "of the root directory.",
    "deploy_tags": "Such as v*: tags that match are deployed too, also with deploy on push off.",
    "builder": "Who makes the image. Empty means: who slipway.toml names, else Slipway.",
    "builder_image": "Of Cloud Native Buildpacks. Empty means this installation's default.",
    "language_version": "Such as 3.12 or >=20.",
    "packages": "Of the distribution, such as ffmpeg, beside what it needs anyway.",
    "build_memory_mb": "MB. Empty means this installation's default.",
    "build_timeout_seconds": "Seconds. Empty means this installation's default.",
    "release_command": "Runs once before each release, for migrations.",
    "port": "Where the app listens. Empty means the detected one; it is told in PORT.",
    "replicas": "Containers of the web process.",
    "memory_mb": "MB for each container. Beyond it the container is ended.",
    "cpus": "Cores for each container.",
    "pids": "Processes and threads for each container.",
    "health_path": "Must answer 2xx or 3xx. Empty means that an open port is enough.",
    "health_deadline_seconds": "Seconds until a new release must be healthy.",
    "health_interval_seconds": "Seconds between two checks.",
    "observation_seconds": "Seconds after the switch in which a failing release is taken back by itself.",
    "drain_seconds": "Seconds that requests of the old release have to finish.",
    "scan_policy": "Of an image in which Trivy finds some: warn shows them, block keeps it from going live. Where the "
    "installation's own policy is stricter, that holds.",
    "releases_kept": "How many releases a rollback can go back to.",
}

LABELS = {"cpus": "CPUs", "pids": "PIDs", "static_dir": "Folder of static files"}
LABELS |= {"memory_mb": "Memory", "build_memory_mb": "Build memory", "build_timeout_seconds": "Build time limit"}
LABELS |= {"health_deadline_seconds": "Deadline", "health_interval_seconds": "Interval", "drain_seconds": "Drain"}
LABELS |= {"scan_policy": "Known flaws"}
LABELS |= {"builder_image": "Builder image of Buildpacks"}
LABELS |= {"language_version": "Version of the language", "packages": "Packages"}
LABELS |= {"observation_seconds": "Observation", "auto_deploy": "Deploy on push", "wait_for_ci": "Wait for CI"}

AT_ONCE = dict.fromkeys(("wait_for_ci", "watch_paths", "deploy_tags"), "Takes effect with the next push.")
AT_ONCE |= {"auto_deploy": "Takes effect at once.", "releases_kept": "Takes effect with the next cleaning."}


def help_of(name: str) -> str:
    """What a setting does, what it is when nobody sets it, and when a change of it is felt."""
    field = Service._meta.get_field(name)
    default = field.default if field.has_default() else None  # type: ignore[union-attr]
    if isinstance(default, bool):
        standard = f"Default: {'on' if default else 'off'}."
    else:
        standard = "" if default in (None, "") else f"Default: {default:g}." if isinstance(default, int | float) else ""
        standard = standard or (
            f"Default: {default}." if default else "Default: as detected." if name in COMMANDS else ""
        )
    effect = AT_ONCE.get(name, "Takes effect with the next deployment.")
    return " ".join(part for part in (HELP.get(name, ""), standard, effect) if part)


class SettingsForm(ServiceForm):
    """Every setting of a service but where it comes from. Saved by the action, not by the form."""

    class Meta:
        model = Service
        fields = [name for _, _, names in GROUPS for name in names]
        help_texts = HELP
        labels = LABELS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["builder"].choices = offered(self.instance.builder)  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            field.help_text = help_of(name)
            if isinstance(field.widget, forms.TextInput | forms.Textarea):
                field.widget.attrs.update({**TECHNICAL, "class": "mono"})
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs.update({"rows": "3", "placeholder": "all files"})
        self.fields["builder"].help_text += f" {help_on_lacking()}"

    def groups(self) -> list[tuple[str, str, list[forms.BoundField]]]:
        return [(title, note, [self[name] for name in names]) for title, note, names in GROUPS]

    def changes(self) -> dict[str, Any]:
        """What was told, for the action."""
        return {name: self.cleaned_data[name] for name in self.fields}
