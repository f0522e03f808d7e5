"""Pills, stories and log text in templates."""

from __future__ import annotations

import posixpath
from collections import Counter
from functools import lru_cache
from html import escape  # Quicker than Django's, which looks whether each is lazy.

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.deployments import presentation
from apps.deployments.logs import Line
from apps.deployments.logtext import plain
from apps.deployments.models import Deployment, Release
from apps.deployments.presentation import Past
from apps.lib.templatetags.addresses import address
from apps.projects.models import Service

register = template.Library()

register.filter("plain", plain)
register.filter("story", presentation.story_of)


@register.simple_tag
def pill(of: Deployment | presentation.Pill) -> SafeString:
    return _drawn(presentation.pill_of(of) if isinstance(of, Deployment) else of)


@lru_cache(maxsize=256)
def _drawn(pill: presentation.Pill) -> SafeString:
    """Kept, because a page has dozens of the same few."""
    return render_to_string("_pill.html", {"pill": pill})


@register.simple_tag
@lru_cache(maxsize=16)
def icon(name: str) -> SafeString:
    return render_to_string("_icon.html", {"name": name})


@register.filter
def apart_from(release: Release, other: Release | Deployment | None) -> str:
    """What a release is called beside another one: by its commit, or by its number where they have the same."""
    is_same = other is not None and release.commit == other.commit
    return f"release {release.number}" if is_same else release.commit[:7]


@register.filter
def compose_file(service: Service) -> str:
    """Its path from the repository's top: an included one is named from the folder that was imported."""
    return str(posixpath.normpath(posixpath.join(service.compose_said.get("folder", ""), service.compose["file"])))


@register.filter
def clock(at: str) -> str:
    """`14:02:11.204` out of a moment in ISO form."""
    return at[11:23]


@register.simple_tag
def log_blocks(lines: list[Line], link: str, by_source: bool) -> SafeString:
    """The rows of a log in blocks of 200. Not a template, because a page has hundreds of them."""
    blocks = (lines[i : i + BLOCK] for i in range(0, max(1, len(lines)), BLOCK))
    shown = ("".join(_line(line, link, by_source) for line in block) for block in blocks)
    return mark_safe("".join(f'<div class="block">{rows}</div>' for rows in shown))  # noqa: S308 - escaped by _line


BLOCK = 200  # As static/log-block.js has it.


def _line(line: Line, link: str, by_source: bool) -> str:
    seq, said = line.seq, []
    for classes, text in line.runs:
        said.append(f'<b class="{escape(classes)}">{escape(text)}</b>' if classes else escape(text))
    who = f'<i class="who">{escape(line.source)}</i>' if by_source else ""
    return (
        f'<div class="{escape(f"line {line.severity} {line.level} {line.kind}")}" id="L{seq}">'
        f'<a href="{escape(f"{link}?around={seq}") if link else ""}#L{seq}">{seq}</a>'
        f'<time datetime="{escape(line.at)}">{escape(clock(line.at))}</time>{who}<span>{"".join(said)}</span></div>'
    )


@register.filter
def mebibytes(value: int | None) -> str:
    return "" if value is None else f"{value / 2**20:.0f} MB"


@register.filter
def host(url: str) -> str:
    """`http://shop.example.com:8080` -> `shop.example.com:8080`."""
    return url.partition("://")[2]


TICKS = {"live": "serving", "superseded": "replaced", "failed": "failed", "cancelled": ""}


def tick(of: Past) -> str:
    """The class of a deployment's tick in the ribbon."""
    return "" if of.pill == presentation.SKIPPED else TICKS.get(of.status, "busy")


@register.simple_tag
def ticks(rows: list[Deployment], before: Release | None = None) -> SafeString:
    """The links of a ribbon. In Python, since a page of cards has hundreds of them."""
    again = [row.pk for row in rows if before and row.release_id == before.pk and row.live_at]
    return format_html_join("", TICK, (_tick(row, row.pk in again[-1:]) for row in rows))


TICK = '<a href="{}" class="{}" title="{}: {} {}" aria-label="Deployment {}, {}{}"></a>'


def _tick(row: Deployment, comes_back: bool) -> tuple[object, ...]:
    past = presentation.past_of(row)
    word, look = past.pill.word, f"{tick(past)} prev" if comes_back else tick(past)
    message = row.build.message if row.build else ""
    also = ", a rollback brings it back" if comes_back else ""
    return address("deployment", row.pk), look, word, row.commit[:7], message, row.number, word, also


def still_ticks(rows: list[Past]) -> SafeString:
    """The same as a picture, where the whole card is a link."""
    return mark_safe("".join(f'<span class="{tick(row)}"></span>' for row in rows))  # noqa: S308 - of `TICKS`


def tally(rows: list[Past]) -> str:
    """`The last 3 deployments: 1 failed, 1 live, 1 replaced` for those who hear the ribbon."""
    counted = Counter(row.pill.word.lower() for row in rows)
    return f"The last {len(rows)} deployments: " + ", ".join(f"{n} {word}" for word, n in sorted(counted.items()))
