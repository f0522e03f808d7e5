"""A registry's login as a file that clients read, for tools that ask a registry by themselves."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from workers.build.secrets import private_file
from workers.image_reference import HUB, Login

HUB_KEY = "https://index.docker.io/v1/"  # What clients look up for Docker Hub.


def write_login(folder: Path, host: str, login: Login | None) -> Path:
    """`folder` is made, for its owner alone: a value for `DOCKER_CONFIG`. None: it knows no login at all."""
    folder.mkdir(mode=0o700)
    auths = {}
    if login:
        told = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
        auths[HUB_KEY if host == HUB else host] = {"auth": told}
    return private_file(folder / "config.json", json.dumps({"auths": auths})).parent
