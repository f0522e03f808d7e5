#!/usr/bin/env python3
"""What git starts in ssh's place: ssh, told nothing by this machine, with one key, to one checked address.

The standard library only, because git starts this file itself. Where things are stands in the environment, so that no
line that a person wrote is read by a shell. Not in charge of the key or of which addresses are allowed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

HOST_NAME = "slipway-git"  # Under which the server's key is kept, whatever its address is called.
FOLDER, ADDRESS, PINNED = "SLIPWAY_SSH_FOLDER", "SLIPWAY_SSH_ADDRESS", "SLIPWAY_SSH_PINNED"
KEY, KNOWN_HOSTS = "key", "known_hosts"


def ssh_argv(env: Mapping[str, str], given: Sequence[str]) -> list[str]:
    """`given` is what git tells ssh: options of its own, the host, the command. The first of two equal options counts."""
    options = {
        "BatchMode": "yes",
        "CheckHostIP": "no",
        "ClearAllForwardings": "yes",
        "ConnectTimeout": "15",
        "ControlPath": "none",
        "GlobalKnownHostsFile": "/dev/null",
        "HashKnownHosts": "no",
        "HostKeyAlias": HOST_NAME,
        "HostName": env[ADDRESS],
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "IdentityFile": _spelt(env[FOLDER], KEY),
        "LogLevel": "ERROR",
        "PasswordAuthentication": "no",
        "PermitLocalCommand": "no",
        "ServerAliveCountMax": "2",
        "ServerAliveInterval": "15",
        "StrictHostKeyChecking": "yes" if env.get(PINNED) else "accept-new",
        "UpdateHostKeys": "no",
        "UserKnownHostsFile": _spelt(env[FOLDER], KNOWN_HOSTS),
    }
    told = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    return ["ssh", "-F", "/dev/null", "-T", *told, *given]


def _spelt(folder: str, name: str) -> str:
    """A path as ssh_config(5) wants it: in quotes for its blanks, no % for its tokens."""
    return f'"{folder}/{name}"'.replace("%", "%%")


if __name__ == "__main__":
    try:
        os.execvp("ssh", ssh_argv(os.environ, sys.argv[1:]))  # noqa: S606 - an argument list, no shell
    except FileNotFoundError:
        sys.exit("ssh: not installed on this machine")
