"""Pages of feedback: a service's choice, and for operators what waits for GitHub."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.installation import require_operator_page
from apps.accounts.policy import Permission
from apps.accounts.session import actor_of
from apps.feedback import actions
from apps.feedback.models import Line, Mode
from apps.feedback.reading import news_for, waiting
from apps.projects.access import service_for_writer
from workers.errors import UserError


@require_POST
def service_feedback(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """How much of the service GitHub is told."""
    actor = actor_of(request)
    row = service_for_writer(actor, service_id, Permission.WRITE_SERVICE)
    told = request.POST.get("mode", "")
    if told not in Mode.values:
        raise UserError("feedback:user:mode", "There is no such choice.", hint="Choose one of the list.", status=422)
    actions.set_mode(actor=actor, service=row, mode=Mode(told))
    messages.info(request, "Saved. It takes effect with the next deployment.")
    return redirect("service-settings", service_id=row.pk)


@never_cache
@require_GET
def outbox(request: HttpRequest) -> HttpResponse:
    """What GitHub is still to be told, why it waits, and what was given up."""
    require_operator_page(actor_of(request))
    paused = [line for line in Line.objects.select_related("installation") if line.is_paused]
    return render(request, "feedback/outbox.html", {"rows": waiting(), "paused": paused})


@require_POST
def outbox_try(request: HttpRequest, news_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = news_for(actor, news_id, on_page=True)
    actions.try_now(actor=actor, news=row)
    messages.info(request, f"GitHub is told of {row} now.")
    return redirect("outbox")
