"""What operators fill in about who may sign in."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.accounts.models import Team
from apps.accounts.newcomers import GIVEN_ROLES, Policy
from apps.accounts.policy import Newcomers, SignIn, TeamMakers

WHO = [
    (SignIn.INVITED.value, "Only people who are invited"),
    (SignIn.ALLOWED.value, "Invited people, and the organisations and people on the list"),
    (SignIn.OPEN.value, "Everybody with a GitHub account"),
]
FIND = [
    (Newcomers.OWN.value, "A team of their own"),
    (Newcomers.TEAM.value, "A place in a team"),
    (Newcomers.NOTHING.value, "No team: they ask for an invitation"),
]
MAKERS = [(TeamMakers.EVERYONE.value, "Everybody"), (TeamMakers.OPERATORS.value, "Operators only")]


class SignInPolicyForm(forms.Form):
    sign_in = forms.ChoiceField(label="Who may sign in with GitHub", choices=WHO, widget=forms.RadioSelect)
    allowed = forms.CharField(
        label="Organisations and people at GitHub", required=False, max_length=6000, empty_value="",
        help_text="One name a line. Kept by GitHub's numeric id, so that a renaming changes nothing.",
        widget=forms.Textarea({"rows": 4, "class": "mono", "spellcheck": "false", "autocapitalize": "off"}),
    )  # fmt: skip
    newcomers = forms.ChoiceField(
        label="What newcomers without an invitation get", choices=FIND, widget=forms.RadioSelect
    )
    team_id = forms.ModelChoiceField(
        label="The team they join", queryset=Team.objects.order_by("name"), required=False, empty_label="No team"
    )
    role = forms.ChoiceField(label="As", choices=[(role.value, role.value.capitalize()) for role in GIVEN_ROLES])
    team_makers = forms.ChoiceField(label="Who may make teams", choices=MAKERS, widget=forms.RadioSelect)
    contact = forms.CharField(
        label="Whom to ask", required=False, max_length=200,
        help_text="Shown to everybody who may not come in or has no team, such as: platform@example.com",
        widget=forms.TextInput({"autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *args: Any, policy: Policy, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "sign_in": policy.sign_in.value,
            "allowed": "\n".join(map(str, policy.allowed)),
            "newcomers": policy.newcomers.value,
            "team_id": policy.team_id,
            "role": policy.role.value,
            "team_makers": policy.team_makers.value,
            "contact": policy.contact,
        }
        super().__init__(*args, **kwargs)
        for name in ("sign_in", "allowed") if policy.is_fixed else ():
            self.fields[name].disabled = True
