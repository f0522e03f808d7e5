"""Images of this installation that nothing needs any more are removed. Runs where images are built."""

from __future__ import annotations

import shutil

from django.conf import settings
from workers.build.clean import clean_images as remove_images_except

from apps.deployments.retention import kept_digests
from apps.projects.models import Service


def clean_images() -> None:
    """By our label only; never what is live or kept for a rollback. Caches of deleted services go too."""
    remove_images_except(kept_digests(), instance=settings.SLIPWAY.instance)
    known = {str(pk) for pk in Service.objects.values_list("pk", flat=True)}
    cache = settings.SLIPWAY.home / "cache"
    for folder in cache.iterdir() if cache.is_dir() else ():
        if folder.is_dir() and len(folder.name) == 36 and folder.name not in known:
            shutil.rmtree(folder, ignore_errors=True)
