"""What pages offer to copy as a command is one that the command line takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.app import main
from cli.ending import Ending

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
OFFERED = {
    told
    for page in TEMPLATES.rglob("*.html")
    if page.name not in ("api.html", "action.html")
    for told in re.findall(r'\bcli="([^"]+)"', page.read_text())
}


@pytest.mark.parametrize("told", sorted(OFFERED))
def test_it_takes_what_pages_offer(told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Understood, so that nothing is missing but an account."""
    for name in ("SLIPWAY_URL", "SLIPWAY_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    words = re.sub(r"\{%.*?%\}", "", re.sub(r"\{\{.*?\}\}", "x", told)).split()
    assert main(words) == Ending.SIGN_IN
