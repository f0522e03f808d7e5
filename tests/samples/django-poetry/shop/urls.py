from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path


def home(request: HttpRequest) -> HttpResponse:
    collected = Path(settings.STATIC_ROOT, "shop.css").exists()
    return HttpResponse(f"Hello from Django, static files collected: {collected}")


urlpatterns = [path("", home)]
