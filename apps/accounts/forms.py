"""What people fill in about themselves and their team."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import password_validation

from apps.accounts.models import User
from apps.accounts.policy import Role, Scope

ROLES = [(role.value, role.value.capitalize()) for role in reversed(Role)]
LIVES = [("30", "30 days"), ("90", "90 days"), ("365", "1 year"), ("", "Never")]
SCOPES = [
    (Scope.READ.value, "Read: look at everything"),
    (Scope.DEPLOY.value, "Deploy: read, and deploy, cancel, roll back"),
    (Scope.ADMIN.value, "Admin: everything that you may do"),
]


def secret(label: str, help_text: str = "", *, required: bool = True, kind: str = "new-password") -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": kind})
    return forms.CharField(label=label, help_text=help_text, required=required, widget=widget, strip=False)


class _NewPassword(forms.Form):
    """A form whose `password` is held against the rules, with the person it is for."""

    def person(self, told: dict[str, Any]) -> User:
        return User(email=told.get("email", ""), name=told.get("name", ""))

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if "password" in told:
            try:
                password_validation.validate_password(told["password"], self.person(told))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return told


class OwnerForm(_NewPassword):
    name = forms.CharField(max_length=100, label="Your name", widget=forms.TextInput({"autocomplete": "name"}))
    email = forms.EmailField(label="Email", widget=forms.EmailInput({"autocomplete": "email"}))
    password = secret("Password", "At least 10 characters.")


class JoinForm(_NewPassword):
    """Somebody new, whose address the invitation says."""

    name = forms.CharField(max_length=100, label="Your name", widget=forms.TextInput({"autocomplete": "name"}))
    password = secret("Password", "At least 10 characters.")

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def person(self, told: dict[str, Any]) -> User:
        return User(email=self.email, name=told.get("name", ""))


class ProfileForm(forms.Form):
    name = forms.CharField(max_length=100, label="Name", widget=forms.TextInput({"autocomplete": "name"}))
    email = forms.EmailField(
        label="Email", help_text="You sign in with it.", widget=forms.EmailInput({"autocomplete": "email"})
    )


class PasswordForm(forms.Form):
    old = secret("Password of now", required=False, kind="current-password")
    new = secret("New password", "At least 10 characters.")


class TeamNameForm(forms.Form):
    name = forms.CharField(max_length=60, label="Name")


class TypedNameForm(forms.Form):
    confirm = forms.CharField(label="Type its name to confirm", widget=forms.TextInput({"autocomplete": "off"}))


class SignInForm(forms.Form):
    email = forms.EmailField(label="Email", widget=forms.EmailInput({"autocomplete": "username", "autofocus": True}))
    password = forms.CharField(
        label="Password", widget=forms.PasswordInput({"autocomplete": "current-password"}), strip=False
    )

    def clean_email(self) -> str:
        """As it is stored: another spelling of the same address must not count its wrong passwords anew."""
        return str(self.cleaned_data["email"]).lower()


class MemberForm(forms.Form):
    email = forms.EmailField(label="Email", help_text="Of a person with or without an account here.")
    role = forms.ChoiceField(choices=ROLES, initial=Role.DEVELOPER.value)


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=ROLES)


class TokenForm(forms.Form):
    name = forms.CharField(max_length=60, help_text="What it is for, such as: CI of the shop.")
    scope = forms.ChoiceField(choices=SCOPES, initial=Scope.DEPLOY.value, label="May")
    days = forms.ChoiceField(choices=LIVES, initial="90", required=False, label="Ends after")


class BaseDomainForm(forms.Form):
    """A domain of one's own, or one of those that need no DNS. `cleaned_data["base"]` is the one chosen."""

    OWN, LOCAL = "own", "apps.localhost"
    choice = forms.ChoiceField(label="Apps get their addresses beneath", widget=forms.RadioSelect)
    domain = forms.CharField(
        label="Your domain",
        required=False,
        max_length=180,
        widget=forms.TextInput(
            {"placeholder": "apps.example.com", "class": "mono", "spellcheck": "false", "autocapitalize": "off"}
        ),
    )

    def __init__(self, *args: Any, current: str, without_dns: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            (self.OWN, "A domain of your own"),
            *((name, name) for name in without_dns),
            (self.LOCAL, self.LOCAL),
        ]
        choice: forms.ChoiceField = self.fields["choice"]  # type: ignore[assignment]
        choice.choices = choices
        is_listed = current in dict(choices)
        choice.initial = current if is_listed else self.OWN
        self.fields["domain"].initial = "" if is_listed else current

    def clean(self) -> dict[str, object]:
        told = super().clean() or {}
        told["base"] = told.get("domain") if told.get("choice") == self.OWN else told.get("choice")
        if "choice" in told and not told["base"]:
            self.add_error("domain", "Write the domain beneath which apps get their addresses.")
        return told
