"""The rules of `public` mode are in force while this process builds: `nft` loads them, as root or in a small container
of the engine (on a builder's own machine always).

Containers of others on the engine's default bridge that ran when a build began are left alone. Not in charge of what the
rules are.
"""

from __future__ import annotations

import os
import secrets as random
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from workers.build.base_images import ensure_base
from workers.build.builder import far_builder
from workers.build.egress import Door, removal, ruleset
from workers.build.egress_containers import NFT, RUNNING, in_container_argv, of_others, resolv_conf_argv
from workers.build.egress_doors import DNS, doors_of_machine
from workers.build.job import Egress, Report
from workers.build.limits import Logged
from workers.build.secrets import nameservers_in
from workers.docker_cli import client_env, working_client
from workers.errors import SlipwayError
from workers.process import TimedOut, run

SECONDS = 30.0
NETWORK = "bridge"  # The engine's default one, on which the steps of builds run.
BRIDGE = (
    '{{index .Options "com.docker.network.bridge.name"}}'
    "{{range $id, $c := .Containers}} {{$id}}={{$c.IPv4Address}}={{$c.IPv6Address}}{{end}}"
)

_lock = threading.Lock()
_running = 0  # Builds of this process that rely on the rules.
_doors = set[Door]()  # Of all of them.


class NotLimited(Exception):
    """The rules cannot be loaded here; the text says why."""


@contextmanager
def limited(
    egress: Egress,
    given: Mapping[str, Path],
    report: Report,
    *,
    network: str,
    cache_dir: Path,
    labels: Mapping[str, str],
) -> Iterator[None]:
    """Inside, the steps of a build reach what they may; where that cannot be, a line says so.

    `given` are the files that the build gets as secrets, `network` the mode that its steps are run in.
    """
    with ExitStack() as stack:
        if egress.mode == "public":
            doors = doors_of_machine(given, os.environ) | {(address, 0) for address in egress.allow}
            try:
                if network == "host":
                    raise NotLimited("it is the host's own")
                stack.enter_context(Firewall(cache_dir, labels).closed(doors, egress.host_ports, report))
                report.line("The steps of the build reach public addresses only, beside this machine's package indexes")
            except NotLimited as error:
                report.line(f"The build's network cannot be limited to public addresses here: {error}", level="err")
        yield


@dataclass(frozen=True)
class Firewall:
    """The table of one installation. `cache_dir` keeps a note while it may be there."""

    cache_dir: Path
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def table(self) -> str:
        return f"slipway_builds_{self.labels.get('slipway.instance', 'none')}"

    @contextmanager
    def closed(self, doors: Iterable[Door], host_ports: Iterable[int], report: Report) -> Iterator[None]:
        """Inside, steps reach nothing private but through `doors`. Raises NotLimited before it begins."""
        global _running
        with _lock:
            _running += 1
        try:
            with _lock:
                _doors.update(doors)
                self._close(tuple(host_ports), report)
            yield
        finally:
            # Beside the build's end: for who is not root it takes half a second.
            threading.Thread(target=self._leave, name="egress").start()

    def open(self) -> None:
        """Remove the table if it may be there."""
        if not self._note.exists():
            return
        self._load(removal(self.table), None)
        self._note.unlink(missing_ok=True)

    def _close(self, host_ports: tuple[int, ...], report: Report) -> None:
        is_near = not far_builder()
        if is_near and not NFT.exists():
            raise NotLimited(f"there is no {NFT} on this machine: install nftables")
        bridge, others = self._bridge(report)
        if not bridge or (is_near and not Path("/sys/class/net", bridge).exists()):
            raise NotLimited("the engine's default bridge is not on this machine")
        doors = _doors if is_near else _doors | self._name_servers(report)
        self._note.parent.mkdir(parents=True, exist_ok=True)
        self._note.touch()
        self._load(ruleset(self.table, bridge, doors, host_ports, others), report)

    def _leave(self) -> None:
        global _running
        with _lock:
            _running -= 1
            if not _running:
                _doors.clear()
                try:
                    self.open()
                except NotLimited:
                    return  # The note stays: it is tried again when the worker starts, and when all stops.

    def _bridge(self, report: Report) -> tuple[str, list[str]]:
        """The name of the engine's default bridge, and addresses of containers on it that are no build's."""
        client = working_client(self.cache_dir)
        name, *told = self._told([client, "network", "inspect", f"--format={BRIDGE}", NETWORK], report).split(" ")
        running = self._told([client, "ps", "--no-trunc", f"--format={RUNNING}"], report).splitlines() if told else []
        return name, of_others(told, running)

    def _load(self, rules: str, report: Report | None) -> None:
        if os.geteuid() == 0 and not far_builder():
            self._told([str(NFT), "-f", "-"], report, rules)
            return
        client, image = working_client(self.cache_dir), self._image(report)
        name = f"slipway-build-egress-{random.token_hex(4)}"
        try:
            self._told(in_container_argv(client, name, image, self.labels), report, rules)
        except BaseException:
            with suppress(NotLimited):  # It is gone already, but for a client that ended before its container.
                self._told([client, "rm", "--force", "--", name], None)
            raise

    def _name_servers(self, report: Report) -> set[Door]:
        """Those that the engine gives to the steps of builds, as it does to a container."""
        argv = resolv_conf_argv(working_client(self.cache_dir), self._image(report), self.labels)
        return {(server, DNS) for server in nameservers_in(self._told(argv, report))}

    def _image(self, report: Report | None) -> str:
        told = report or Logged()
        try:
            return ensure_base("python", "", report=told, cache_dir=self.cache_dir, labels=self.labels).reference
        except SlipwayError as error:
            raise NotLimited(error.message) from error

    def _told(self, argv: list[str], report: Report | None, given: str = "") -> str:
        lines: list[str] = []
        try:
            done = run(
                argv,
                env=client_env(os.environ),
                check=report.check if report else None,
                timeout_seconds=SECONDS,
                stdin=given.encode(),
                on_line=lambda text, _: lines.append(text),
            )
        except (TimedOut, FileNotFoundError) as error:
            raise NotLimited(str(error)) from error
        if done.returncode:
            raise NotLimited(done.tail[0].strip() if done.tail else f"{argv[0]} ended with {done.returncode}")
        return "\n".join(lines)

    @property
    def _note(self) -> Path:
        return self.cache_dir / "egress-closed"


def firewall_of(home: Path, instance: str) -> Firewall:
    """The one of an installation, whatever it is told of single builds."""
    return Firewall(home / "cache" / "machine", {"slipway.instance": instance})


if __name__ == "__main__":  # After all of an installation has stopped.
    try:
        firewall_of(Path(os.environ["SLIPWAY_HOME"]), os.environ["SLIPWAY_INSTANCE"]).open()
    except NotLimited as problem:
        print(f"The rules of builds are still in force: {problem}", file=sys.stderr)
