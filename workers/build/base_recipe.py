"""How a base image is made from the distribution's packages, or from one of npm's: argument lists and texts. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from workers.build.base_families import Family, packages_of

UNWANTED = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")
# Packages of Java link manual pages when they are set up, and fail where their folder is not.
MANUALS = 'mkdir -p "$1/usr/share/man/man1"'
# Run by mmdebstrap as root of the new tree: the mirror's address and the way to it stay outside of the image.
FORGET_MIRROR = (
    'rm -f "$1/etc/apt/sources.list" "$1"/etc/apt/sources.list.d/* "$1/etc/apt/apt.conf.d/99mmdebstrap" '
    '"$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap" "$1/etc/resolv.conf" "$1/etc/hostname" "$1"/var/log/*.log'
)
SECRETS = (
    "--mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444",
    "--mount=type=secret,id=npmrc,target=/root/.npmrc",
)


def bootstrap_argv(family: Family, suite: str, apt_options: Sequence[str], version: str = "") -> list[str]:
    """A root file system as a tar archive on standard output; the apt sources are read from standard input."""
    included = ",".join(packages_of(family, version))
    argv = ["mmdebstrap", "--quiet", "--variant=minbase", "--format=tar", f"--include={included}"]
    argv += ['--aptopt=Acquire::Languages "none"', *(f"--aptopt={option}" for option in apt_options)]
    argv += [f"--dpkgopt=path-exclude={pattern}" for pattern in UNWANTED]
    argv.append(f"--setup-hook={MANUALS}")
    hooks = [family.hook.format(version=version)] if family.hook else []
    return [*argv, *(f"--customize-hook={hook}" for hook in (*hooks, FORGET_MIRROR)), suite, "-", "-"]


def image_changes(family: Family) -> list[str]:
    """What an official image would say about itself."""
    return [
        f"LABEL slipway.base={family.name}",
        "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "ENV LANG=C.UTF-8",
        *(f"ENV {name}={value}" for name, value in family.environment.items()),
    ]


def npm_dockerfile(family: Family, asked: str, node: str, base: str) -> str:
    """The Dockerfile that puts the program of an npm package on a plain base. `asked` is as npm's own ranges are."""
    package = f"{family.npm}@{asked or 'latest'}"
    install = (
        "export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm_config_cache=/tmp/npm; mkdir -p /opt/npm; "
        f"cd /opt/npm; npm install --no-fund --no-audit --no-save {_quoted(package)} || "
        f'{{ echo "newest: $(npm view {family.npm} version)"; exit 1; }}; '
        f"cp -L node_modules/{family.binary} /opt/{family.name}; chmod 0755 /opt/{family.name}"
        f"{'; ' if family.brings else ''}{family.brings}"
    )
    linked = "; ".join(f"ln -s {family.name} /usr/local/bin/{link}" for link in family.links)
    return "\n".join(
        [
            f"FROM {node} AS npm",
            " ".join(["RUN", *SECRETS, json.dumps(["/bin/sh", "-ec", install])]),
            f"FROM {base}",
            f"LABEL slipway.base={family.name}",
            f"COPY --from=npm /opt/{family.name} /usr/local/bin/{family.name}",
            *(["COPY --from=npm /opt/more/ /usr/local/"] if family.brings else []),
            *([f"RUN {json.dumps(['/bin/sh', '-ec', linked])}"] if linked else []),
            "",
        ]
    )


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"
