"""Rules that were loaded are taken back, also when the build is stopped meanwhile. What stands in for nft sets nothing."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workers.build.builds import Lines
from workers.build import egress_firewall
from workers.build.egress import removal
from workers.build.egress_firewall import Firewall
from workers.errors import Stopped

SLOW_NFT = """#!/bin/sh
cat > "{0}/rules" && cp "{0}/rules" "{0}/taken.tmp" && mv "{0}/taken.tmp" "{0}/taken"
if grep -q chain "{0}/rules"; then echo taken; [ -e "{0}/quick" ] || sleep 30; fi
"""


@pytest.fixture
def firewall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Firewall]:
    nft = tmp_path / "nft"
    nft.write_text(SLOW_NFT.format(tmp_path))
    nft.chmod(0o755)
    monkeypatch.setattr(egress_firewall, "NFT", nft)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    yield Firewall(tmp_path / "cache", {"slipway.instance": "i"})
    until_opened()


def until_opened() -> None:
    """It is done beside a build's end."""
    for thread in threading.enumerate():
        if thread.name == "egress":
            thread.join()


class StopsOnceTaken(Lines):
    """Cancels the build as soon as the kernel has the rules."""

    taken: Path

    def check(self) -> None:
        if self.taken.exists():
            raise Stopped("cancelled")


@pytest.mark.docker
def test_it_takes_back_what_the_kernel_took_before_a_cancel(firewall: Firewall, tmp_path: Path) -> None:
    report, taken = StopsOnceTaken(), tmp_path / "taken"
    report.taken = taken
    with pytest.raises(Stopped), firewall.closed({("10.0.0.7", 443)}, (), report):
        pytest.fail("the build began")
    until_opened()
    assert taken.read_text() == removal(firewall.table)
    (tmp_path / "quick").touch()
    with firewall.closed({("10.0.0.8", 443)}, (), Lines()):
        rules = taken.read_text()
    assert "10.0.0.8" in rules
    assert "10.0.0.7" not in rules, "a door of the build before"
