"""Settings as files and environments give them. Pure."""

from __future__ import annotations

from pathlib import Path

import pytest

from paas.config import Config


def test_what_is_empty_is_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting but those that have no default, in the environment and in the file."""
    names = [name for name, field in Config.model_fields.items() if not field.is_required() and name != "home"]
    given = [f"SLIPWAY_{name.upper()}" for name in names] + ["TRAEFIK_ROUTES_DIR", "TRAEFIK_URL", "TRAEFIK_PUBLIC_PORT"]
    for name in given:
        monkeypatch.delenv(name, raising=False)
    plain = Config().model_dump()  # type: ignore[call-arg]
    (tmp_path / "env").write_text("".join(f"{name}=\n" for name in given))
    assert Config(_env_file=tmp_path / "env").model_dump() == plain  # type: ignore[call-arg]
    for name in given:
        monkeypatch.setenv(name, "")
    assert Config().model_dump() == plain  # type: ignore[call-arg]
    (tmp_path / "env").write_text("SLIPWAY_BUILD_SLOTS=3\n")
    assert Config(_env_file=tmp_path / "env").build_slots == 3, "the file's, as nothing wins over it"  # type: ignore[call-arg]
