"""What people do with feedback: choose how much GitHub is told, and have something tried at once."""

from __future__ import annotations

from celery import current_app
from django.db import transaction

from apps.accounts.access import Actor
from apps.accounts.actions import record
from apps.accounts.installation import require_operator
from apps.accounts.policy import Permission
from apps.feedback.models import Line, Mode, News, Preference
from apps.github.connections import let_tell
from apps.lib import wake
from apps.projects.models import Service


def set_mode(*, actor: Actor, service: Service, mode: Mode) -> Preference:
    """From the next deployment on. What GitHub was told of before is brought to its end in every mode. Where somebody
    connected it who may not push there, all but nothing is for somebody who may."""
    if mode != Mode.OFF:
        let_tell(actor=actor, service=service)
    return _set_mode(actor, service, mode)


@transaction.atomic
def _set_mode(actor: Actor, service: Service, mode: Mode) -> Preference:
    actor.require(Permission.WRITE_SERVICE, service.team_id)
    row, _ = Preference.objects.get_or_create(service=service)
    if row.mode != mode:
        Preference.objects.filter(pk=row.pk).update(mode=mode)
        row.mode = mode
        record(actor=actor, team_id=service.team_id, verb="changed what GitHub is told", subject=service, mode=mode)
    return row


@transaction.atomic
def try_now(*, actor: Actor, news: News) -> News:
    """Without waiting out a pause of ours. A limit of GitHub's own is still kept: asking more would make it longer."""
    require_operator(actor, "send what waits for GitHub")
    type(news)._default_manager.filter(pk=news.pk).mark()  # type: ignore[attr-defined]
    type(news)._default_manager.filter(pk=news.pk).update(over_reason="", attempts=0)
    Line.objects.filter(installation=news.repository.installation_id).update(paused_until=None, failures=0)
    wake.after_commit(lambda: current_app.send_task("apps.feedback.tasks.send", queue="quick"))
    news.refresh_from_db()
    return news
