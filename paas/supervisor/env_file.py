"""The file with the keys of an installation, `<home>/env`. Not in charge of what is in it (`household`, `paas.config`)."""

from __future__ import annotations

import os
from pathlib import Path

SETTING_PREFIXES = ("SLIPWAY_", "TRAEFIK_", "DATABASE_URL", "REDIS_URL")


def read_env(path: Path) -> dict[str, str]:
    """`NAME=value` lines; no quotes, no expansion. {} when there is no file."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}


def given_settings(environ: dict[str, str]) -> dict[str, str]:
    """What of an environment is a setting of ours: what `make restart` keeps from the `make up` before it."""
    return {name: value for name, value in environ.items() if name.startswith(SETTING_PREFIXES)}


def write_env(path: Path, values: dict[str, str]) -> None:
    """Only our user may read it, from its first moment; lines that a person added stay as they are."""
    known = path.read_text().splitlines() if path.exists() else ["# The keys of this installation. Keep a copy."]
    kept = [line for line in known if line.partition("=")[0].strip() not in values or line.lstrip().startswith("#")]
    draft = path.with_name("env.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join([*kept, *(f"{name}={value}" for name, value in values.items())]) + "\n")
    draft.rename(path)
