"""A sample built by a Dockerfile that a person wrote (`bench/dockerfiles/`), on the base images that Slipway takes."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.by_hand import Quiet
from tests.workers.build.builds import MACHINE_CACHE
from workers.build.apt_secrets import write_apt_secrets
from workers.build.base_images import ensure_base, host_suite, suites
from workers.build.bases import build_base, run_base
from workers.build.dockerfile import IGNORED
from workers.build.images import built_image
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.build.recipes.java import STORE, TRUSTED
from workers.build.secrets import Share, network, write_secrets
from workers.build.trust_store import write_trust_store
from workers.docker_cli import BuildCall, build_argv, client_env, working_client

DOCKERFILES = Path(__file__).parent / "dockerfiles"
CA = "/etc/ssl/certs/ca-certificates.crt"
# Where the tools look for what this machine says of package registries, when root runs them.
TARGETS = {
    "ca": CA, "pip_conf": "/etc/pip.conf", "uv_toml": "/etc/uv/uv.toml", "npmrc": "/root/.npmrc",
    "go_env": "/root/.config/go/env", "cargo_config": "/.cargo/config.toml", "maven_settings": "/root/.m2/settings.xml",
    "trust_store": STORE, "apt_sources": "/etc/apt/sources.list", "apt_conf": "/etc/apt/apt.conf.d/00slipway",
}  # fmt: skip
RUNS = re.compile(r"^RUN ((?:--mount=type=cache,target=\S+ )*)(.*)$", re.MULTILINE)
# What fetches without a cache: its layers are shared by all apps of a machine, as those of Slipway's are.
FETCHES = ("apt-get ", "deno ", "npm install ", "pip install ")
# Samples whose file would be the same word for word.
SAME = {
    "astro-static": "node-vite-static",
    "java-25": "java-maven",
    "tanstack-start": "nuxt-server",
}
BASES = re.compile(r"^ARG ([A-Z_]+)=", re.MULTILINE)


@dataclass
class HandBuilt:
    """`folder` is for what a build needs besides the app. What is made carries `labels`."""

    sample: str
    plan: Plan  # What Slipway would do: it says the versions of the base images.
    app: Path
    folder: Path
    labels: Mapping[str, str]
    number: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.text = dockerfile_of(self.sample).read_text()
        asked = dict([build_base(self.plan), run_base(self.plan, self.plan.version)])
        self.bases = {name: self._base(name.lower().replace("_", "-"), asked) for name in BASES.findall(self.text)}
        folder, froms = self.folder / "secrets", "".join(f"FROM {base}\n" for base in self.bases.values())
        self.secrets = write_secrets(folder, BuildSettings(), Share())
        self.secrets |= write_apt_secrets(folder, froms, suites(), host_suite(), Share())
        if "JAVA" in self.bases and "ca" in self.secrets:
            self.secrets["trust_store"] = write_trust_store(folder, self.secrets["ca"])

    def _base(self, kind: str, asked: Mapping[str, str]) -> str:
        return ensure_base(kind, asked.get(kind, ""), report=Quiet(), cache_dir=MACHINE_CACHE).reference

    def build(self, *, is_new: bool = False) -> str:
        """The image's id. `is_new`: with caches that nothing was built with."""
        self.number += is_new
        dockerfile = self.folder / "Dockerfile"
        scope = f"{self.labels['slipway.instance']}-{self.sample}-{self.number}"
        dockerfile.write_text(adapted(self.text, scope, self.secrets, self.bases))
        (self.folder / "Dockerfile.dockerignore").write_text("\n".join(IGNORED))
        tag = f"slipway/by-hand:{scope}"
        call = BuildCall(self.app, dockerfile, tag, self.labels, self.secrets, network=network()[0])
        done = subprocess.run(
            build_argv(working_client(), call), env=client_env(os.environ), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise AssertionError(f"{self.sample} by hand: {done.stderr[-3000:]}")
        return built_image(tag).digest


def dockerfile_of(sample: str) -> Path:
    return DOCKERFILES / f"{SAME.get(sample, sample)}.Dockerfile"


def adapted(text: str, scope: str, secrets: Collection[str], bases: Mapping[str, str]) -> str:
    """The same Dockerfile for this machine: its base images, its package registries, and caches that nobody else has."""
    for name, reference in bases.items():
        text = re.sub(rf"^ARG {name}=.*$", f"ARG {name}={reference}", text, flags=re.MULTILINE)
    lent = [f"--mount=type=secret,id={name},target={TARGETS[name]}" for name in TARGETS if name in secrets]
    trusting = ("SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "DENO_CERT")
    trust = f"export {' '.join(f'{name}={CA}' for name in trusting)}; " if "ca" in secrets else ""
    trust += f"export MAVEN_OPTS='{TRUSTED}'; " if "trust_store" in secrets else ""

    def line(found: re.Match[str]) -> str:
        if not found[1] and not found[2].startswith(FETCHES):
            return found[0]
        mounts = " ".join(mount for mount in lent if "id=apt_" not in mount or found[2].startswith("apt-get "))
        caches = re.sub(r"target=(\S+)", lambda at: f"id={scope}{at[1].replace('/', '-')},{at[0]}", found[1])
        return f"RUN {caches}{mounts} {trust}{found[2]}"

    return RUNS.sub(line, text)
