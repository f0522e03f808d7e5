"""Signs a pushed image with a key, by cosign; the signature goes to the image's own registry. Pure but for `sign`.

Nothing is written to a public transparency log: it would tell the world the names of private images.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from workers.build.job import Report
from workers.build.supply.registry_login import write_login
from workers.build.supply.tool import run_tool, tool_env
from workers.image_reference import Login

TOOL = "cosign"  # 3 or later.
SERVICES, AUTHORITIES = "services.json", "authorities.json"
KEY_SERVICES = ("AWS_", "AZURE_", "GOOGLE_", "VAULT_", "TRANSIT_")  # What cosign signs in to them with.
# Neither a log nor a clock of the public: https://github.com/sigstore/protobuf-specs, SigningConfig.
NO_SERVICES = {
    "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
    "rekorTlogConfig": {},
    "tsaConfig": {},
}
# Nor are their certificates fetched before: a key signs without them, also where nothing public is reached.
NO_AUTHORITIES = {"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}


def sign_argv(program: str, key: str, folder: Path, reference: str) -> list[str]:
    """`reference` is pinned by digest; `key` a file, or a key service such as `awskms://...`. `folder` has the
    files of `sign`."""
    told = [f"--signing-config={folder / SERVICES}", f"--trusted-root={folder / AUTHORITIES}"]
    return [program, "sign", "--yes", f"--key={key}", *told, "--", reference]


def signer_env(host_env: Mapping[str, str], folder: Path) -> dict[str, str]:
    """With what opens a key service. Files of logins in the home folder are not found: HOME is a folder of this run."""
    services = {name: value for name, value in host_env.items() if name.startswith(KEY_SERVICES)}
    return tool_env(host_env, TOOL, folder, folder) | services


def sign(
    program: str, key: str, passphrase: str, reference: str, login: Login | None, folder: Path, report: Report
) -> None:
    """The passphrase goes by the environment and the registry's login by a file, both of this run alone."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SERVICES).write_text(json.dumps(NO_SERVICES))
    (folder / AUTHORITIES).write_text(json.dumps(NO_AUTHORITIES))
    config = write_login(folder / "docker", reference.partition("/")[0], login)
    own = {"COSIGN_PASSWORD": passphrase, "DOCKER_CONFIG": str(config)}
    env = signer_env(os.environ, folder) | own
    run_tool(sign_argv(program, key, folder, reference), env, folder, report)
