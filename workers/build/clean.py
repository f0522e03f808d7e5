"""Removes what builds leave in the engine: images of ours that nothing needs any more, and cache over a budget.

Only what carries our labels is touched. Not in charge of deciding which images are still needed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence

from workers.build.job import Report
from workers.docker_cli import client_env, list_images_argv, prune_cache_argv, remove_images_argv
from workers.errors import PlatformError
from workers.process import run

SECONDS = 120.0
CACHE = "build-cache"  # The role of volumes in which builders from outside keep what a service needs again.


def images_to_remove(images: Sequence[str], keep_digests: Collection[str]) -> list[str]:
    """Those of `images` (ids) that are not kept, each once."""
    return [image for image in dict.fromkeys(images) if image not in keep_digests]


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
    for image in images_to_remove(list_images(client, label, report, env), keep()):
        if image in keep():
            continue
        argv = remove_images_argv(client, [image])
        report.command(argv)
        removed = run(argv, env=env, check=report.check, timeout_seconds=SECONDS)
        if removed.returncode == 0:
            gone.append(image)
        else:
            report.line(f"{image[:19]} stays: {' '.join(removed.tail[-1:])}", level="err")
    return gone


def list_images(client: str, label: str, report: Report, env: Mapping[str, str] | None = None) -> list[str]:
    """Ids of the images with a label. `env` as for `remove_images`."""
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
    return seen


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
    done = run(argv, env=client_env(os.environ), check=report.check, timeout_seconds=SECONDS)
    if done.returncode:
        raise PlatformError("engine:platform:clean", f"The build cache cannot be pruned: {' '.join(done.tail[-2:])}")
