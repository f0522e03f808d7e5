"""Pages of operators: hosts, disk, queue, health, the installation's settings. For everybody else they do not exist."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import Actor, not_found
from apps.accounts.installation import installation, require_operator_page
from apps.accounts.session import actor_of
from apps.deployments import operating
from apps.deployments.budget import set_budget, want_cleaning
from apps.deployments.disk_measuring import want_measurement
from apps.deployments.disk_standing import disk_standing
from apps.deployments.lease import AGENT
from apps.deployments.views_welcome import base_form, saved
from apps.hosts.actions import drain_host
from apps.hosts.installation import checks, host_rows, shown_settings, versions
from apps.hosts.models import Host
from apps.lib.forms import said_at, status_of
from apps.projects.base_checks import base_standing
from apps.projects.models import Domain


def _operator(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    require_operator_page(actor)
    return actor


@never_cache
@require_GET
def hosts(request: HttpRequest) -> HttpResponse:
    """The machines, what their agents said last, and how much of what they should run they have taken."""
    _operator(request)
    return render(request, "hosts/hosts.html", {"rows": host_rows()})


@require_POST
def host_drain(request: HttpRequest, host_id: UUID) -> HttpResponse:
    """With `on` it takes no new deployments; without, it does again."""
    actor = _operator(request)
    row = Host.objects.filter(pk=host_id).first()
    if row is None:
        raise not_found("host")
    drain_host(actor=actor, host=row, on=bool(request.POST.get("on")))
    return redirect("hosts")


@never_cache
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    _operator(request)
    return render(request, "hosts/queue.html", {"rows": operating.queue(), "agent": AGENT})


@require_POST
def queue_cancel(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    actor = _operator(request)
    row = operating.queued_for(actor, deployment_id, on_page=True)
    operating.cancel_queued(actor=actor, deployment=row)
    messages.info(request, f"{row} is being cancelled.")
    return redirect("queue")


@require_POST
def queue_wake(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    actor = _operator(request)
    row = operating.queued_for(actor, deployment_id, on_page=True)
    operating.wake_queued(actor=actor, deployment=row)
    messages.info(request, f"{row} was called again.")
    return redirect("queue")


@never_cache
@require_http_methods(["GET", "POST"])
def disk(request: HttpRequest) -> HttpResponse:
    """What was measured last; POST measures again."""
    actor = _operator(request)
    if request.method == "POST":
        want_measurement(actor=actor)
        return redirect("disk")
    return _disk(request, BudgetForm(initial={"disk_budget_gb": f"{installation().disk_budget_gb:g}"}))


@require_POST
def disk_budget(request: HttpRequest) -> HttpResponse:
    """What builds may keep; without a number it is cleaned now."""
    actor = _operator(request)
    if "disk_budget_gb" not in request.POST:
        want_cleaning(actor=actor)
        messages.info(request, "It is cleaned as soon as a slot for builds is free.")
        return redirect("disk")
    form = BudgetForm(request.POST)
    if form.is_valid():
        with said_at(form, "disk_budget_gb"):
            set_budget(actor=actor, gigabytes=form.cleaned_data["disk_budget_gb"])
            messages.info(request, "Saved. What is over it goes as soon as a slot for builds is free.")
            return redirect("disk")
    return _disk(request, form)


def _disk(request: HttpRequest, form: BudgetForm) -> HttpResponse:
    context = {"disk": disk_standing(), "form": form, "builder": settings.SLIPWAY.builder}
    return render(request, "hosts/disk.html", context, status=status_of(form))


class BudgetForm(forms.Form):
    disk_budget_gb = forms.FloatField(
        label="Disk budget",
        help_text="For images, the build cache and kept sources, without volumes. 0 means none. "
        "What serves or can be rolled back to is never removed.",
    )


@never_cache
@require_GET
def health(request: HttpRequest) -> HttpResponse:
    _operator(request)
    context = {"checks": checks(), "versions": versions(), "settings": shown_settings(), "home": settings.SLIPWAY.home}
    return render(request, "hosts/health.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def installation_settings(request: HttpRequest) -> HttpResponse:
    """The base domain, and whether names beneath it lead here; POST changes it."""
    actor = _operator(request)
    form = base_form(request)
    if request.method == "POST" and saved(form, actor):
        messages.info(request, "Saved. New services get their addresses beneath it.")
        return redirect("installation")
    base = base_standing()
    kept = Domain.objects.filter(is_generated=True).exclude(host__endswith=f".{base.domain}")
    context = {"form": form, "base": base, "kept": kept.count(), "public_address": settings.SLIPWAY.public_address}
    return render(request, "hosts/installation.html", context, status=status_of(form))
