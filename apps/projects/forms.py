"""What people fill in about services: source, settings, variables, domains, volumes."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django import forms

from apps.lib.dotenv import parse_variables
from apps.lib.encryption import decrypt, encrypt
from apps.lib.forms import said_at
from apps.projects.models import Service
from workers.deploy_key import make_key, public_part
from workers.errors import PlatformError, UserError
from workers.git_remote import is_ssh, origin_of
from workers.image_reference import parse_image

if TYPE_CHECKING:
    _ServiceForm = forms.ModelForm[Service]
else:  # The parameter is for the type checker only.
    _ServiceForm = forms.ModelForm

TECHNICAL = {"spellcheck": "false", "autocapitalize": "off", "autocorrect": "off", "autocomplete": "off"}
COMMANDS = ("install_command", "build_command", "start_command", "release_command", "static_dir")


def line(label: str, help_text: str = "", *, required: bool = False, **attributes: str) -> forms.CharField:
    """One line of something technical: nothing corrects its spelling."""
    widget = forms.TextInput({**TECHNICAL, "class": "mono", **attributes})
    return forms.CharField(label=label, help_text=help_text, required=required, widget=widget, max_length=1000)


def box(label: str, help_text: str, **attributes: str) -> forms.CharField:
    widget = forms.Textarea({**TECHNICAL, "class": "mono", "rows": "6", **attributes})
    return forms.CharField(label=label, help_text=help_text, required=False, widget=widget, strip=False)


class SourceForm(forms.Form):
    """The first step of a new service: where its source is."""

    source_url = line(
        "Git URL",
        "https:// or, with a deploy key, git@host:owner/name.",
        required=True,
        placeholder="https://github.com/owner/name",
        inputmode="url",
    )
    branch = line(
        "Branch", "Empty means the repository's default branch.", placeholder="default branch", list="branches"
    )
    branch.widget.attrs |= {"hx-post": "/new/branches", "hx-trigger": "focus", "hx-include": "closest form"}
    branch.widget.attrs |= {"hx-target": "#branches", "hx-swap": "outerHTML"}
    root_directory = line("Root directory", "The folder that holds the app, when it is not the top.", placeholder="/")
    source_token = forms.CharField(
        label="Access token",
        required=False,
        help_text="Only for a private repository. It is sent as an HTTP header, kept encrypted and never shown again.",
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )
    dockerfile = line("Dockerfile", "Its path, when it is not called Dockerfile.", placeholder="Dockerfile")
    start_command = line("Start command", "When it can't be found by itself.", placeholder="detected")
    sealed_key = forms.CharField(required=False, max_length=4000, widget=forms.HiddenInput)

    def clean_source_url(self) -> str:
        """Its form alone: nobody is asked yet."""
        url: str = self.cleaned_data["source_url"]
        try:
            origin_of(url)
        except UserError as error:
            raise forms.ValidationError(f"{error.message} {error.hint}", code=error.code) from error
        return url

    @cached_property
    def key(self) -> str:
        """The private part of the deploy key that the page carries from one sending to the next; "" when none is needed."""
        if not is_ssh(self.cleaned_data.get("source_url", "")):
            return ""
        try:
            key = decrypt(self.cleaned_data.get("sealed_key", ""))
            public_part(key)
        except (PlatformError, ValueError):  # The first sending, or something else of ours that was sealed.
            return make_key()
        return key

    @property
    def public_key(self) -> str:
        return public_part(self.key) if self.is_bound and self.key else ""

    @property
    def key_to_send(self) -> str:
        return encrypt(self.key)

    def is_ready(self) -> bool:
        """Whether a person could have given the key to the git server by now."""
        return not self.key or bool(self.cleaned_data.get("sealed_key"))


class ImageForm(forms.Form):
    """A service that comes from an image: nothing is fetched and built."""

    image = line(
        "Image",
        "Pinned to what its tag names at each deployment. Docker Hub's may leave out their host.",
        required=True,
        placeholder="ghcr.io/owner/app:1.2",
    )

    def clean_image(self) -> str:
        """Its form alone: no registry is asked yet."""
        image: str = self.cleaned_data["image"]
        try:
            parse_image(image)
        except UserError as error:
            raise forms.ValidationError(f"{error.message} {error.hint}", code=error.code) from error
        return image


class RegistryForm(forms.Form):
    host = line("Host", required=True, placeholder="ghcr.io")
    username = line("User name", required=True)
    password = forms.CharField(
        label="Password or token",
        max_length=5000,
        help_text="One that may read is enough. Kept encrypted, never shown again.",
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )


def parsed(form: forms.Form, field: str) -> dict[str, str]:
    """The variables of a box; what is wrong with them is said at the box."""
    found: dict[str, str] = {}
    with said_at(form, field):
        found.update(parse_variables(form.cleaned_data[field]))
    return found


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
        return parsed(self, "variables")

    def clean_secrets(self) -> dict[str, str]:
        return parsed(self, "secrets")

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


class DomainForm(forms.Form):
    host = line(
        "Host name",
        "The record to create in DNS is shown once it is added.",
        required=True,
        placeholder="shop.example.com",
    )


class VolumeForm(forms.Form):
    name = line("Name", required=True, placeholder="data")
    path = line("Mounted at", "Takes effect with the next deployment.", required=True, placeholder="/data")


class ConfirmForm(forms.Form):
    """A name typed by a person, before something is gone for ever."""

    confirm = line("Type its name to confirm", required=True)


class NameForm(forms.Form):
    name = forms.CharField(max_length=40)


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
        ["dockerfile", "language_version", "packages", *COMMANDS, "build_memory_mb", "build_timeout_seconds"],
    ),
    ("Run", "", ["port", "replicas", "memory_mb", "cpus", "pids"]),
    ("Health", "", ["health_path", "health_deadline_seconds", "health_interval_seconds", "observation_seconds"]),
    ("Releases", "", ["drain_seconds", "releases_kept"]),
]

HELP = {
    "root_directory": "The folder that holds the app, when it is not the top.",
    "auto_deploy": "Every push to the branch is deployed.",
    "wait_for_ci": "A push is deployed once the checks of its commit at GitHub have succeeded, and not if one fails.",
    "watch_paths": "One glob a line, such as libs/** or !**/*.md: other pushes are skipped. "
    "Files of the root directory always count unless a line with ! takes them away. Empty: all files count, or those "
    "of the root directory.",
    "deploy_tags": "Such as v*: tags that match are deployed too, also with deploy on push off.",
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
    "releases_kept": "How many releases a rollback can go back to.",
}

LABELS = {"source_url": "Git URL", "cpus": "CPUs", "pids": "PIDs", "static_dir": "Folder of static files"}
LABELS |= {"memory_mb": "Memory", "build_memory_mb": "Build memory", "build_timeout_seconds": "Build time limit"}
LABELS |= {"health_deadline_seconds": "Deadline", "health_interval_seconds": "Interval", "drain_seconds": "Drain"}
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


class SettingsForm(_ServiceForm):
    """Every setting of a service but where it comes from. Saved by the action, not by the form."""

    class Meta:
        model = Service
        fields = [name for _, _, names in GROUPS for name in names]
        help_texts = HELP
        labels = LABELS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.help_text = help_of(name)
            if isinstance(field.widget, forms.TextInput | forms.Textarea):
                field.widget.attrs.update({**TECHNICAL, "class": "mono"})
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs.update({"rows": "3", "placeholder": "all files"})

    def groups(self) -> list[tuple[str, str, list[forms.BoundField]]]:
        return [(title, note, [self[name] for name in names]) for title, note, names in GROUPS]

    def changes(self) -> dict[str, Any]:
        """What was told, for the action."""
        return {name: self.cleaned_data[name] for name in self.fields}


class AddressForm(_ServiceForm):
    """Where a service comes from, when it is not picked from GitHub. Saved by the action, not by the form."""

    source_token = forms.CharField(
        label="Access token",
        required=False,
        help_text="Write a new one to replace what is kept. It is never shown. Another server's address forgets it.",
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )

    class Meta:
        model = Service
        fields = ["source_url", "branch"]
        labels = LABELS
        help_texts = {"source_url": "https:// or, with a deploy key, git@host:owner/name."}
        widgets = {
            "source_url": forms.TextInput({**TECHNICAL, "class": "mono", "inputmode": "url"}),
            "branch": forms.TextInput({**TECHNICAL, "class": "mono"}),
        }

    def changes(self) -> dict[str, Any]:
        """What was told, for the action; an empty token keeps the one that is there."""
        told = {name: self.cleaned_data[name] for name in self.fields}
        if not told["source_token"]:
            del told["source_token"]
        return told
