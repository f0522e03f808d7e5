"""Filters of every template: times, sizes and states as a person says them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.lib.undo import undo_of

register = template.Library()


@register.filter
def duration(value: timedelta | float | None) -> str:
    """`0.07 s`, `24.3 s`, `1 min 2 s`, `3 h 4 min`."""
    if value is None:
        return ""
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


@register.filter
def in_quotes(value: str) -> SafeString:
    """Text of a component's attribute within double quotes. What came from outside is escaped by then; JSON is not."""
    return mark_safe(conditional_escape(value).replace('"', "&quot;"))  # noqa: S308 - escaped


@register.filter
def coded(text: str) -> SafeString:
    """What stands between backticks as code: the words of a plan name commands and files so."""
    parts = re.split(r"`([^`]+)`", text)
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", p) if n % 2 else p,) for n, p in enumerate(parts))
    )


@register.filter
def first_line(text: str) -> str:
    return text.partition("\n")[0]


@register.filter
def other_lines(text: str) -> str:
    return text.partition("\n")[2]


@register.filter
def wrappable(address: str) -> SafeString:
    """A long address breaks behind its slashes and colons, and only where that is not enough within a word."""
    return mark_safe(re.sub("([/:@]+)", r"\1<wbr>", conditional_escape(address)))  # noqa: S308 - escaped


@register.filter
def ago(value: datetime | None) -> SafeString | str:
    """`12 min ago`, with the exact time on hover."""
    if value is None:
        return ""
    seconds = max(0.0, (timezone.now() - value).total_seconds())
    if seconds < 1:
        return _time(value, "just now")
    for limit, size, unit in ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h"), (86400 * 60, 86400, "d")):
        if seconds < limit:
            return _time(value, f"{int(seconds // size)} {unit} ago")
    return _time(value, f"{value:%-d %b %Y}")


@register.filter
def until(value: datetime | None) -> SafeString | str:
    """`in 6 d`, with the exact time on hover; `now` when it has come."""
    if value is None:
        return ""
    seconds = (value - timezone.now()).total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return _time(value, f"in {round(seconds / size)} {unit}")
    return _time(value, "now" if seconds <= 0 else "within a minute")


def _time(value: datetime, text: str) -> SafeString:
    exact = f"{value:%Y-%m-%d %H:%M:%S} UTC"
    return mark_safe(f'<time datetime="{value.isoformat()}" title="{exact}">{text}</time>')  # noqa: S308 - numbers


@register.filter
def megabytes(value: int | None) -> str:
    return "" if value is None else f"{value / 1e6:.0f} MB"


@register.simple_tag(takes_context=True)
def drawn(context: template.Context, name: str) -> SafeString:
    """A template of the page, for what stands in two places of it: `{% drawn "_places.html" as places %}`."""
    assert context.template is not None
    return mark_safe(context.template.engine.get_template(name).render(context))  # noqa: S308 - a template's own


register.filter("undo", undo_of)


@register.filter
def toast_kind(tags: str) -> str:
    """The class of a message's toast."""
    return "fail" if "error" in tags.split() else ""


@register.filter
def words(value: str) -> list[str]:
    return value.split()
