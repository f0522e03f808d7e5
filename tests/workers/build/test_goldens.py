from __future__ import annotations

import json
import re

import pytest

from tests.workers.build.goldens import GOLDENS, generated, golden, samples

KNOWN = {"FROM", "RUN", "COPY", "ENV", "USER", "WORKDIR", "EXPOSE", "CMD", "ENTRYPOINT"}


@pytest.mark.parametrize("name", samples())
def test_it_writes_the_same_dockerfile(name: str) -> None:
    """When one is meant to change: `python -m tests.workers.build.goldens`, and read the difference."""
    assert generated(name) == golden(name).read_text()


def test_it_keeps_no_golden_of_a_sample_that_is_gone() -> None:
    assert {path.stem for path in GOLDENS.iterdir()} == set(samples())


@pytest.mark.parametrize("name", samples())
def test_it_writes_what_docker_20_10_understands(name: str) -> None:
    text = golden(name).read_text()
    assert not re.search(r"<<|--link|--network|syntax=", text)
    assert {line.split()[0] for line in text.splitlines() if line} <= KNOWN
    for line in text.splitlines():
        if line.startswith("RUN"):
            assert json.loads(line[line.index('["') :])[:2] == ["/bin/sh", "-ec"]


@pytest.mark.parametrize("name", samples())
def test_it_runs_as_nobody_special_and_scopes_its_caches(name: str) -> None:
    text = golden(name).read_text()
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE)[-1] == "10001:10001"
    assert all(found.startswith("slipway-scope-") for found in re.findall(r"type=cache,id=([^,]+)", text))


@pytest.mark.parametrize("name", samples())
def test_it_lends_secrets_to_runs_alone(name: str) -> None:
    for line in golden(name).read_text().splitlines():
        assert "type=secret" not in line or line.startswith("RUN ")
