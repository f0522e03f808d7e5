"""What people fill in about previews."""

from __future__ import annotations

from django import forms

from apps.previews.models import DAYS, LIMIT, LONGEST, MOST


class PreferenceForm(forms.Form):
    is_on = forms.BooleanField(label="Preview pull requests", required=False)
    drafts = forms.BooleanField(label="Drafts too", required=False)
    limit = forms.IntegerField(
        label="At most", min_value=1, max_value=MOST, initial=LIMIT, help_text="Previews at once. More are refused."
    )
    days = forms.IntegerField(
        label="Days", min_value=1, max_value=LONGEST, initial=DAYS, help_text="After the last push it is removed."
    )
