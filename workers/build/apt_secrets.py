"""This machine's way to its distribution's packages, lent to a build as secret mounts. Not in charge of installing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from workers.build.apt_sources import for_suite, kept_options
from workers.build.base_make import apt_settings, host_sources
from workers.build.secrets import Share, private_file

OWN = re.compile(r"^FROM slipway/base-[\w-]+:(\S+)", re.MULTILINE)


def write_apt_secrets(
    folder: Path, dockerfile: str, suites: Sequence[str], host_suite: str, share: Share
) -> dict[str, Path]:
    """`apt_sources` and `apt_conf` for a Dockerfile on an image of ours; official images have sources of their own."""
    tags = OWN.findall(dockerfile)
    if not tags or not share.package_index or not suites:
        return {}
    suite = next((name for name in suites if any(tag.endswith(name) for tag in tags)), suites[0])
    lines = [source.line() for source in for_suite(host_sources(), host_suite, suite)]
    options = kept_options(apt_settings())
    texts = {"apt_sources": lines, "apt_conf": options}
    return {name: private_file(folder / name, "\n".join([*told, ""])) for name, told in texts.items() if told}
