"""A real registry of images on loopback, with one login: the distribution's own, unpacked and not installed."""

from __future__ import annotations

import io
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from docker import APIClient

from tests.ports import free_port
from workers.image_reference import Login

LOGIN = Login("alice", "U*U")
# The bcrypt of that password: a published test vector of crypt_blowfish.
HASHED = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"


@contextmanager
def registry(folder: Path, *, wants_login: bool = True) -> Iterator[str]:
    """Its host, such as `127.0.0.1:41234`. The test is skipped where the distribution has no `docker-registry`."""
    program = _program(folder)
    host = f"127.0.0.1:{free_port()}"
    (folder / "htpasswd").write_text(f"{LOGIN.username}:{HASHED}\n")
    auth = f"auth: {{htpasswd: {{realm: test, path: {folder}/htpasswd}}}}\n" if wants_login else ""
    (folder / "config.yml").write_text(
        f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {folder}/images}}}}\n"
        f"http: {{addr: '{host}'}}\n{auth}"
    )
    process = subprocess.Popen([program, "serve", str(folder / "config.yml")], stdout=subprocess.DEVNULL)
    try:
        _wait(host, process)
        yield host
    finally:
        process.kill()
        process.wait()


def push(host: str, name: str, text: str) -> None:
    """An empty image that exposes two ports, under a name of the registry; not kept in the engine."""
    tag, nothing = f"{host}/{name}", io.BytesIO()
    repository, _, number = tag.rpartition(":")
    tarfile.open(fileobj=nothing, mode="w").close()
    client = APIClient()
    # Imported, not built: a build shares its steps with other tests, and they go when one of those removes its image.
    changes = ["EXPOSE 9000/tcp 9100/tcp 53/udp", f"LABEL test.text={text}", 'CMD ["/app"]']
    client.import_image_from_data(nothing.getvalue(), repository=repository, tag=number, changes=changes)
    said = client.push(tag, auth_config=LOGIN.as_dict(), stream=True, decode=True)
    problems = [line["error"] for line in said if "error" in line]
    client.remove_image(tag)
    client.close()
    assert not problems


def _program(folder: Path) -> str:
    if found := shutil.which("docker-registry"):
        return found
    got = subprocess.run(["apt-get", "download", "docker-registry"], cwd=folder, capture_output=True, check=False)
    package = next(folder.glob("docker-registry_*.deb"), None)
    if got.returncode or package is None:
        pytest.skip("the distribution's docker-registry cannot be had here")
    subprocess.run(["dpkg-deb", "--extract", str(package), str(folder)], check=True)
    return str(folder / "usr/bin/docker-registry")


def _wait(host: str, process: subprocess.Popen[bytes]) -> None:
    name, _, port = host.partition(":")
    ends_at = time.monotonic() + 60
    while time.monotonic() < ends_at:
        assert process.poll() is None, "the registry has ended"
        try:
            socket.create_connection((name, int(port)), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the registry does not answer")
