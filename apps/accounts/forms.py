"""What people fill in about themselves and their team."""

from __future__ import annotations

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


class OwnerForm(forms.Form):
    name = forms.CharField(max_length=100, label="Your name", widget=forms.TextInput({"autocomplete": "name"}))
    email = forms.EmailField(label="Email", widget=forms.EmailInput({"autocomplete": "email"}))
    password = forms.CharField(
        label="Password",
        help_text="At least 10 characters.",
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        strip=False,
    )

    def clean(self) -> dict[str, object]:
        told = super().clean() or {}
        if "password" in told:
            person = User(email=told.get("email", ""), name=told.get("name", ""))
            try:
                password_validation.validate_password(told["password"], person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return told


class SignInForm(forms.Form):
    email = forms.EmailField(label="Email", widget=forms.EmailInput({"autocomplete": "username", "autofocus": True}))
    password = forms.CharField(
        label="Password", widget=forms.PasswordInput({"autocomplete": "current-password"}), strip=False
    )

    def clean_email(self) -> str:
        """As it is stored: another spelling of the same address must not count its wrong passwords anew."""
        return str(self.cleaned_data["email"]).lower()


class MemberForm(forms.Form):
    email = forms.EmailField(label="Email of a person with an account here")
    role = forms.ChoiceField(choices=ROLES, initial=Role.DEVELOPER.value)


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=ROLES)


class TokenForm(forms.Form):
    name = forms.CharField(max_length=60, help_text="What it is for, such as: CI of the shop.")
    scope = forms.ChoiceField(choices=SCOPES, initial=Scope.DEPLOY.value, label="May")
    days = forms.ChoiceField(choices=LIVES, initial="90", required=False, label="Ends after")
