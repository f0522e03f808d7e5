"""What builds leave behind is removed: images that nothing needs, cache beyond its budget, folders of dead workers.

Runs where images are built. Not in charge of when, nor of which images are needed (`apps.deployments.retention`).
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from django.conf import settings

from apps.accounts.installation import installation
from apps.deployments.budget import bytes_over
from apps.deployments.disk_measuring import store_measurement
from apps.deployments.models import Deployment
from apps.deployments.retention import begin_cleaning, cleaning_failed, kept_digests
from apps.deployments.states import Status
from apps.projects.models import Service
from workers.build.builder import run_engine_env
from workers.build.clean import list_images, prune_cache, remove_caches, remove_images
from workers.build.disk import measure, source_folders
from workers.build.egress_firewall import NotLimited, firewall_of
from workers.build.job import ISOLATED, Report
from workers.docker_cli import working_client
from workers.errors import Stopped
from workers.file_lock import locked

log = logging.getLogger(__name__)
DETECTION_SECONDS = 3600.0


class _Log:
    """`workers.build.job.Report` for work without a reader of its own. `is_whole`: nothing had to stay."""

    is_whole = True

    def line(self, text: str, *, level: str = "out") -> None:
        self.is_whole = self.is_whole and level != "err"
        log.info("%s", text)

    def command(self, argv: Sequence[str]) -> None:
        log.debug("%s", argv)

    def check(self) -> None:
        """Nobody cancels a cleaning."""


def _busy() -> None:
    raise Stopped("busy")


def clean() -> None:
    """Images by our label only; never what is live, kept for a rollback, or of a service that is being built: for those
    it is asked for again, and where another is under way."""
    try:
        with locked(Path(settings.SLIPWAY.home) / "cleaning.lock", _busy):
            _clean()
    except Stopped:
        cleaning_failed()
    except BaseException:
        cleaning_failed()
        raise


def _clean() -> None:
    begin_cleaning()
    remove_folders()
    client = working_client(Path(settings.SLIPWAY.home) / "cache" / "machine")
    report = _Log()
    remove_caches(client, settings.SLIPWAY.instance, _services(), report)
    label, keep = f"slipway.instance={settings.SLIPWAY.instance}", partial(_keep, client, report)
    gone = remove_images(client, label, keep, report)
    if elsewhere := run_engine_env():
        gone += remove_images(client, label, partial(keep, elsewhere), report, elsewhere)
    is_whole = report.is_whole and not _being_built()
    log.info("cleaned: %d images removed", len(gone))
    if settings.SLIPWAY.build_cache_gb:  # Last, for it takes longest.
        prune_cache(client, round(settings.SLIPWAY.build_cache_gb * 1e9), _Log())
    if installation().disk_budget_gb:
        clean_to_budget(client)
        store_measurement()
    if not is_whole:
        cleaning_failed()  # What just ran is still being stopped, say: the next `tidy` asks again.


def clean_to_budget(client: str) -> None:
    """First the engine's cache, what was not used for longest before; then sources, the oldest first.

    Images are no part of it: those that nothing needs are gone by now, and the others serve or are kept for a rollback.
    """
    home = Path(settings.SLIPWAY.home)
    found = measure(client, home, settings.SLIPWAY.instance)
    over = bytes_over(found.as_dict(), installation())
    if over and found.cache:
        prune_cache(client, max(0, found.cache - over), _Log())
        over -= min(over, found.cache)
    building = _being_built()
    for folder in sorted(source_folders(home), key=_age_seconds, reverse=True):
        if over > 0 and folder.name not in building:
            over -= found.sources.get(folder.name, 0) if _without_source(folder) else 0
    if over > 0:
        log.warning("%d MB over the disk budget serve or are kept for rollbacks", over // 10**6)


def _without_source(folder: Path) -> bool:
    """Whether it is gone. A fetch that is under way keeps it, until the next cleaning."""
    try:
        with locked(folder / "git.lock", _busy):
            for name in ("git", ISOLATED):
                shutil.rmtree(folder / name, ignore_errors=True)
    except Stopped:
        return False
    return True


def remove_folders() -> None:
    """Caches of deleted services, and what killed processes left: builds nobody works on, detections long over."""
    home = Path(settings.SLIPWAY.home)
    # Listed before the rows are read: what is made meanwhile is not among them.
    caches, builds = source_folders(home), list((home / "builds").glob("*"))
    known = _services()
    working = Deployment.objects.filter(status=Status.BUILDING).values_list("pk", "fence")
    under_way = {f"{pk}-{fence}" for pk, fence in working}
    left = [folder for folder in caches if folder.name not in known]
    left += [folder for folder in builds if folder.name not in under_way]
    left += [folder for folder in (home / "detect").glob("*") if _age_seconds(folder) > DETECTION_SECONDS]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)


def _services() -> set[str]:
    return {str(pk) for pk in Service.objects.values_list("pk", flat=True)}


def open_network() -> None:
    """Rules that a killed worker left in force. The next build and the end of all try again."""
    told = settings.SLIPWAY
    try:
        firewall_of(Path(told.home), told.instance).open()
    except NotLimited as error:
        log.warning("Rules of builds are still in force: %s", error)


def _age_seconds(folder: Path) -> float:
    try:
        return time.time() - folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0  # It went by itself.


def _keep(client: str, report: Report, engine: Mapping[str, str] | None = None) -> set[str]:
    """Nothing goes of a service that is being built: its new image has no row yet, and an older one may be used again.

    Asked for in this order: who has been built in between has a row by the time that those are read.
    """
    under_way = [list_images(client, f"slipway.service={service}", report, engine) for service in _being_built()]
    return {*chain.from_iterable(under_way), *kept_digests()}


def _being_built() -> set[str]:
    return {str(pk) for pk in Deployment.objects.filter(status=Status.BUILDING).values_list("service", flat=True)}
