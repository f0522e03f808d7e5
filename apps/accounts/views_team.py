"""Teams: who is in one, what it is called, what happened in it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts import invitations, members, policy
from apps.accounts.access import membership_for, team_for
from apps.accounts.activity import activity_context
from apps.accounts.forms import MemberForm, RoleForm, TeamNameForm, TypedNameForm
from apps.accounts.models import ActivityEvent
from apps.accounts.policy import Permission
from apps.accounts.session import abilities, actor_of
from apps.accounts.teams import create_team, delete_team, may_make_teams, rename_team, require_team_maker, why_kept
from apps.lib.forms import said_at, status_of


@never_cache
@require_http_methods(["GET", "POST"])
def team(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """Who is in it, what each role may do; POST invites a person. The link stands in that answer and nowhere else."""
    actor = actor_of(request)
    row = team_for(actor, team_id)
    if request.method == "POST":
        actor.require(Permission.MANAGE_MEMBERS, row.pk)
    form, link, invited = MemberForm(request.POST or None), "", None
    if request.method == "POST" and form.is_valid():
        with said_at(form, "email"):
            invited, link = invitations.invite(actor=actor, team=row, **form.cleaned_data)
            form = MemberForm()
    context = {
        "team": row,
        "form": form,
        "link": link,
        "invited": invited,
        "can": abilities(actor, row.pk),
        "members": row.memberships.select_related("user").order_by("created_at"),
        "invitations": invitations.open_invitations(row),
        "roles": [role.value for role in policy.Role],
        "matrix": _matrix(),
    }
    return render(request, "accounts/team.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def team_settings(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """POST renames it."""
    actor = actor_of(request)
    row = team_for(actor, team_id)
    form = TeamNameForm(request.POST or None, initial={"name": row.name})
    if request.method == "POST":
        actor.require(Permission.MANAGE_TEAM, row.pk)
        if form.is_valid():
            rename_team(actor=actor, team=row, name=form.cleaned_data["name"])
            messages.info(request, "Renamed.")
            return redirect("team-settings", team_id=row.pk)
    context = {
        "team": row,
        "form": form,
        "can": abilities(actor, row.pk),
        "may_make_teams": may_make_teams(actor),
        "mine": row.memberships.filter(user=actor.user).first(),
        "projects": row.projects.order_by("name")[:20],
    }
    return render(request, "accounts/team_settings.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def team_delete(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """Its name typed deletes it; while it has projects it says so."""
    actor = actor_of(request)
    row = team_for(actor, team_id)
    actor.require(Permission.MANAGE_TEAM, row.pk)
    kept = why_kept(row)
    if kept is not None:
        status = kept.status if request.method == "POST" else 200
        return render(request, "accounts/team_delete.html", {"team": row, "kept": kept}, status=status)
    form = TypedNameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with said_at(form, "confirm"):
            delete_team(actor=actor, team=row, confirm=form.cleaned_data["confirm"])
            messages.info(request, f"{row.name} is deleted.")
            return redirect("home")
    return render(request, "accounts/team_delete.html", {"team": row, "form": form}, status=status_of(form))


@require_http_methods(["GET", "POST"])
def team_new(request: HttpRequest) -> HttpResponse:
    """Another team of one's own, where the installation lets people make one."""
    actor = actor_of(request)
    require_team_maker(actor)
    form = TeamNameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = create_team(actor=actor, name=form.cleaned_data["name"])
        return redirect("team", team_id=made.pk)
    return render(request, "accounts/team_new.html", {"form": form}, status=status_of(form))


def _matrix() -> list[tuple[str, list[bool]]]:
    return [(str(p).replace("_", " "), [p in policy.MATRIX[role] for role in policy.Role]) for p in Permission]


@require_POST
def member_change(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = membership_for(actor, membership_id)
    actor.require(Permission.MANAGE_MEMBERS, row.team_id)
    form = RoleForm(request.POST)
    if form.is_valid():
        members.change_role(actor=actor, membership=row, role=form.cleaned_data["role"])
        messages.info(request, f"{row.user} is {row.role} now.")
    return redirect("team", team_id=row.team_id)


@require_POST
def member_remove(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """Oneself, or another when the role allows it."""
    actor = actor_of(request)
    row = membership_for(actor, membership_id)
    members.remove_member(actor=actor, membership=row)
    if actor.user is not None and row.user_id == actor.user.pk:
        return redirect("home")
    messages.info(request, f"{row.user} is no longer in the team.")
    return redirect("team", team_id=row.team_id)


@require_GET
def activity(request: HttpRequest, team_id: UUID) -> HttpResponse:
    row = team_for(actor_of(request), team_id)
    context = activity_context(request, ActivityEvent.objects.filter(team=row))
    return render(request, "accounts/activity.html", {"team": row, **context})
