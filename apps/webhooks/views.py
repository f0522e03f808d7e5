"""Where other servers tell us something: the signature is checked, the delivery stored, nothing else is done.

Errors are told as the API tells them. How much may be sent is bounded before a body gets here (`paas.bodies`); what is
small goes past here, by a shorter way to the same end (`counter`).
"""

from __future__ import annotations

from threading import BoundedSemaphore
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from apps.lib.problems import method_not_allowed, problem, problem_of
from apps.webhooks.forges import FORGES
from apps.webhooks.genuine import Letter
from apps.webhooks.taking import take

LARGE_BYTES = 1_000_000
PATIENCE_SECONDS = 5.0
_large = BoundedSemaphore(2)  # Anybody may send 25 MB: they are held in memory two at a time.


@csrf_exempt
def webhook(request: HttpRequest, forge: str, hook_id: UUID | None = None) -> HttpResponse:
    """202 for what was stored now or before: the same answer whether or not anything follows from it."""
    try:
        if request.method != "POST":
            return method_not_allowed(request, HttpResponseNotAllowed(["POST"]))
        if _length(request) <= LARGE_BYTES:
            return _take(request, forge, hook_id)
        if not _large.acquire(timeout=PATIENCE_SECONDS):
            return problem(request, 503, "webhooks:platform:busy", "Other large deliveries are being read.")
        try:
            return _take(request, forge, hook_id)
        finally:
            _large.release()
    except Exception as error:  # noqa: BLE001 - the edge of the request: every error becomes a problem
        return problem_of(request, error)


def _take(request: HttpRequest, forge: str, hook_id: UUID | None) -> HttpResponse:
    return answer_of(request, take([Letter(FORGES[forge], request.headers, request.read(), hook_id)])[0])


def answer_of(request: HttpRequest, taken: str | Exception) -> HttpResponse:
    """202 with the delivery's id, or the problem."""
    return JsonResponse({"delivery": taken}, status=202) if isinstance(taken, str) else problem_of(request, taken)


def _length(request: HttpRequest) -> int:
    """Without an announced length it may be large."""
    told = request.headers.get("Content-Length", "")
    return int(told[:18]) if told.isascii() and told.isdigit() else LARGE_BYTES + 1
