"""Lines of Dockerfiles that several languages share. Text only: nothing here starts anything.

Everything must work with the BuildKit of Docker 20.10: no heredoc, no `COPY --link`, no `# syntax=` line. Lines that
people wrote are always put into the JSON form, where a line break or a quote cannot begin another instruction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from workers.build.plan import Plan

USER = "10001:10001"
HOME = "/home/app"
CACHE = "/var/cache/slipway"
BUILD_ENV = "/opt/slipway/build-env"
CA = "/etc/ssl/certs/ca-certificates.crt"
OWNED = "uid=10001,gid=10001"
CA_NAMES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")

CA_SECRET = f"--mount=type=secret,id=ca,target={CA},mode=0444"
PIP_SECRETS = (
    CA_SECRET,
    f"--mount=type=secret,id=pip_conf,target=/etc/pip.conf,{OWNED}",
    f"--mount=type=secret,id=uv_toml,target=/etc/uv/uv.toml,{OWNED}",
)
NPM_SECRETS = (CA_SECRET, f"--mount=type=secret,id=npmrc,target={HOME}/.npmrc,{OWNED}")
VARIABLES_SECRET = f"--mount=type=secret,id=variables,target=/run/secrets/variables,{OWNED}"
APT_SECRETS = (
    CA_SECRET,
    "--mount=type=secret,id=apt_sources,target=/etc/apt/sources.list,mode=0444",
    "--mount=type=secret,id=apt_conf,target=/etc/apt/apt.conf.d/00slipway,mode=0444",
)
ACCOUNT = ("echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd", "echo 'app:x:10001:' >> /etc/group")
ENDED = "rm -rf /var/lib/apt/lists/* /var/cache/apt/*"
# What a plain official image lacks of what ours have.
COMMON = "ca-certificates tzdata libstdc++6"


def cache(name: str, cache_scope: str) -> str:
    """A cache that builds of one scope share. The scope stands in its id because BuildKit expands nothing there."""
    return f"--mount=type=cache,id=slipway-{cache_scope}-{name},target={CACHE}/{name},{OWNED}"


def run(line: str, mounts: Iterable[str] = ()) -> str:
    """A shell line as a RUN that stops at its first failing command."""
    return " ".join(["RUN", *mounts, json.dumps(["/bin/sh", "-ec", line])])


def build_run(line: str, mounts: Iterable[str] = ()) -> str:
    """A RUN with the build environment and, where the build mounts them, the service's variables."""
    return run(f". {BUILD_ENV}; {line}", mounts)


def copy(*paths: str) -> str:
    """Files into the folder that the stage works in, those of a subfolder into the same subfolder."""
    return "\n".join(f"COPY --chown={USER} {json.dumps([path, f'./{path}'])}" for path in paths)


def source_with_dependencies(plan: Plan, mounts: Iterable[str]) -> list[str]:
    """Dependencies first where files tell them, so that a change of source alone installs nothing; else all in one go."""
    mounts, source = tuple(mounts), f"COPY --chown={USER} . ."
    if plan.dependency_files:
        first = [copy(*plan.dependency_files), *_installed(mounts, plan.install)]
        return [*first, source, *_installed(mounts, plan.install_project)]
    return [source, *_installed(mounts, plan.install, plan.install_project)]


def _installed(mounts: tuple[str, ...], *lines: str) -> list[str]:
    told = [line for line in lines if line]
    together = " && ".join(f"({line})" for line in told) if len(told) > 1 else "".join(told)
    return [build_run(together, mounts)] if together else []


def ground(folders: Iterable[str], environment: Mapping[str, str], then: str = "") -> str:
    """The first layer: the user, its folders, and the environment that RUNs of the build take, in a file.

    The file holds no secret: where the CA bundle is, and where caches are mounted.
    """
    owned = " ".join(["/app", HOME, *folders])
    exports = [f'export {name}="{value}"' for name, value in environment.items()]
    lines = [f"if [ -s {CA} ]; then export {' '.join(f'{name}={CA}' for name in CA_NAMES)}; fi", *exports]
    lines.append("if [ -f /run/secrets/variables ]; then . /run/secrets/variables; fi")
    written = " ".join(f"'{line}'" for line in lines)
    steps = [
        *ACCOUNT,
        f"mkdir -p {owned} /opt/slipway {CACHE}",
        f"printf '%s\\n' {written} > {BUILD_ENV}",
        *([then] if then else []),
        f"chown -R {USER} {owned} {CACHE}",
    ]
    return run("; ".join(steps))


def packages(names: Iterable[str]) -> str:
    """The distribution's packages. Where an image of ours has no mirror of its own, the builder lends this machine's."""
    wanted = " ".join(names)
    install = "DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends"
    return run(f"apt-get update -qq; {install} -- {wanted}; {ENDED}", APT_SECRETS)


def build_stage(base: str, environment: Mapping[str, str], folders: Iterable[str] = ()) -> list[str]:
    """The beginning of a stage that stays behind: what it leaves is copied into `run_stage`."""
    return [
        f"FROM {base} AS build",
        ground(folders, environment),
        f"ENV HOME={HOME}",
        "WORKDIR /app",
        f"USER {USER}",
    ]


def builds_nothing(plan: Plan) -> bool:
    """Whether the source is all that is run: then a stage that builds would only copy it."""
    return not (plan.install or plan.install_project or plan.build)


def source_stage(base: str, environment: str = "") -> list[str]:
    """`run_stage` with the source itself in it."""
    return [*run_stage(base, {}, environment)[1:], f"COPY --chown={USER} . ."]


def run_stage(base: str, copied: Mapping[str, str], environment: str = "") -> list[str]:
    """A small image with what was built. `copied` maps paths of the build stage to paths of this one."""
    folders = " ".join(["/app", HOME])
    common = (
        "command -v update-ca-certificates > /dev/null || "
        f"{{ apt-get update -qq; apt-get install -y -qq --no-install-recommends {COMMON}; {ENDED}; }}"
    )
    return [
        "",
        f"FROM {base} AS app",
        run("; ".join([*ACCOUNT, f"mkdir -p {folders}", f"chown {USER} {folders}", common])),
        "ENTRYPOINT []",
        f"ENV HOME={HOME}{' ' + environment if environment else ''}",
        "WORKDIR /app",
        f"USER {USER}",
        *(f"COPY --from=build --chown={USER} {json.dumps([source, to])}" for source, to in copied.items()),
    ]
