"""The only caller of the Docker SDK: small typed calls, each with a timeout, whose errors are ours (`docker_errors`).

Touches nothing that does not carry the label of its instance. Not in charge of what should run, nor of builds.
"""

from __future__ import annotations

import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docker import APIClient
from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool
from docker.utils import kwargs_from_env

from workers.docker_errors import REFUSED, NotThere, engine_errors, gone_is_fine, registry_errors
from workers.docker_records import Container, Event, Network
from workers.errors import PlatformError
from workers.image_reference import Login
from workers.registry_errors import not_taken

INSTANCE = "slipway.instance"
SMALL_FILE = 1024**2
PULL_SECONDS = 120.0  # Without a word of the engine.
# Bits of Go's `fs.FileMode`, in which the engine tells what a path is: https://pkg.go.dev/io/fs#FileMode
_SYMLINK = 1 << 27
_NO_PLAIN_FILE = 1 << 31 | _SYMLINK | 1 << 26 | 1 << 25 | 1 << 24 | 1 << 21 | 1 << 19


class Engine:
    """The Docker engine of this host, as far as one instance of Slipway may see it."""

    def __init__(self, instance: str, *, timeout: float = 20.0) -> None:
        self.instance = instance
        self.timeout = timeout
        self._client: APIClient | None = None
        self._root_dir: str | None = None
        self._lock = threading.Lock()

    @property
    def _api(self) -> Any:
        """Connects at the first call, so that an engine that starts later than we do is found."""
        with self._lock:
            if self._client is None:
                with engine_errors("be reached"):
                    self._client = APIClient(version="auto", timeout=self.timeout, **kwargs_from_env())
                    # A socket of this machine has no proxy and no .netrc, which would be looked for at every call.
                    self._client.trust_env = not self._client.base_url.startswith("http+docker:")
            return self._client

    @property
    def _mine(self) -> dict[str, list[str]]:
        return {"label": [f"{INSTANCE}={self.instance}"]}

    def root_dir(self) -> str:
        """Where the engine keeps its own files."""
        if self._root_dir is None:
            with engine_errors("describe itself"):
                self._root_dir = str(self._api.info()["DockerRootDir"])
        return self._root_dir

    # Containers

    def containers(self, **labels: str) -> list[Container]:
        """All of this instance, stopped ones too; `service="..."` narrows by `slipway.service`."""
        wanted = [*self._mine["label"], *(f"slipway.{name}={value}" for name, value in labels.items())]
        with engine_errors("list containers"):
            found = self._api.containers(all=True, filters={"label": wanted})
        return [
            Container(c["Id"], (c["Names"] or ["/"])[0].lstrip("/"), c["State"], c["Labels"] or {}, c["Created"])
            for c in found
        ]

    def inspect(self, container: str) -> dict[str, Any]:
        with engine_errors("inspect a container"):
            return dict(self._api.inspect_container(container))

    def create(self, spec: dict[str, Any]) -> str:
        """`spec` is the engine's own create request plus `name`; gives the id."""
        _assert_ours(spec["Labels"], self.instance)
        body = {key: value for key, value in spec.items() if key != "name"}
        with engine_errors("create a container"):
            return str(self._api.create_container_from_config(body, spec["name"])["Id"])

    def start(self, container: str) -> None:
        with engine_errors("start a container"):
            self._api.start(container)

    def stop(self, container: str, seconds: float) -> None:
        """SIGTERM, then SIGKILL after `seconds`. Fine when it is gone or stopped already."""
        with engine_errors("stop a container"), gone_is_fine():
            self._api.stop(container, timeout=max(0, round(seconds)))

    def remove(self, container: str) -> None:
        """With its anonymous volumes, by force. Fine when it is gone already."""
        with engine_errors("remove a container"), gone_is_fine():
            self._api.remove_container(container, force=True, v=True)

    def pause(self, container: str) -> None:
        with engine_errors("pause a container"):
            self._api.pause(container)

    def unpause(self, container: str) -> None:
        with engine_errors("unpause a container"):
            self._api.unpause(container)

    def last_lines(self, container: str, count: int) -> list[str]:
        with engine_errors("read a container's log"):
            raw: bytes = self._api.logs(container, stdout=True, stderr=True, tail=count)
        return raw.decode("utf-8", "replace").replace("\0", "").splitlines()

    def follow(self, container: str, since: float) -> Iterator[bytes]:
        """Chunks of `<RFC 3339 time> <text>` lines from `since` (epoch seconds) on, until the container ends."""
        with engine_errors("follow a container's log"):
            yield from self._api.logs(container, stream=True, follow=True, timestamps=True, since=since or None)

    def stats(self, container: str) -> dict[str, Any]:
        """One sample, at once."""
        with engine_errors("sample a container"):
            return dict(self._api.stats(container, stream=False, one_shot=True))

    def events(self) -> Iterator[Event]:
        """What happens to our containers from now on; raises PlatformError when the engine goes away."""
        with engine_errors("tell its events"):
            filters = {**self._mine, "type": ["container"]}
            for event in self._api.events(filters=filters, decode=True):
                told = event.get("Actor", {}).get("Attributes", {})
                code = told.get("exitCode")
                action = str(event.get("Action", ""))
                yield Event(action, event["Actor"]["ID"], told.get("slipway.service", ""), int(code) if code else None)

    def read_file(self, container: str, path: str) -> str:
        """A small text file of a container, running or not, through one symbolic link; "" when it has none.

        What is larger than 1 MB or no plain file counts as none: it is an image's own, and may be made to hurt.
        """
        try:
            with engine_errors("read a file of a container"):
                chunks, stat = self._api.get_archive(container, path)
                if stat["mode"] & _SYMLINK and stat["linkTarget"]:
                    chunks, stat = self._api.get_archive(container, stat["linkTarget"])
                if stat["mode"] & _NO_PLAIN_FILE or stat["size"] > SMALL_FILE:
                    return ""
                with tarfile.open(fileobj=io.BytesIO(_first_bytes(chunks, SMALL_FILE + 10 * 1024))) as tar:
                    file = tar.extractfile(tar.getmembers()[0])
                    return file.read(SMALL_FILE).decode("utf-8", "replace") if file else ""
        except (NotThere, tarfile.TarError):  # The latter: it grew while it was read.
            return ""
        except PlatformError as error:
            if error.code == REFUSED:  # A link to itself, say.
                return ""
            raise

    def write_archive(self, container: str, tar: bytes) -> None:
        """Unpack a tar file over the root of a container."""
        with engine_errors("write to a container"):
            self._api.put_archive(container, "/", tar)

    # Networks, volumes

    def networks(self, *, mine: bool = True) -> list[Network]:
        """`mine=False` gives every network of the host, to keep clear of its addresses."""
        with engine_errors("list networks"):
            found = self._api.networks(filters=self._mine if mine else None)
        return [
            Network(n["Id"], n["Name"], tuple(c["Subnet"] for c in n["IPAM"]["Config"] or []), n["Labels"] or {})
            for n in found
        ]

    def create_network(self, name: str, subnet: str, labels: dict[str, str]) -> Network:
        _assert_ours(labels, self.instance)
        ipam = IPAMConfig(pool_configs=[IPAMPool(subnet=subnet)])
        with engine_errors("create a network"):
            made = self._api.create_network(name, driver="bridge", ipam=ipam, labels=labels, check_duplicate=True)
        return Network(made["Id"], name, (subnet,), labels)

    def remove_network(self, network: str) -> None:
        with engine_errors("remove a network"), gone_is_fine():
            self._api.remove_network(network)

    def connect(self, container: str, network: str, address: str, names: list[str]) -> None:
        """With a fixed address, and aliases that lead to it."""
        with engine_errors("connect a container"):
            self._api.connect_container_to_network(container, network, ipv4_address=address, aliases=names)

    def disconnect(self, container: str, network: str) -> None:
        with engine_errors("disconnect a container"):
            self._api.disconnect_container_from_network(container, network)

    def volumes(self) -> list[tuple[str, dict[str, str]]]:
        """`(name, labels)` of each."""
        with engine_errors("list volumes"):
            found = self._api.volumes(filters=self._mine)["Volumes"]
        return [(v["Name"], v["Labels"] or {}) for v in found or []]

    def create_volume(self, name: str, labels: dict[str, str]) -> None:
        """Does nothing when it is there."""
        _assert_ours(labels, self.instance)
        with engine_errors("create a volume"):
            self._api.create_volume(name, labels=labels)

    def remove_volume(self, name: str) -> None:
        with engine_errors("remove a volume"), gone_is_fine():
            self._api.remove_volume(name)

    # Images

    def has_image(self, image: str) -> bool:
        try:
            with engine_errors("inspect an image"):
                self._api.inspect_image(image)
        except NotThere:
            return False
        return True

    def image_ids(self) -> list[str]:
        """Images that carry the instance's label."""
        with engine_errors("list images"):
            return [str(image["Id"]) for image in self._api.images(filters=self._mine)]

    def registry_digest(self, reference: str, login: Login | None) -> str:
        """What a registry has under a reference (`sha256:...`). The login goes as a header of the engine's API."""
        with registry_errors(reference, login):
            told = self._api.inspect_distribution(reference, auth_config=_auth(login))
        return str(told["Descriptor"]["digest"])

    def pull(self, reference: str, login: Login | None, check: Callable[[], None]) -> None:
        """Fetch what a pinned reference names. `check` is called while it comes in and may end it by raising."""
        repository, _, digest = reference.partition("@")
        with registry_errors(reference, login), _patient(PULL_SECONDS) as client:
            told = client.pull(repository, tag=digest, stream=True, decode=True, auth_config=_auth(login))
            for _ in _checked(told, check):
                pass

    def push(self, reference: str, login: Login | None, check: Callable[[], None]) -> str:
        """Send what is tagged so to its registry; gives the digest that it has there. `check` as for `pull`."""
        repository, _, tag = reference.rpartition(":")
        digest = ""
        with registry_errors(reference, login, not_taken), _patient(PULL_SECONDS) as client:
            told = client.push(repository, tag=tag, stream=True, decode=True, auth_config=_auth(login))
            for line in _checked(told, check):
                digest = line.get("aux", {}).get("Digest", digest)
            if not digest:  # An engine with the image store of containerd tells it in words only.
                told_by_registry = client.inspect_distribution(reference, auth_config=_auth(login))
                digest = str(told_by_registry["Descriptor"]["digest"])
        return digest

    def image(self, image: str) -> dict[str, Any]:
        with engine_errors("inspect an image"):
            return dict(self._api.inspect_image(image))

    def tag(self, image: str, repository: str, tag: str) -> None:
        with engine_errors("tag an image"):
            self._api.tag(image, repository, tag)

    def import_image(self, tar: Path, name: str, tag: str, changes: list[str]) -> None:
        """One layer from a tar file. Takes as long as the disk does, so its timeout is longer."""
        with engine_errors("import an image"), _patient(max(self.timeout, 120)) as client:
            client.import_image_from_file(str(tar), repository=name, tag=tag, changes=changes)

    def remove_image(self, image: str) -> None:
        """Without force: an image that a container uses stays, and that is an error."""
        with engine_errors("remove an image"), gone_is_fine():
            self._api.remove_image(image)


def _auth(login: Login | None) -> dict[str, str]:
    """Never None: then the SDK takes the logins of whoever runs this machine, which no team may use."""
    return login.as_dict() if login else {}


def _first_bytes(chunks: Iterator[bytes], count: int) -> bytes:
    """Enough of them; the rest of an answer that is longer is never taken."""
    taken = io.BytesIO()
    for chunk in chunks:
        taken.write(chunk)
        if taken.tell() > count:
            break
    return taken.getvalue()


def _assert_ours(labels: dict[str, str], instance: str) -> None:
    if labels.get(INSTANCE) != instance:
        raise PlatformError("engine:platform:not-labelled", "Something was to be made without our label.", retry=False)


@contextmanager
def _patient(seconds: float) -> Iterator[APIClient]:
    """A connection of its own, for what may be silent for so long."""
    client = APIClient(version="auto", timeout=seconds, **kwargs_from_env())
    try:
        yield client
    finally:
        client.close()


def _checked(told: Iterator[dict[str, Any]], check: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """What the engine tells while it works; an error among it is raised."""
    for line in told:
        check()
        if "error" in line:
            raise APIError(line["error"], explanation=line["error"])
        yield line
