"""What people fill in about variables. What may be a secret is never put back into a form."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.lib.dotenv import looks_pasted
from apps.projects.forms import TECHNICAL
from apps.projects.models import Environment, Project, Service, Variable
from apps.projects.paste import SOUNDS_SECRET, Place

LONGEST_PASTE = 1_000_000


class Box(forms.Textarea):
    """One line that grows; unlike an input it keeps the line ends of what is pasted. `is_silent`: says nothing back."""

    is_silent = False

    def __init__(self, **attributes: str) -> None:
        super().__init__({**TECHNICAL, "class": "mono grows", "rows": "1", **attributes})

    def format_value(self, value: Any) -> str | None:
        return "" if self.is_silent else super().format_value(value)


class BoxField(forms.CharField):
    """Browsers send every line end as two characters."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


def _box(label: str, help_text: str = "", **attributes: str) -> BoxField:
    return BoxField(
        label=label,
        help_text=help_text,
        required=False,
        strip=False,
        max_length=LONGEST_PASTE,
        widget=Box(**attributes),
    )


class AddForm(forms.Form):
    """A name and its value, or a whole file in any of the boxes: then `cleaned_data["pasted"]` is its text."""

    name = _box("Name", placeholder="Name, or paste a whole .env here", **{"data-paste": "", "data-name": ""})
    value = _box("Value", placeholder="Value, or ${{service.NAME}}", **{"data-paste": "", "data-references": ""})
    text = _box(
        "A whole .env file or a JSON object", "You see what would change before anything is saved.",
        placeholder='NAME=value\nOTHER="two words"', rows="8",
    )  # fmt: skip
    place = forms.ChoiceField(label="Given to", required=False)
    secret = forms.BooleanField(
        label="Secret", required=False, help_text="Can be written and never read back; this cannot be undone."
    )

    def __init__(
        self, *args: Any, project: Project, service: Service | None, environment: Environment, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.places = places_of(project, service)
        choice = self.fields["place"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(key, label) for key, (label, _) in self.places.items()]
        if not environment.is_production:  # Who looks at one other environment means that one.
            choice.initial = f"{'service' if service else 'environment'}-{environment.slug}"
        told = self.data.get("secret") or SOUNDS_SECRET.search(str(self.data.get("name", "")).upper())
        for name, is_silent in (
            ("text", True),
            ("value", bool(told)),
            ("name", looks_pasted(self.data.get("name", ""))),
        ):
            box = self.fields[name].widget
            assert isinstance(box, Box)
            box.is_silent = is_silent

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        name, value, text = (told.get(field, "") for field in ("name", "value", "text"))
        told["name"] = name.strip()
        told["pasted"] = next((t for t in (text, name if looks_pasted(name) else "", "" if name else value) if t), "")
        if not told["pasted"] and not told["name"] and not self.errors:
            self.add_error("name", "Give the variable a name, or paste a whole .env file.")
        return told

    @property
    def place_told(self) -> Place:
        """The scope that was chosen; the narrowest that makes sense by itself."""
        chosen = self.cleaned_data.get("place") or next(iter(self.places))
        return self.places[chosen][1]


def places_of(project: Project, service: Service | None) -> dict[str, tuple[str, Place]]:
    """Every scope that a page offers, by a key that an address can carry: label and scope."""
    previews = "only in previews of pull requests, all of them"
    environments = list(project.environments.order_by("created_at"))
    found: dict[str, tuple[str, Place]] = {}
    if service is not None:
        found["service"] = (f"{service.name}", Place(project, service))
        found |= {f"service-{e.slug}": _in(f"{service.name}", Place(project, service, e), e) for e in environments}
        found["previews-service"] = (f"{service.name}, {previews}", Place(project, service, for_previews=True))
    found["project"] = (f"Every service of {project.name}", Place(project))
    found |= {f"environment-{e.slug}": _in("Every service", Place(project, None, e), e) for e in environments}
    found["previews"] = (f"Every service, {previews}", Place(project, for_previews=True))
    return found


def _in(label: str, place: Place, environment: Environment) -> tuple[str, Place]:
    return f"{label}, only in {environment.slug}", place


class ChangeForm(forms.Form):
    """One variable. The value of a secret is not in the form; left empty it stays what it is."""

    name = _box("Name")
    value = _box("Value", **{"data-references": ""})
    secret = forms.BooleanField(
        label="Make it a secret", required=False, help_text="Can be written and never read back; this cannot be undone."
    )

    def __init__(self, data: Any, *, variable: Variable) -> None:
        super().__init__(data, initial={"name": variable.name, "value": variable.shown})
        self.is_secret = variable.is_secret
        box = self.fields["value"].widget
        assert isinstance(box, Box)
        box.is_silent = variable.is_secret or bool(self.data.get("secret"))
        if variable.is_secret:
            del self.fields["secret"]
            self.fields["value"].label = "New value"
            self.fields["value"].help_text = "Empty keeps the one that is there, which is never shown."

    def changes(self) -> dict[str, Any]:
        """What was told, for the action."""
        told = {**self.cleaned_data, "name": self.cleaned_data["name"].strip()}
        if self.is_secret and not told["value"]:
            del told["value"]
        return told
