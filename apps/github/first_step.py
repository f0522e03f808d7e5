"""Where somebody new goes after their first sign-in: to GitHub, to say which repositories Slipway may see, or home.

Not in charge of installing (`views_installing`).
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from apps.accounts.access import Actor
from apps.accounts.models import User
from apps.accounts.policy import Permission
from apps.github.choices import accounts_of
from apps.github.models import Identity
from apps.projects.models import Project
from workers.errors import SlipwayError


def first_page(user: User) -> str:
    """GitHub's page, for somebody who may make services, has none in any team, and is shown no installation: there is
    nothing else to see yet. They come back to the list of their repositories."""
    actor = Actor(user)
    may_begin = any(actor.can(Permission.WRITE_SERVICE, team) for team in actor.teams)
    if not may_begin or Project.objects.filter(team__in=actor.teams).exists() or _may_pick(user):
        return reverse("home")
    back = f"{reverse('new-service')}?fresh=1"
    return f"{reverse('github-install')}?{urlencode({'next': back})}"


def _may_pick(user: User) -> bool:
    """Also while GitHub does not answer: the list at home says so."""
    try:
        return bool(accounts_of(Identity.objects.get(user=user), fresh=True))
    except SlipwayError:
        return True
