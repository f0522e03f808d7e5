"""How a base image is made from the distribution's packages: argument lists and file texts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Kind = Literal["python", "node", "static"]

PACKAGES: dict[str, tuple[str, ...]] = {
    "python": ("python3", "python3-venv", "python3-pip", "python-is-python3", "ca-certificates"),
    "node": ("nodejs", "npm", "ca-certificates"),
}
VERSION_ARGV: dict[str, list[str]] = {"python": ["python3", "--version"], "node": ["node", "--version"]}
DEFAULT_VERSIONS: dict[str, tuple[str, ...]] = {
    "python": ("3.13", "3.12", "3.14", "3.11", "3.10"),
    "node": ("22", "24", "20", "18"),
}
UNWANTED = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")
# Run by mmdebstrap as root of the new tree: the mirror's address and the way to it stay outside of the image.
FORGET_MIRROR = (
    'rm -f "$1/etc/apt/sources.list" "$1"/etc/apt/sources.list.d/* "$1/etc/apt/apt.conf.d/99mmdebstrap" '
    '"$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap" "$1/etc/resolv.conf" "$1/etc/hostname" "$1"/var/log/*.log'
)


def official_image(kind: str, version: str) -> str:
    return f"{kind}:{version}-slim"


def own_image(kind: str, suite: str) -> str:
    return f"slipway/base-{kind}:{suite}"


def family(kind: Kind) -> str:
    """Static files are served by a Python program, so they share Python's image."""
    return "python" if kind == "static" else kind


def bootstrap_argv(kind: str, suite: str, apt_options: Sequence[str]) -> list[str]:
    """A root file system as a tar archive on standard output; the apt sources are read from standard input."""
    argv = ["mmdebstrap", "--quiet", "--variant=minbase", "--format=tar", f"--include={','.join(PACKAGES[kind])}"]
    argv += ['--aptopt=Acquire::Languages "none"', *(f"--aptopt={option}" for option in apt_options)]
    argv += [f"--dpkgopt=path-exclude={pattern}" for pattern in UNWANTED]
    return [*argv, f"--customize-hook={FORGET_MIRROR}", suite, "-", "-"]


def image_changes(kind: str) -> list[str]:
    """What an official image would say about itself."""
    changes = [
        f"LABEL slipway.base={kind}",
        "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "ENV LANG=C.UTF-8",
    ]
    # Nothing else lives in the container, so that pip may install beside the distribution's packages.
    return [*changes, "ENV PIP_BREAK_SYSTEM_PACKAGES=1"] if kind == "python" else changes
