"""The edge in its own container, beside whatever else runs here."""

from __future__ import annotations

import secrets
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_port
from workers.docker import Engine
from workers.edge import EdgeSettings, arguments, edge_spec, edge_state, start_edge, stop_edge
from workers.errors import UserError


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[EdgeSettings]:
    made = EdgeSettings(secrets.token_hex(4), tmp_path / "routes", free_port(), "127.0.0.1")
    yield made
    stop_edge(made.instance)


def test_it_asks_for_no_right_but_a_low_ports(tmp_path: Path) -> None:
    high = edge_spec(EdgeSettings("0" * 8, tmp_path, 8080), "edge:1", internal_port=21000)["HostConfig"]
    low = edge_spec(EdgeSettings("0" * 8, tmp_path, 80), "edge:1", internal_port=21000)["HostConfig"]
    assert (high["CapDrop"], high["CapAdd"], low["CapAdd"]) == (["ALL"], [], ["NET_BIND_SERVICE"])
    assert high["ReadonlyRootfs"] and high["RestartPolicy"] == {"Name": "always"}
    assert high["Mounts"][0]["ReadOnly"]


def test_it_calls_nobody_and_shows_its_own_pages_on_loopback_only(tmp_path: Path) -> None:
    told = arguments(EdgeSettings("0" * 8, tmp_path, 8080), 21000)
    assert "--global.checknewversion=false" in told and "--global.sendanonymoususage=false" in told
    assert "--entrypoints.internal.address=127.0.0.1:21000" in told
    assert not [argument for argument in told if argument.startswith("--api")]


@pytest.mark.docker
def test_it_starts_once_and_is_left_alone_until_a_setting_changes(settings: EdgeSettings) -> None:
    first = start_edge(settings)
    assert first.ready
    started = time.monotonic()
    assert start_edge(settings) == first
    assert time.monotonic() - started < 30
    moved = EdgeSettings(settings.instance, settings.routes_dir, free_port(), "127.0.0.1")
    second = start_edge(moved)
    assert second.ready and second.container != first.container
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"http://127.0.0.1:{moved.port}/", timeout=30)
    assert b"traefik_" in urllib.request.urlopen(f"{second.internal_url}/metrics", timeout=30).read()


@pytest.mark.docker
def test_it_comes_back_when_it_was_stopped(settings: EdgeSettings) -> None:
    first = start_edge(settings)
    Engine(settings.instance).stop(first.container, 2)
    assert edge_state(settings.instance).state == "exited"
    assert start_edge(settings).container == first.container
    stop_edge(settings.instance)
    assert edge_state(settings.instance).state == "absent"


@pytest.mark.docker
def test_it_says_that_a_port_is_taken(settings: EdgeSettings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", settings.port))
        other.listen()
        with pytest.raises(UserError, match=f"Port {settings.port} of this host is taken"):
            start_edge(settings)
