from __future__ import annotations

import pytest

from workers.build.images import REFERENCE, inspected


@pytest.mark.parametrize("name", ["node:24-slim", "ghcr.io:443/a/b.c@sha256:0a", "sha256:0a", "a__b", "slipway/base:1"])
def test_it_asks_for_what_is_a_reference(name: str) -> None:
    assert REFERENCE.fullmatch(name)


def test_it_asks_for_nothing_that_leads_elsewhere() -> None:
    # Of which the engine would be asked for other things than an image.
    assert inspected("../containers", "a/../../containers", "a?all=1", "/a", "a//b", ".", "", "a\n") == {}


@pytest.mark.docker
def test_it_leaves_out_what_the_engine_lacks() -> None:
    assert inspected("slipway/no-such-image:1", "sha256:" + "0" * 64) == {}
