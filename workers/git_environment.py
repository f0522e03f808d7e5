"""What git is told by its environment: configuration, credentials, the way to the network. Pure; `workers.git` starts it."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from workers.errors import UserError
from workers.git_remote import Remote
from workers.git_ssh import ADDRESS, FOLDER, PINNED

SSH_PROGRAM = Path(__file__).with_name("git_ssh.py")


def git_config(remote: Remote | None, token: str) -> list[tuple[str, str]]:
    """What git is told whatever a repository or the machine says. The token goes to the remote's own origin only."""
    pairs = [
        ("core.hooksPath", "/dev/null"),
        ("core.fsmonitor", "false"),
        ("credential.helper", ""),
        ("submodule.recurse", "false"),
        ("maintenance.auto", "false"),
        ("http.followRedirects", "false"),
        ("http.lowSpeedLimit", "1000"),
        ("http.lowSpeedTime", "30"),
        ("protocol.allow", "never"),
    ]
    if remote is None:
        return pairs
    schemes = ["file"] if remote.is_file else ["ssh"] if remote.is_ssh else ["http", "https"]
    pairs += [(f"protocol.{scheme}.allow", "always") for scheme in schemes]
    if remote.pin:
        pairs.append(("http.curloptResolve", remote.pin))
    if token and not remote.is_file and not remote.is_ssh:
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        pairs.append((f"http.{remote.origin}.extraHeader", f"Authorization: Basic {basic}"))
    return pairs


KEPT = re.compile(
    r"^(PATH|TMPDIR|SSL_CERT_FILE|SSL_CERT_DIR|CURL_CA_BUNDLE|GIT_SSL_CAINFO|GIT_SSL_CAPATH|\w+_proxy)$", re.I
)


def git_env(
    host_env: Mapping[str, str], config: Sequence[tuple[str, str]], index: Path | None = None
) -> dict[str, str]:
    """The environment of every git: the host's way to the network, none of its own configuration, no prompts."""
    env = {name: value for name, value in host_env.items() if KEPT.match(name)}
    env |= {
        "HOME": "/nonexistent",  # No ~/.netrc, whose passwords curl would send.
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_CONFIG_COUNT": str(len(config)),
    }
    for number, (key, value) in enumerate(config):
        env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return env | ({"GIT_INDEX_FILE": str(index)} if index else {})


def ssh_env(remote: Remote | None) -> dict[str, str]:
    """For a remote that is read by ssh: the program that git starts, and what that one must know. No command line."""
    if remote is None or not remote.is_ssh:
        return {}
    if remote.identity is None:
        raise UserError(
            "source:user:no-key",
            "This repository is read by ssh, which needs a deploy key.",
            hint="Make one on the service's page Source and add its public part to the repository.",
        )
    env = {"GIT_SSH": str(SSH_PROGRAM), "GIT_SSH_VARIANT": "ssh", ADDRESS: remote.address}
    env |= {FOLDER: str(remote.identity.folder)}
    return env | ({PINNED: "1"} if remote.identity.is_pinned else {})
