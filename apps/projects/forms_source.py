"""Where a service comes from, told by hand: a git address, with what opens it, or an image."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms

from apps.lib.encryption import decrypt, encrypt
from apps.projects.forms import TECHNICAL, ServiceForm, line
from apps.projects.models import Service
from workers.deploy_key import make_key, public_part
from workers.errors import PlatformError, UserError
from workers.git_remote import is_ssh, origin_of
from workers.image_reference import parse_image


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


class AddressForm(ServiceForm):
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
        labels = {"source_url": "Git URL"}
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
