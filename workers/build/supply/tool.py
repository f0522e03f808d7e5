"""One run of a tool of the supply chain, where it is on this machine. Not in charge of what it prints means.

It is given the engine's address and its own settings, and works in a folder of its own: what a repository holds
(`.trivyignore`, `.syft.yaml`) must not steer what is said about it.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from workers.build.job import Report
from workers.docker_cli import client_env
from workers.errors import PlatformError
from workers.process import TimedOut, run

SECONDS = 600.0
MOST_BYTES = 64 * 1024**2
ALSO_GIVEN = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def find(name: str, told: str = "") -> str | None:
    """The program on the PATH, or the one that a setting names; None when there is none."""
    return shutil.which(told or name)


def tool_env(host_env: Mapping[str, str], name: str, cache: Path, folder: Path) -> dict[str, str]:
    """`cache` is kept for the next time; `folder` is for this run alone. One core, so that apps keep theirs."""
    own = {k: v for k, v in host_env.items() if k.startswith(f"{name.upper()}_") or k in ALSO_GIVEN}
    places = {"HOME": str(cache), "XDG_CACHE_HOME": str(cache), "TMPDIR": str(folder)}
    return client_env(host_env) | own | places | {"GOMAXPROCS": "1"}


class ToolFailed(PlatformError):
    """`said` are its last lines. The end of the last one tells most: tools print what led to a failure before it."""

    def __init__(self, name: str, said: Sequence[str]) -> None:
        super().__init__("supply:platform:failed", f"{name} failed: {said[-1][-300:]}")
        self.said = said


def run_tool(argv: Sequence[str], env: Mapping[str, str], folder: Path, report: Report) -> None:
    """Its words go to the log."""
    report.command(argv)
    try:
        done = run(
            argv,
            env=env,
            cwd=folder,
            check=report.check,
            timeout_seconds=SECONDS,
            on_line=lambda text, level: report.line(text, level=level) if text.strip() else None,
        )
    except TimedOut as error:
        raise PlatformError("supply:platform:slow", f"{error}.") from error
    if done.returncode:
        said = [line.strip().removeprefix("* ") for line in done.tail if line.strip()]
        raise ToolFailed(Path(argv[0]).name, said or [f"exit {done.returncode}"])


def read_output(path: Path, name: str) -> bytes:
    """What it wrote."""
    size = path.stat().st_size if path.exists() else 0
    if not 0 < size <= MOST_BYTES:
        raise PlatformError("supply:platform:no-output", f"{name} wrote {size} bytes, which is no answer.")
    return path.read_bytes()
