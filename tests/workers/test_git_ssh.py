"""Repositories by ssh: a deploy key of ours, the server's key pinned, nothing of the machine, nothing left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workers.git_server import make_repository
from tests.workers.ssh_server import SshServer, ssh_server
from workers import git
from workers.build.fetch import fetch
from workers.build.job import Source, Workspace
from workers.deploy_key import DeployKey, fingerprint, laid_out, make_key, public_part
from workers.errors import UserError
from workers.git_environment import SSH_PROGRAM, git_config, ssh_env
from workers.git_remote import check_url, host_of, is_ssh, name_of, origin_of
from workers.git_ssh import HOST_NAME, ssh_argv
from workers.process import run


class Quiet:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str, *, level: str = "out") -> None:
        self.lines.append(text)

    def command(self, argv: list[str]) -> None:  # type: ignore[override]
        self.lines.append(" ".join(argv))

    def check(self) -> None:
        """Never stopped."""


def fetched(tmp_path: Path, source: Source) -> tuple[str, str, Quiet]:
    """What `app.py` says, the server's key that was met, and what was told."""
    report = Quiet()
    (tmp_path / "work").mkdir(exist_ok=True)
    number = len(list((tmp_path / "work").iterdir()))
    workspace = Workspace(tmp_path / "work" / f"{number}-cache", tmp_path / "work" / f"{number}-scratch")
    for folder in (workspace.cache, workspace.scratch):
        folder.mkdir()
    found = fetch(source, workspace, report)  # type: ignore[arg-type]
    assert not (workspace.scratch / "ssh").exists()
    return (found.folder / "app.py").read_text(), found.host_key, report


@pytest.fixture
def server(tmp_path: Path) -> SshServer:
    make_repository(tmp_path / "served" / "owner" / "shop", {"app.py": "print()"})
    return SshServer(tmp_path / "served")


def test_it_makes_keys_that_ssh_itself_reads(tmp_path: Path) -> None:
    key = make_key()
    with laid_out(DeployKey(key), tmp_path / "ssh") as identity:
        path = identity.folder / "key"
        assert (path.stat().st_mode & 0o777, identity.folder.stat().st_mode & 0o777) == (0o600, 0o700)
        done = subprocess.run(["ssh-keygen", "-y", "-f", str(path)], capture_output=True, text=True, check=True)
        shown = subprocess.run(["ssh-keygen", "-l", "-f", str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.split()[:2] == public_part(key).split()[:2]
    assert public_part(key).endswith(" slipway") and fingerprint(public_part(key)) == shown.stdout.split()[1]
    assert make_key() != key and not (tmp_path / "ssh").exists()


def test_it_fetches_with_its_key_and_pins_the_server_that_it_met(tmp_path: Path, server: SshServer) -> None:
    key = make_key()
    with ssh_server(server.root, public_part(key), server=server):
        source = Source(server.url("owner/shop"), "main", key=DeployKey(key))
        text, host_key, report = fetched(tmp_path, source)
        assert (text, host_key) == ("print()", server.public_host_key)
        again = replace(source, key=DeployKey(key, host_key))
        assert fetched(tmp_path, again)[:2] == ("print()", host_key)
    assert server.users == ["git", "git"] and set(server.commands) == {"git-upload-pack '/owner/shop'"}
    assert all(env == {"GIT_PROTOCOL": "version=2"} for env in server.environments)
    told = "\n".join(report.lines)
    left = b"".join(p.read_bytes() for p in (tmp_path / "work").rglob("*") if p.is_file())
    for line in key.splitlines()[1:-1]:
        assert line not in told and line.encode() not in left


def test_it_takes_no_other_server_for_the_pinned_one(tmp_path: Path, server: SshServer) -> None:
    key = make_key()
    with ssh_server(server.root, public_part(key), server=server):
        other = " ".join(public_part(make_key()).split()[:2])
        with pytest.raises(UserError) as caught:
            fetched(tmp_path, Source(server.url("owner/shop"), "main", key=DeployKey(key, other)))
    assert caught.value.code == "source:user:host-key-changed" and server.commands == []


def test_it_says_that_the_key_is_not_taken(tmp_path: Path, server: SshServer) -> None:
    with ssh_server(server.root, public_part(make_key()), server=server):
        with pytest.raises(UserError) as caught:
            fetched(tmp_path, Source(server.url("owner/shop"), "main", key=DeployKey(make_key())))
        assert caught.value.code == "source:user:key-refused"
        assert f"127.0.0.1:{server.port}" in caught.value.message and "git@" not in caught.value.message
        with pytest.raises(UserError) as caught:
            fetched(tmp_path, Source(server.url("owner/shop"), "main"))
        assert caught.value.code == "source:user:no-key"


def test_it_lists_branches_by_ssh_and_names_what_is_missing(tmp_path: Path, server: SshServer) -> None:
    key = make_key()
    with (
        ssh_server(server.root, public_part(key), server=server),
        laid_out(DeployKey(key), tmp_path / "ssh") as identity,
    ):
        remote = replace(check_url(server.url("owner/shop")), identity=identity)
        assert git.branches(remote).default == "main"
        nothing = replace(check_url(server.url("owner/nothing")), identity=identity)
        with pytest.raises(UserError) as caught:
            git.branches(nothing)
    assert caught.value.code == "source:user:not-git"


def test_it_says_that_nothing_listens(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        fetched(tmp_path, Source("ssh://git@127.0.0.1:1/x", "main", key=DeployKey(make_key())))
    assert caught.value.code == "source:user:unreachable"


def test_it_starts_ssh_with_nothing_of_the_machine(tmp_path: Path) -> None:
    env = {"SLIPWAY_SSH_FOLDER": '/a b/50% "x', "SLIPWAY_SSH_ADDRESS": "192.0.2.7", "SLIPWAY_SSH_PINNED": "1"}
    argv = ssh_argv(env, ["-p", "22", "git@host", "git-upload-pack 'x'"])
    assert argv[:4] == ["ssh", "-F", "/dev/null", "-T"]
    assert argv[-4:] == ["-p", "22", "git@host", "git-upload-pack 'x'"]
    told = dict(pair.split("=", 1) for flag, pair in zip(argv[4:-4:2], argv[5:-4:2], strict=True) if flag == "-o")
    assert told["HostName"] == "192.0.2.7" and told["HostKeyAlias"] == HOST_NAME
    assert (told["StrictHostKeyChecking"], told["BatchMode"], told["IdentitiesOnly"]) == ("yes", "yes", "yes")
    assert told["UserKnownHostsFile"] == '"/a b/50%% "x/known_hosts"'
    del env["SLIPWAY_SSH_PINNED"]
    assert "StrictHostKeyChecking=accept-new" in ssh_argv(env, [])


def test_it_speaks_of_a_machine_without_ssh(tmp_path: Path) -> None:
    remote = check_url("ssh://git@127.0.0.1:1/x")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    with laid_out(DeployKey(make_key()), tmp_path / "ssh") as identity:
        env = ssh_env(replace(remote, identity=identity)) | {"PATH": str(tmp_path / "bin")}
        done = run([str(SSH_PROGRAM), "git@127.0.0.1", "x"], env={**env, "PATH": f"{tmp_path / 'bin'}"},
                   timeout_seconds=10) if os.access("/usr/bin/env", os.X_OK) else None  # fmt: skip
    assert done is not None and "not installed" in "\n".join(done.tail)


@pytest.mark.parametrize(
    ("url", "host", "name", "origin"),
    [
        ("git@git.example:owner/shop.git", "git.example", "shop", ("ssh", "git.example", 22)),
        ("deploy@git.example:shop", "git.example", "shop", ("ssh", "git.example", 22)),
        ("ssh://git@git.example:2222/~/shop.git", "git.example:2222", "shop", ("ssh", "git.example", 2222)),
        ("https://git.example/owner/shop.git/", "git.example", "shop", ("https", "git.example", 443)),
    ],
)
def test_it_reads_every_form_of_an_address(url: str, host: str, name: str, origin: tuple[str, str, int | None]) -> None:
    assert (host_of(url), name_of(url), origin_of(url)) == (host, name, origin)
    assert is_ssh(url) == (origin[0] == "ssh")


@pytest.mark.parametrize(
    "url",
    [
        "ssh://-oProxyCommand=id@host/x", "ssh://git@-oProxyCommand=id/x", "git@-oProxyCommand=id:x", "ssh://host/x",
        "ssh://git@host", "ssh://git@host/", "git@host:-x", "git@host:", "ssh://git@host/x y", "ssh://git@host:99999/x",
        "a b@host:x", "git@host:x\ny",
    ],
)  # fmt: skip
def test_it_refuses_what_ssh_could_take_for_an_option(url: str) -> None:
    with pytest.raises(UserError) as caught:
        check_url(url)
    assert caught.value.code in ("source:user:url-invalid", "source:user:credentials-in-url")


def test_it_refuses_passwords_in_ssh_addresses_and_forbidden_networks() -> None:
    for url, code in (
        ("ssh://git:pw@host/x", "credentials-in-url"),
        ("ssh://git@169.254.169.254/x", "address-refused"),
        ("git@[::1]:x", "url-invalid"),
    ):
        with pytest.raises(UserError) as caught:
            check_url(url)
        assert caught.value.code == f"source:user:{code}"
    with pytest.raises(UserError):
        check_url("git@127.0.0.1:x", allow_private=False)
    assert check_url("git@127.0.0.1:x").address == "127.0.0.1"


def test_it_gives_ssh_no_token_and_https_no_ssh(tmp_path: Path) -> None:
    remote = check_url("ssh://git@127.0.0.1/x")
    pairs = git_config(remote, "s3cret-token")
    assert ("protocol.ssh.allow", "always") in pairs and not [k for k, _ in pairs if "extraHeader" in k]
    assert ("protocol.https.allow", "always") not in pairs
    https = git_config(check_url("http://127.0.0.1/x"), "")
    assert ("protocol.ssh.allow", "always") not in https and ssh_env(check_url("http://127.0.0.1/x")) == {}
