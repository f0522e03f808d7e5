"""Removes what builds leave in the engine: images of ours that nothing needs any more, and cache over a budget.

Only what carries our labels is touched. Not in charge of deciding which images are still needed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping

from workers.build.job import Report
from workers.docker_cli import client_env, list_images_argv, prune_cache_argv, remove_images_argv
from workers.errors import PlatformError
from workers.process import run

SECONDS = 120.0
PRUNE_SECONDS = 1800.0  # Ten thousand records on a slow disk.
CACHE = "build-cache"  # The role of volumes in which builders from outside keep what a service needs again.


def images_to_remove(images: Mapping[str, Collection[str]], keep_digests: Collection[str]) -> list[str]:
    """Ids of those of `images` of which no digest is kept."""
    return [image for image, digests in images.items() if not kept(digests, keep_digests)]


def kept(digests: Collection[str], keep_digests: Collection[str]) -> bool:
    """An engine that pulled an image may give it another id than the one that built it: what a registry calls it counts."""
    return not frozenset(digests).isdisjoint(keep_digests)


def remove_images(
    client: str,
    label: str,
    keep: Callable[[], Collection[str]],
    report: Report,
    env: Mapping[str, str] | None = None,
) -> list[str]:
    """Remove the images with a label (`slipway.service=...`) but for those kept. Gives the ids that are gone.

    `keep` gives the digests to keep. It is asked after the images were listed, so that one made meanwhile is not listed,
    and once more for each that is to go: what is wanted again meanwhile stays.

    An image that a container still uses stays: the engine refuses, and the next cleaning finds it again.
    `env` leads to another engine than ours.
    """
    env = env or client_env(os.environ)
    gone = []
    images = list_images(client, label, report, env)
    for image in images_to_remove(images, keep()):
        if kept(images[image], keep()):
            continue
        argv = remove_images_argv(client, [image])
        report.command(argv)
        removed = run(argv, env=env, check=report.check, timeout_seconds=SECONDS)
        if removed.returncode == 0:
            gone.append(image)
        else:
            report.line(f"{image[:19]} stays: {' '.join(removed.tail[-1:])}", level="err")
    return gone


def list_images(client: str, label: str, report: Report, env: Mapping[str, str] | None = None) -> dict[str, set[str]]:
    """The images with a label by id, each with all of its digests: the id, and those of registries. `env` as above."""
    seen: list[str] = []
    done = run(
        list_images_argv(client, label),
        env=env or client_env(os.environ),
        check=report.check,
        timeout_seconds=SECONDS,
        on_line=lambda text, level: seen.append(text) if level == "out" else None,
    )
    if done.returncode:
        raise PlatformError("engine:platform:clean", f"Images cannot be listed: {' '.join(done.tail[-2:])}")
    found: dict[str, set[str]] = {}
    for image, *digests in map(str.split, seen):
        found.setdefault(image, {image}).update(digests)
    return found


def remove_caches(client: str, instance: str, known: Collection[str], report: Report) -> None:
    """The volumes of builders' caches that are of none of the services `known` any more."""
    env, lines = client_env(os.environ), list[str]()
    filters = (f"--filter=label=slipway.instance={instance}", f"--filter=label=slipway.role={CACHE}")
    form = '--format={{.Label "slipway.service"}} {{.Name}}'
    listing = [client, "volume", "ls", *filters, form]
    run(listing, env=env, check=report.check, timeout_seconds=SECONDS, on_line=lambda text, _: lines.append(text))
    gone = [name for service, _, name in (line.partition(" ") for line in lines) if service not in known]
    if gone:
        argv = [client, "volume", "rm", "--", *gone]
        report.command(argv)
        run(argv, env=env, check=report.check, timeout_seconds=SECONDS)


def prune_cache(client: str, keep_bytes: int, report: Report) -> None:
    """Shrink the engine's build cache to a budget; the engine drops what was not used for longest."""
    argv = prune_cache_argv(client, keep_bytes)
    report.command(argv)
    done = run(argv, env=client_env(os.environ), check=report.check, timeout_seconds=PRUNE_SECONDS)
    if done.returncode:
        raise PlatformError("engine:platform:clean", f"The build cache cannot be pruned: {' '.join(done.tail[-2:])}")
