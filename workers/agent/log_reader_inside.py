"""Opens log files for the agent, in a container of its own: of containers of one instance, and nothing else.

Given as text to `python3 -c`, so the standard library only. It ends when the agent does. Not in charge of reading them.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sys
from pathlib import Path

NAME = re.compile(r"([0-9a-f]{64})-json\.log(\.[0-9]{1,3})?")


def opened(folder: str, instance: str, name: str) -> int:
    """A descriptor. PermissionError for what is no log of a container with the label of the instance."""
    match = NAME.fullmatch(name)
    if match is None:
        raise PermissionError
    container = Path(folder, match[1])
    labels = json.loads((container / "config.v2.json").read_bytes())["Config"]["Labels"] or {}
    if labels.get("slipway.instance") != instance:
        raise PermissionError
    return os.open(container / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)


def answer(agent: socket.socket, folder: str, instance: str, name: str) -> None:
    """`0` with the descriptor, or the number of an error."""
    try:
        descriptor = opened(folder, instance, name)
    except FileNotFoundError as error:
        agent.send(str(error.errno).encode())
    except (OSError, ValueError, KeyError):
        agent.send(b"1")
    else:
        socket.send_fds(agent, [b"0"], [descriptor])
        os.close(descriptor)


def main(folder: str, address: str, instance: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as agent:
        agent.connect(address)
        while asked := agent.recv(256):
            answer(agent, folder, instance, asked.decode("ascii", "replace"))


if __name__ == "__main__":
    main(*sys.argv[1:])
