"""The Celery application. Messages only wake a worker up; what is to be done stands in PostgreSQL."""

from __future__ import annotations

import os
import warnings

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paas.settings")

# As root on a machine of one's own: messages are JSON ids, so there is nothing to be executed from them.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")

app = Celery("slipway")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
