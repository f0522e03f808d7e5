"""Opens the engine's log files for an agent that may not: a container of root's does it and hands the descriptors over.

It talks to the agent alone, over a socket in the agent's own folder, and ends when the agent does. Not in charge of
reading (`workers.agent.tail`), nor of what the container may (`workers.agent.log_reader_spec`).
"""

from __future__ import annotations

import os
import socket
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workers.agent.log_reader_spec import ROLE, SOCKET, ReaderPlace, reader_spec
from workers.docker import Engine
from workers.errors import PlatformError, SlipwayError

IMAGE, TAG = "slipway/empty", "1"
START_SECONDS, ANSWER_SECONDS = 15.0, 5.0
FORGET_SECONDS = 30.0  # How long it is remembered that it did not start.


class LogReader:
    """Started with the first question, and anew when it is gone. May be used from several threads."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._container = ""
        self._refused: tuple[float, str] = (0.0, "")  # Until when (`time.monotonic()`), and why.

    def require(self) -> None:
        """Returns when it runs. Raises PlatformError that says why it does not."""
        with self._lock:
            self._connected()

    def runs(self) -> bool:
        """As far as is known without asking."""
        return self._connection is not None

    def open(self, path: Path) -> int:
        """Raises FileNotFoundError, PermissionError, and PlatformError when it cannot be asked."""
        with self._lock:
            connection = self._connected()
            try:
                return _asked(connection, path.name)
            except (ConnectionError, TimeoutError) as error:
                self._drop()
                raise _no_reader(f"it does not answer: {error}") from error

    def close(self) -> None:
        """Fine when it never ran. From then on it is not started again; the next agent's is left alone."""
        with self._lock:
            self._refused = (float("inf"), "the agent ends")
            if self._connection is not None:
                self._drop()
                self._engine.remove(self._container)

    def _connected(self) -> socket.socket:
        if self._connection is None:
            until, why = self._refused
            if time.monotonic() < until:
                raise _no_reader(why)
            try:
                self._connection = self._started()
            except (SlipwayError, OSError) as error:
                why = error.message if isinstance(error, SlipwayError) else str(error)
                self._refused = (time.monotonic() + FORGET_SECONDS, why)
                raise _no_reader(why) from error
        return self._connection

    def _started(self) -> socket.socket:
        """In the place of one that a dead agent left."""
        for container in self._engine.containers(role=ROLE):
            self._engine.remove(container.id)
        with _listening(self._folder) as listener:
            self._container = self._engine.create(reader_spec(self._place(), self._image()))
            try:
                self._engine.start(self._container)
                return self._accepted(listener)
            except SlipwayError:
                self._engine.remove(self._container)
                raise

    def _accepted(self, listener: socket.socket) -> socket.socket:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._engine.inspect(self._container)["State"]["Running"]:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            connection.settimeout(ANSWER_SECONDS)
            return connection
        told = " ".join(self._engine.last_lines(self._container, 1))
        raise _no_reader(f"it did not come up. {told}".strip())

    def _place(self) -> ReaderPlace:
        libraries = [name for name in ("/usr", "/lib", "/lib64") if Path(name).is_dir()]
        return ReaderPlace(
            instance=self._engine.instance,
            containers=f"{self._engine.root_dir()}/containers",
            folder=self._folder,
            group=os.getegid(),
            python=str(Path(sys.executable).resolve()),
            python_folders=(str(Path(sys.base_prefix).resolve()), *libraries),
        )

    def _image(self) -> str:
        """One without a file in it."""
        if not self._engine.has_image(f"{IMAGE}:{TAG}"):
            with tempfile.NamedTemporaryFile(suffix=".tar") as file:
                tarfile.open(fileobj=file, mode="w").close()
                file.flush()
                self._engine.import_image(Path(file.name), IMAGE, TAG, [])
        return f"{IMAGE}:{TAG}"

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def _listening(folder: Path) -> Iterator[socket.socket]:
    """Nobody but the agent's user may enter what `folder` is in; the container comes in by the agent's group."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o710)
    (folder / SOCKET).unlink(missing_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(f"/proc/self/fd/{descriptor}/{SOCKET}")  # An address may have 107 letters, a folder more.
            (folder / SOCKET).chmod(0o660)
            listener.listen(1)
            listener.settimeout(0.1)
            yield listener
    finally:
        os.close(descriptor)


def _asked(connection: socket.socket, name: str) -> int:
    """The descriptor of the file."""
    connection.send(name.encode())
    told, descriptors, _, _ = socket.recv_fds(connection, 16, 1)
    if descriptors:
        return descriptors[0]
    if not told:
        raise ConnectionResetError("it has ended")
    raise OSError(int(told), os.strerror(int(told)), name)


def _no_reader(why: str) -> PlatformError:
    return PlatformError("agent:platform:no-log-reader", f"No container reads the engine's log files: {why}")
