"""What people fill in about environments."""

from __future__ import annotations

from django import forms

from apps.projects.forms import line


class EnvironmentForm(forms.Form):
    name = forms.CharField(max_length=40, help_text="Such as staging. It becomes a part of host names.")
    branch = line(
        "Branch",
        "Pushes to it are deployed here. Empty means each service's own branch.",
        placeholder="as each service",
    )
