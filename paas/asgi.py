"""HTTP by Django, WebSockets by Channels."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paas.settings")
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402 - Django must be set up first
from channels.sessions import SessionMiddlewareStack  # noqa: E402
from django.urls import path  # noqa: E402

from apps.deployments import consumers  # noqa: E402
from apps.webhooks.counter import Counter  # noqa: E402
from paas.bodies import LARGER, BoundedBodies  # noqa: E402
from paas.origin import OwnOriginOnly  # noqa: E402

sockets = [
    path("ws/home", consumers.HomeConsumer.as_asgi()),
    path("ws/teams/<uuid:pk>", consumers.TeamConsumer.as_asgi()),
    path("ws/deployments/<uuid:pk>", consumers.DeploymentConsumer.as_asgi()),
    path("ws/services/<uuid:pk>", consumers.ServiceConsumer.as_asgi()),
]

http = BoundedBodies(Counter(django_application), larger=LARGER)
application = ProtocolTypeRouter({"http": http, "websocket": OwnOriginOnly(SessionMiddlewareStack(URLRouter(sockets)))})
