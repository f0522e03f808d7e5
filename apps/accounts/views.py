"""How a person comes in and goes out: setup link, one-time link, password."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import actions, links
from apps.accounts.forms import OwnerForm, SignInForm
from apps.accounts.models import User
from apps.lib.forms import said_at, status_of

BACKEND = "django.contrib.auth.backends.ModelBackend"


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """The first visit: the link makes the owner, once."""
    link = links.link_for(token)
    if link.user is not None:
        return redirect("link", token=token)
    form = OwnerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with said_at(form), transaction.atomic():
            user = actions.make_owner(**form.cleaned_data)
            links.use_link(link)
            login(request, user, backend=BACKEND)
            return redirect("welcome")
    return render(request, "accounts/setup.html", {"form": form}, status=status_of(form))


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """A one-time sign-in. Looking at it does not use it up: previews of links look too."""
    row = links.link_for(token)
    if row.user is None:
        return redirect("setup", token=token)
    if request.method == "POST":
        links.use_link(row)
        login(request, row.user, backend=BACKEND)
        return redirect("home")
    return render(request, "accounts/link.html", {"person": row.user})


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(_next(request))
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = authenticate(request, **form.cleaned_data)
        if user is not None:
            login(request, user)
            return redirect(_next(request))
        form.add_error(None, "Email and password do not belong together. Check both, or ask the operator for a link.")
    context = {"form": form, "next": request.GET.get("next", ""), "set_up": _is_set_up()}
    return render(request, "accounts/sign_in.html", context, status=status_of(form))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    messages.info(request, "You are signed out.")
    return redirect("sign-in")


def _next(request: HttpRequest) -> str:
    """Where the person wanted to go, when that is one of our own pages."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else "home"


def _is_set_up() -> bool:
    return User.objects.filter(is_active=True).exists()
