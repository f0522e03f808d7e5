"""What people fill in: the fields for something technical, and the forms of a field or two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms

from apps.projects.models import Service

if TYPE_CHECKING:
    ServiceForm = forms.ModelForm[Service]
else:  # The parameter is for the type checker only.
    ServiceForm = forms.ModelForm

TECHNICAL = {"spellcheck": "false", "autocapitalize": "off", "autocorrect": "off", "autocomplete": "off"}
COMMANDS = ("install_command", "build_command", "start_command", "release_command", "static_dir")


def line(label: str, help_text: str = "", *, required: bool = False, **attributes: str) -> forms.CharField:
    """One line of something technical: nothing corrects its spelling."""
    widget = forms.TextInput({**TECHNICAL, "class": "mono", **attributes})
    return forms.CharField(label=label, help_text=help_text, required=required, widget=widget, max_length=1000)


def box(label: str, help_text: str, **attributes: str) -> forms.CharField:
    widget = forms.Textarea({**TECHNICAL, "class": "mono", "rows": "6", **attributes})
    return forms.CharField(label=label, help_text=help_text, required=False, widget=widget, strip=False)


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


class RegistryForm(forms.Form):
    host = line("Host", required=True, placeholder="ghcr.io")
    username = line("User name", required=True)
    password = forms.CharField(
        label="Password or token",
        max_length=5000,
        help_text="One that may read is enough. Kept encrypted, never shown again.",
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )
