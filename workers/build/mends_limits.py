"""A limit that was met, as a change of the setting that holds it: the double of it, as far as a machine goes.

Not in charge of who may raise it, nor of the most that an operator lets anybody have.
"""

from __future__ import annotations

import os

from workers.build.builder import far_builder

MB = 1024**2


def doubled_memory(setting: str, limit_bytes: int, machine_bytes: int) -> dict[str, str]:
    """{} where the machine has no more."""
    more = min(2 * limit_bytes, machine_bytes)
    return {setting: str(more // MB)} if more > limit_bytes else {}


def doubled_seconds(setting: str, seconds: float) -> dict[str, str]:
    return {setting: str(round(2 * seconds))}


def this_machine() -> int:
    """The memory that it has, in bytes."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def of_builds(limit_bytes: int) -> dict[str, str]:
    """Of a builder on another machine nobody knows how much it has."""
    return doubled_memory("build_memory_mb", limit_bytes, 2 * limit_bytes if far_builder() else this_machine())


def memory_told(megabytes: int) -> str:
    return f"{megabytes} MB" if megabytes < 1024 else f"{megabytes / 1024:.3g} GB"
