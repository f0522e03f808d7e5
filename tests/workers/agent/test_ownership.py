"""New volumes belong to the user of the container."""

from __future__ import annotations

import io
import secrets
import tarfile
from collections.abc import Iterator

import pytest

from workers.agent.ownership import folders, number_of
from workers.docker import SMALL_FILE, Engine

Files = list[tuple[str, bytes | str]]


def test_it_finds_the_number_of_a_user() -> None:
    passwd = "root:x:0:0::/root:/bin/sh\napp:x:10001:10001::/home/app:/bin/sh\nbroken\n"
    assert [number_of(user, passwd) for user in ("", "10001", "app", "nobody", "broken")] == [0, 10001, 10001, 0, 0]


def test_it_describes_folders_with_their_owner() -> None:
    with tarfile.open(fileobj=io.BytesIO(folders(["/data", "/var/lib/app/"], 10001, 10002))) as tar:
        found = [(m.name, m.isdir(), m.uid, m.gid, m.mode) for m in tar.getmembers()]
    assert found == [("data", True, 10001, 10002, 0o755), ("var/lib/app", True, 10001, 10002, 0o755)]


@pytest.fixture
def engine(image: str) -> Iterator[Engine]:
    engine = Engine(secrets.token_hex(4))
    yield engine
    for container in engine.containers():
        engine.remove(container.id)


def holding(engine: Engine, image: str, files: Files) -> str:
    """A container that never ran; text is where a symbolic link leads."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, content in files:
            entry = tarfile.TarInfo(path)
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
                tar.addfile(entry)
            else:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    labels = {"slipway.instance": engine.instance}
    container = engine.create({"name": f"slipway-test-{engine.instance}", "Image": image, "Labels": labels})
    engine.write_archive(container, buffer.getvalue())
    return container


@pytest.mark.docker
@pytest.mark.parametrize(
    ("files", "text"),
    [
        ([("opt/told", b"root:x:0:0")], "root:x:0:0"),
        ([("opt/told", b"x" * SMALL_FILE)], "x" * SMALL_FILE),
        ([("opt/told", b"x" * (SMALL_FILE + 1))], ""),
        ([("opt/real", b"root:x:0:0"), ("opt/told", "real")], "root:x:0:0"),
        ([("opt/real", b"x" * (SMALL_FILE + 1)), ("opt/told", "real")], ""),
        ([("opt/told", "told")], ""),
        ([("opt/told", "/nowhere")], ""),
        ([("opt/told", "/dev/zero")], ""),
        ([("opt/told/inside", b"x")], ""),
        ([], ""),
    ],
)
def test_it_reads_a_small_file_of_an_image_and_nothing_else(
    engine: Engine, image: str, files: Files, text: str
) -> None:
    assert engine.read_file(holding(engine, image, files), "/opt/told") == text
