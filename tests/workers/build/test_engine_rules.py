"""What a build by buildpacks may ask of the engine, and what the door to it passes on."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workers.build.buildpacks_images import images_of, pinned, run_image_of
from workers.build.engine_door import engine_door, rewritten_head
from workers.build.engine_rules import Refused, Rules
from workers.build.job import BuildLimits
from workers.errors import UserError
from workers.image_reference import ImageReference

MINE, OTHER, TAG = "a" * 64, "b" * 64, "slipway/build:0f"
NAMES = {f"sha256:{MINE}": ["acme/run:1", "x/y:2"], f"sha256:{OTHER}": ["slipway/build:other"]}
RULES = Rules(
    BuildLimits(memory_bytes=2**30, cpus=0.5), {"slipway.build": "m"}, "docker/own", "", frozenset({"docker.io/acme/run:1"}),
    TAG, frozenset({"cache"}), "/b/env", "/b/door/engine.sock", lambda image: NAMES.get(image, []),
)  # fmt: skip
RULES.made.containers.add(MINE)
RULES.made.volumes.add("pack-layers-x")

ALLOWED = [
    "HEAD /_ping", "GET /v1.41/info", "GET /version", "POST /v1.41/containers/create?name=x",
    f"POST /containers/{MINE}/attach?stream=1", f"POST /v1.41/containers/{MINE}/wait?condition=next-exit",
    f"PUT /containers/{MINE}/archive?path=%2F", f"DELETE /containers/{MINE}?force=1", f"GET /containers/{MINE}/json",
    "GET /images/acme/run:1/json", "GET /images/index.docker.io/acme/run:1/history", f"GET /images/sha256:{MINE}/json",
    "GET /images/get?names=acme%2Frun%3A1", "POST /images/load?quiet=1", f"GET /images/{TAG}/json",
    f"POST /images/sha256:{MINE}/tag?repo=slipway%2Fbuild&tag=0f", "DELETE /images/pack.local/builder/7a:latest?force=1",
    "DELETE /volumes/pack-layers-x?force=1", "DELETE /volumes/cache",
]  # fmt: skip
REFUSED = [
    # Of nobody's build
    "POST /images/create?fromImage=acme%2Frun&tag=1", "POST /build", "POST /commit?container=x", "GET /containers/json",
    f"POST /containers/{MINE}/exec", f"POST /containers/{MINE}/update", "POST /volumes/create", "GET /volumes",
    "GET /images/json", "POST /images/prune", "POST /system/prune", "POST /swarm/init", "GET /plugins",
    "POST /networks/create",
    "GET /events", "POST /session", "POST /grpc", "GET /images/search", "POST /images/acme/run:1/push", 
    "GET /secrets",
    # Of others
    f"GET /containers/{OTHER}/archive?path=/", f"POST /containers/{OTHER}/start", f"DELETE /containers/{OTHER}",
    "GET /images/slipway/build:other/json", f"GET /images/sha256:{OTHER}/get", f"GET /images/{OTHER}/json",
    f"GET /images/get?names=acme%2Frun%3A1&names=sha256%3A{OTHER}", f"POST /images/sha256:{OTHER}/tag?repo=pack.local%2Fx",
    "POST /images/acme/run:1/tag?repo=slipway%2Fbuild&tag=other", "DELETE /images/acme/run:1",
    f"DELETE /images/sha256:{MINE}", "DELETE /volumes/pack-layers-of-others", "DELETE /volumes/data",
    # By another way
    "GET /images/acme/../../containers/json", f"GET //containers/{MINE}/json", "GET http://x/_ping", "GET /_ping#x",
    "GET /images/acme%2Frun:1/json", f"POST /containers/{MINE}/start/../../{OTHER}/start", "get /_ping", "GET", "",
    f"GET /images/get?x=1;names=sha256%3A{OTHER}", "POST /images/acme/run:1/tag?x=1;repo=other&repo=pack.local%2Fx",
]  # fmt: skip


@pytest.mark.parametrize("asked", ALLOWED)
def test_a_build_asks_for_what_it_needs_of_its_own(asked: str) -> None:
    RULES.judge(*asked.split(" "))


@pytest.mark.parametrize("asked", REFUSED)
def test_a_build_asks_for_nothing_else(asked: str) -> None:
    method, _, target = asked.partition(" ")
    with pytest.raises(Refused, match="may not|is not this build's"):
        RULES.judge(method, target)


def test_a_container_that_is_asked_for_gets_the_limits_whatever_it_asked() -> None:
    asked = {
        "Image": "pack.local/lifecycle/7a:latest", "Cmd": ["/cnb/lifecycle/exporter"], "Labels": {"slipway.build": "x"},
        "HostConfig": {
            "Binds": ["pack-layers-x:/layers", "cache:/cache", "/b/env:/platform/env:ro", f"{RULES.door}:/d.sock"],
            "Memory": 0, "Privileged": True, "CapAdd": ["ALL"], "PidMode": "host", "NetworkMode": "host",
            "UsernsMode": "host", "Mounts": [{"Type": "bind", "Source": "/", "Target": "/h"}],
            "SecurityOpt": ["label=disable", "seccomp=unconfined"],
        },
        "NetworkingConfig": {"EndpointsConfig": {"x": {}}},
    }  # fmt: skip
    binds = asked["HostConfig"]["Binds"]  # type: ignore[index]
    assert RULES.container(asked) == {
        "Image": "pack.local/lifecycle/7a:latest", "Cmd": ["/cnb/lifecycle/exporter"], "Labels": {"slipway.build": "m"},
        "HostConfig": {
            "Binds": binds, "SecurityOpt": ["label=disable"], "UsernsMode": "host", "NetworkMode": "bridge",
            "Memory": 2**30, "MemorySwap": 2**30, "NanoCpus": 500_000_000, "PidsLimit": 4096, "CgroupParent": "docker/own",
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("image", "bind"),
    [
        ("slipway/build:other", ""),
        ("pack.local/run-image/7a", ""),
        ("pack.local/builder/7a", "/b/door/engine.sock:/s"),  # Code of a buildpack would speak to the engine.
        ("pack.local/lifecycle/7a", "/var/run/docker.sock:/var/run/docker.sock"),
        ("pack.local/builder/7a", "/b/env:/platform/env"),
        ("pack.local/builder/7a", "/:/h:ro"),
        ("pack.local/builder/7a", "data-of-others:/d"),
        ("pack.local/builder/7a", "pack-/../..:/d"),
    ],
)
def test_a_container_of_another_image_or_with_a_mount_of_others_is_refused(image: str, bind: str) -> None:
    with pytest.raises(Refused, match="may not"):
        RULES.container({"Image": image, "HostConfig": {"Binds": [bind] if bind else None}})


def test_a_request_is_the_last_of_its_connection() -> None:
    head = b"POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n"
    assert rewritten_head(head, 9) == (
        b"POST /containers/create HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Length: 9\r\n\r\n"
    )
    upgrade = b"POST /x HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
    assert rewritten_head(upgrade, keeps_upgrade=True) == upgrade
    assert rewritten_head(upgrade) == b"POST /x HTTP/1.1\r\nConnection: close\r\n\r\n"


def test_the_door_passes_on_one_request_and_learns_what_it_made(tmp_path: Path) -> None:
    seen: list[bytes] = []
    rules = replace(RULES, door=str(tmp_path / "door" / "engine.sock"))

    def serve(engine: socket.socket) -> None:
        while True:
            there, _ = engine.accept()
            with there:
                there.settimeout(0.3)
                seen.append(b"")
                with suppress(TimeoutError):
                    while part := there.recv(65536):
                        seen[-1] += part
                there.sendall(b'HTTP/1.1 201 Created\r\n\r\n{"Id":"' + OTHER.encode() + b'"}')

    def ask(*texts: str) -> str:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(address.removeprefix("unix://"))
            for text in texts:
                client.sendall(text.encode())
            client.shutdown(socket.SHUT_WR)
            return client.makefile().read()

    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(tmp_path / "e"))
        engine.listen()
        threading.Thread(target=serve, args=(engine,), daemon=True).start()
        with engine_door(rules, str(tmp_path / "e")) as address:
            start = f"POST /containers/{OTHER}/start HTTP/1.1\r\n\r\n"
            refused = ask(start)
            assert refused.startswith("HTTP/1.1 403 Forbidden") and "is not this build's." in refused and seen == []
            assert ask("GET /_ping HTTP/1.1\n\n" + start) == "" and seen == [], (
                "one that the engine would read in two ways"
            )
            chunked = "POST /images/load HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
            both = ask(chunked, start)  # By one connection, as a lifecycle asks.
            assert "201 Created" in both and "403 Forbidden" in both
            assert len(seen) == 1 and seen[0].endswith(b"0\r\n\r\n")
            build = "POST /build HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"
            assert "201 Created" in ask(build, "GET /_ping HTTP/1.1\r\n\r\n") and b"build" not in seen.pop()
            body = json.dumps({"Image": "pack.local/builder/7a"})
            made = ask(f"POST /containers/create HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n{body}")
            assert made.startswith("HTTP/1.1 201") and OTHER in rules.made.containers and b"PidsLimit" in seen[1]
            assert ask(start).startswith("HTTP/1.1 201"), "it is this build's own by now"
    RULES.made.containers.discard(OTHER)


def test_no_builder_image_is_trusted_whatever_its_name() -> None:
    """pack runs all phases of those that it knows in one container, beside the engine's socket."""
    assert pinned("gcr.io/buildpacks/builder:google-22", ["gcr.io/buildpacks/builder@sha256:a"]).endswith("@sha256:a")


def test_a_builder_names_what_its_apps_run_on() -> None:
    def told(**metadata: Any) -> dict[str, str]:
        return {"io.buildpacks.builder.metadata": json.dumps(metadata)}

    stack = {"runImage": {"image": "acme/run"}}
    assert run_image_of(told(stack=stack)) == "docker.io/acme/run:latest"
    assert run_image_of(told(stack=stack, images=[{"image": "ghcr.io/acme/new:2"}])) == "ghcr.io/acme/new:2"
    for wrong in (
        {},
        told(),
        told(images=[7]),
        told(stack={"runImage": {"image": "a b"}}),
        {"io.buildpacks.builder.metadata": "[" * 99_999},
    ):
        with pytest.raises(UserError, match="does not say on which image"):
            run_image_of(wrong)


def test_what_a_service_names_is_looked_at_before_anybody_asks_for_it(tmp_path: Path) -> None:
    def look(reference: ImageReference) -> None:
        raise UserError("image:user:registry-refused", reference.host)

    with pytest.raises(UserError, match="10.0.0.1"):
        images_of("no-such-client", "10.0.0.1:5000/b", "acme/lifecycle", look, tmp_path / "config", None)  # type: ignore[arg-type]
