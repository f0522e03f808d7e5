"""What operators fill in to connect GitHub."""

from __future__ import annotations

from django import forms

from apps.accounts.forms import secret
from apps.github.manifest import NAME_LENGTH

PLAIN = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}


class ServerForm(forms.Form):
    """Which GitHub. Nothing means the one of the settings: github.com unless they say another."""

    web_url = forms.CharField(
        max_length=300, required=False, label="Address of GitHub", widget=forms.TextInput({**PLAIN, "inputmode": "url"}),
        help_text="Of a GitHub Enterprise Server, such as https://github.example.com.",
    )  # fmt: skip
    api_url = forms.CharField(
        max_length=300, required=False, label="Address of its API", widget=forms.TextInput({**PLAIN, "inputmode": "url"}),
        help_text="Only when it is not <address>/api/v3.",
    )  # fmt: skip


class ManifestForm(ServerForm):
    organization = forms.RegexField(
        r"^[A-Za-z0-9_-]+$", max_length=100, error_messages={"invalid": "Its name as in its address at GitHub."},
        required=False, label="Organisation that shall own the App", widget=forms.TextInput(PLAIN),
        help_text="Left empty it is your own account. Anybody may install it either way.",
    )  # fmt: skip
    name = forms.CharField(
        max_length=NAME_LENGTH, required=False, label="Name of the App", widget=forms.TextInput(PLAIN),
        help_text="Nobody else at GitHub may have it; you can change it there before the App is made.",
    )  # fmt: skip


class HandForm(ServerForm):
    app_id = forms.IntegerField(label="App ID", min_value=1, max_value=2**53)
    client_id = forms.CharField(max_length=100, label="Client ID", widget=forms.TextInput(PLAIN))
    client_secret = secret("Client secret", "Make one under Client secrets.", kind="off")
    webhook_secret = secret("Webhook secret", "The one that stands in the App's webhook.", kind="off")
    private_key = forms.CharField(
        max_length=20_000, label="Private key", strip=False, help_text="The whole .pem file.",
        widget=forms.Textarea({**PLAIN, "rows": 6, "class": "mono"}),
    )  # fmt: skip
