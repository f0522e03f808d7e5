"""A builder of its own, really: a second engine builds and pushes, and the first one runs what it pulls."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.registry import LOGIN, registry
from tests.workers.build.builds import Lines, builder
from workers.agent.images import need_image
from workers.agent.store import Store
from workers.build.base_images import ensure_base
from workers.build.builder import run_engine_env
from workers.build.clean import remove_images
from workers.build.job import BuildLimits, BuildSettings
from workers.build.limits import enforced
from workers.build.limits_disk import engine_folder
from workers.build.push import push_image
from workers.desired import Document, Registry, Release, Service
from workers.docker import Engine
from workers.docker_cli import working_client
from workers.errors import UserError

ID = "5e1f0000-0000-4000-8000-000000000001"


@pytest.fixture
def second() -> Iterator[str]:
    """The address of another engine, which touches neither the first one's files nor the machine's network."""
    dockerd = shutil.which("dockerd")
    if dockerd is None or os.geteuid():
        pytest.skip("a second engine needs root")
    folder = Path(tempfile.mkdtemp(prefix="engine-", dir="/tmp"))  # noqa: S108 - its sockets' names must be short.
    address = f"unix://{folder}/s"
    places = [f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/pid"]
    # A bridge of its own: with none the engine removes docker0, which is the first one's.
    bridge = f"sw-{folder.name[-8:]}"
    subprocess.run(["ip", "link", "add", bridge, "type", "bridge"], check=True)
    network = [f"--bridge={bridge}", "--iptables=false", "--ip-forward=false", "--ip-masq=false"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([dockerd, f"--host={address}", *places, *network], stdout=log, stderr=log)
    try:
        _wait(folder, process)
        yield address
    finally:
        process.terminate()
        process.wait(30)
        subprocess.run(["ip", "link", "delete", bridge], check=True)
        subprocess.run(["umount", f"{folder}/data"], capture_output=True, check=False)  # Where it ended in its start.
        shutil.rmtree(folder)


def _wait(folder: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while b"API listen on" not in (folder / "log").read_bytes():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.skip(f"no second engine here: {(folder / 'log').read_bytes()[-300:]!r}")
        time.sleep(0.05)


@pytest.mark.docker
def test_what_another_engine_builds_runs_here(second: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_RUN_ENGINE", "unix:///var/run/docker.sock")
    monkeypatch.setenv("DOCKER_HOST", second)
    with registry(tmp_path) as host, builder(tmp_path) as there:
        there.machine_cache = tmp_path / "machine"
        there.write(Dockerfile="FROM scratch\nCOPY a.txt /a.txt\n", a__txt="hello")
        image = there.build()
        reference = push_image(image.digest, f"{host}/slipway/x", "1", LOGIN, Engine(there.instance), there.report)
        layers = Engine(there.instance).image(image.digest)["RootFS"]

        monkeypatch.delenv("DOCKER_HOST")
        here = Engine(there.instance)
        assert not here.has_image(image.digest), "another engine built it"
        store = Store(tmp_path / "agent")
        store.keep_document(Document(target=ID, generation=1, registries=[Registry(host=host, **LOGIN.as_dict())]))
        release = Release(id=ID, image=reference, processes={})
        wanted = Service(id=ID, project=ID, deployment=ID, fence=1, rolling_out=True, release=release)
        need_image(wanted, here, store, lambda: None)
        came = here.image(reference)
        assert came["RootFS"] == layers, "its id is another one where the engines keep images in other ways"

        monkeypatch.setenv("DOCKER_HOST", second)
        label = f"slipway.instance={there.instance}"
        client, by_registry = working_client(tmp_path / "machine"), {reference.rpartition("@")[2]}
        assert not remove_images(client, label, lambda: by_registry, Lines(), run_engine_env()), (
            "whatever its id is here"
        )
        gone = remove_images(client, label, set, Lines(), run_engine_env())
        assert gone == [came["Id"]], "the worker cleans where apps run, too"
        assert Engine(there.instance).has_image(image.digest), "and this was not the builder's"


@pytest.mark.docker
def test_its_own_machine_holds_a_build_to_its_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a container there alone: nothing of this machine's control groups is looked at."""
    monkeypatch.setenv("SLIPWAY_BUILDER", "ssh://b.example")
    with builder(tmp_path) as there:
        base = ensure_base("python", "", report=there.report, cache_dir=there.machine_cache).reference
        takes = 'RUN ["python3", "-c", "import time; time.sleep({}); x = bytearray({} * 1024**2); print(len(x))"]'
        there.write(Dockerfile=f"FROM {base}\n{takes.format(0, 100)}\n{takes.format(4, 400)}\n")
        limits = BuildLimits(memory_bytes=200 * 1024**2)
        with pytest.raises(UserError, match="ran out of memory at 200 MB"):
            there.build(settings=BuildSettings(limits=limits, no_cache=True))
        assert str(100 * 1024**2) in " ".join(there.report.lines), "the step that needs less is held to nothing"
        assert not [line for line in there.report.lines if "memory and CPU cannot be enforced" in line]
        [named] = [part for part in there.report.commands[-1] if part.startswith("--cgroup-parent=")]
        groups = {name for _, names, _ in os.walk("/sys/fs/cgroup") for name in names}
        assert named.rpartition("/")[2] not in groups, "the group goes with the build"


@pytest.mark.docker
def test_its_own_machine_ends_a_build_that_writes_more_than_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIPWAY_BUILDER", "ssh://b.example")
    with builder(tmp_path) as there:
        base = ensure_base("python", "", report=there.report, cache_dir=there.machine_cache).reference
        # Of two steps that are the same the engine may run one, for both builds.
        writes = f"head -c 90000000 /dev/urandom > /x; echo written {there.instance}; sleep 60"
        there.write(Dockerfile=f"FROM {base}\nRUN {writes}\n")
        limits = BuildLimits(disk_bytes=50 * 10**6, timeout_seconds=50)
        with pytest.raises(UserError, match=r"^The build wrote more than 50 MB\.$"):
            there.build(settings=BuildSettings(limits=limits, no_cache=True))
        assert not [line for line in there.report.lines if "cannot be enforced" in line]


def test_no_limit_is_claimed_on_another_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its socket is here, its control groups and its disk are not."""
    monkeypatch.setenv("SLIPWAY_BUILDER", "ssh://b.example")
    told = Lines()
    with enforced(BuildLimits(), told, cgroups=tmp_path, active=tmp_path) as limit:
        assert limit.group is None
    assert told.lines == [
        "The limits on memory and CPU cannot be enforced here: builds run at ssh://b.example, which is not this machine"
    ]
    assert engine_folder("docker") is None and not list(tmp_path.iterdir())
