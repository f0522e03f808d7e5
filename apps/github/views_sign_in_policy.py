"""The operators' page about who may sign in. For everybody else it does not exist."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.access import Actor
from apps.accounts.installation import require_operator_page
from apps.accounts.newcomers import Policy, change_policy, policy
from apps.accounts.session import actor_of
from apps.github.admission import looked_up
from apps.github.app import the_app
from apps.github.forms_sign_in import SignInPolicyForm
from apps.lib.forms import said_at, status_of


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_policy(request: HttpRequest) -> HttpResponse:
    """POST changes it."""
    actor = actor_of(request)
    require_operator_page(actor)
    told = policy()
    form = SignInPolicyForm(request.POST or None, policy=told)
    if request.method == "POST" and form.is_valid() and _saved(form, actor, told):
        messages.info(request, "Saved. It holds from the next sign-in.")
        return redirect("sign-in-policy")
    context = {"form": form, "policy": told, "app": the_app()}
    return render(request, "github/sign_in_policy.html", context, status=status_of(form))


def _saved(form: SignInPolicyForm, actor: Actor, before: Policy) -> bool:
    told = dict(form.cleaned_data)
    team, text = told.pop("team_id"), told.pop("allowed")
    with said_at(form, "allowed", team="team_id", role="role"):
        allowed = before.allowed if before.is_fixed else looked_up(text, before.allowed)
        change_policy(actor=actor, allowed=allowed, team_id=team.pk if team else None, **told)
    return not form.errors
