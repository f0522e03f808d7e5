"""Services as cards, and lines of measurements. In Python: a page has dozens, and a template looks up each word anew."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.deployments.board import Card
from apps.deployments.links import Link
from apps.deployments.metrics_cards import Mark, Sparkline
from apps.deployments.models import Deployment
from apps.deployments.templatetags.deployments import host, pill, still_ticks, tally
from apps.lib.templatetags.addresses import address
from apps.lib.templatetags.slipway import ago

register = template.Library()

CARD = '<article class="card" id="card-{}">\n{}\n</article>\n'
HEAD = '<div class="row"><span class="grow clip">{}<a class="cover" href="{}"><b>{}</b></a></span>{}{}</div>'
PROJECT = '<a class="dim above" href="{}">{} /</a> '
TEAM = '<span class="tag">{}</span>'
# The button is as c-copy draws it.
LINK = (
    '<div class="row"><a class="mono dim above link" href="{url}" rel="noopener">{host}</a>'
    '<button class="btn small bare copy by-script" type="button" data-copy-text="{url}"'
    ' aria-label="Copy the address of {name}">Copy</button>{more}</div>'
)
MORE = '<span class="dimmer nowrap">and {} more</span>'
USES = '<div class="row dim"><span class="grow clip">Uses {}</span></div>'
USED = '<a class="link above" href="{}">{}</a>'
DIM = '<span class="dim">{}</span>'
LATEST = (
    '<div class="row"><span class="grow clip">{}</span></div>\n<div class="row dim"><span class="grow clip">{}{}</span>'
    '<span class="dimmer num nowrap">{}</span></div>'
)
COMMIT = '<span class="mono" title="{}">{}</span> '
OTHER = '<div class="row">{}<span class="dim">the last deployment</span></div>'
RIBBON = '<div class="ribbon" role="img" aria-label="{}">{}</div>'
SPARK = (
    '<svg class="spark" viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label="{}" focusable="false">'
    '<path class="fill" d="{}"/><path class="line" d="{}"/>{}</svg>'
)


@register.simple_tag(takes_context=True)
def service_cards(context: template.Context, cards: list[Card]) -> SafeString:
    """With their projects and teams where the page is not about one."""
    with_project = not context.get("project")
    with_team = len(context.get("teams") or ()) > 1 and not context.get("chosen")
    return format_html_join("", "{}", ((_card(card, with_project, with_team),) for card in cards))


def _card(card: Card, with_project: bool, with_team: bool) -> SafeString:
    rows = [_head(card, with_project, with_team)]
    if card.url:
        more = format_html(MORE, len(card.urls) - 1) if len(card.urls) > 1 else ""
        rows.append(format_html(LINK, url=card.url, host=host(card.url), name=card.service.name, more=more))
    if card.links:
        rows.append(_links(card.links))
    if card.health.note:
        rows.append(format_html(DIM, card.health.note))
    if card.latest:
        rows.append(_latest(card.latest))
        if card.live and card.latest.pk != card.live.pk:
            rows.append(format_html(OTHER, pill(card.latest)))
        rows.append(format_html(RIBBON, tally(card.ribbon), still_ticks(card.ribbon)))
    else:
        rows.append(format_html(DIM, "Not deployed yet"))
    if card.spark:
        rows.append(sparkline(card.spark))
    return format_html(CARD, card.service.pk, SafeString("\n".join(rows)))


def _head(card: Card, with_project: bool, with_team: bool) -> SafeString:
    service, project = card.service, card.service.project
    above = with_project and service.name != project.name
    return format_html(
        HEAD,
        format_html(PROJECT, address("project", project.pk), project.name) if above else "",
        address("service", service.pk),
        service.name,
        format_html(TEAM, project.team.name) if with_team else "",
        pill(card.health.pill),
    )


def _links(links: Sequence[Link]) -> SafeString:
    return format_html(
        USES, format_html_join(", ", USED, ((address("service", one.service), one.name) for one in links))
    )


def _latest(row: Deployment) -> SafeString:
    commit = format_html(COMMIT, row.commit, row.commit[:7]) if row.commit else ""
    what = row.commit_message or f"Deployment {row.number}"
    return format_html(LATEST, what, commit, row.commit_author or row.actor_name, ago(row.created_at))


@register.simple_tag
def sparkline(spark: Sparkline, marks: Sequence[Mark] = ()) -> SafeString:
    drawn = format_html_join("", '<path class="mark" d="M{} 0V100"/>', ((mark.x,) for mark in marks))
    return format_html(SPARK, spark.label, spark.area, spark.path, drawn)
