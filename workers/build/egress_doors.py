"""Which private addresses builds need: this machine's name servers, and the package indexes and proxies it is set up with.

Reads settings and asks the name server; not in charge of the rules.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from workers.build.egress import Door, is_private
from workers.build.secrets import RESOLVED, nameservers
from workers.docker_cli import client_folder

URL = re.compile(r"https?://[^\s\"'<>]+")
OF_OTHERS = ("variables", "ca")  # Secrets of a build that say nothing of this machine's indexes.
DNS = 53


def doors_of_machine(
    given: Mapping[str, Path],
    env: Mapping[str, str],
    resolv_confs: Iterable[Path] = (Path("/etc/resolv.conf"), RESOLVED),
) -> set[Door]:
    """`given` are the files that a build gets as secrets: they name the indexes."""
    doors = {(server, DNS) for path in resolv_confs for server in nameservers(path) if "%" not in server}
    texts = [path.read_text() for name, path in given.items() if name not in OF_OTHERS]
    client = client_folder(env) / "config.json"
    texts += [client.read_text()] if os.access(client, os.R_OK) else []
    urls = {url for text in texts for url in URL.findall(text)}
    return doors | {door for url in urls for door in _doors(url)}


def _doors(url: str) -> set[Door]:
    """Its private addresses, with its port. A name that is unknown here is none."""
    try:
        told = urlsplit(url)
        port = told.port or (443 if told.scheme == "https" else 80)
        found = socket.getaddrinfo(told.hostname, port, proto=socket.IPPROTO_TCP)
    except (OSError, ValueError):
        return set()
    addresses = {str(one[4][0]) for one in found}
    return {(address, port) for address in addresses if "%" not in address and is_private(address)}
