"""What is said of an ejected Dockerfile: comments at its head, and notes for who takes it. Names only, never values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from workers.build.plan import Origin, Plan
from workers.build.public_bases import PublicBase

SECRETS = {
    "ca": "a bundle of CA certificates, where the network has one of its own",
    "trust_store": "the same as a store that Java reads without a password, such as Debian's /etc/ssl/certs/java/cacerts",
    "pip_conf": "a pip.conf, for another index than the public one",
    "uv_toml": "a uv.toml, for the same",
    "npmrc": "an .npmrc, for another registry than the public one or a token",
    "go_env": "lines such as GOPROXY=..., as `go env -w` keeps them",
    "cargo_config": "a config.toml of cargo's",
    "maven_settings": "a settings.xml of Maven's",
    "apt_sources": "a sources.list, where the base image has none",
    "apt_conf": "options of apt",
    "variables": "lines such as export NAME='value', for commands of the build",
}
LOST = (
    "Yours now: the language's version, packages of the system, install and build commands and static files are in the "
    "file. Settings of these in the dashboard, `slipway.toml`, variables or version files change nothing any more. "
    "`.env` stays out of the image, because a folder of yours may have one with secrets: where the build or the app reads "
    "a committed one, take its line out of `.dockerignore`."
)
KEPT = (
    "Still Slipway's: limits of the build and of what runs, variables, domains, volumes, health checks, the port (`EXPOSE` "
    "names it), rollback. `CMD` starts the app, unless the service's settings or `slipway.toml` name a start command; "
    "`web` of a Procfile is not read beside a Dockerfile."
)


def head_of(text: str, path: str, bases: Sequence[PublicBase]) -> str:
    """The comments and arguments before the first stage."""
    used = {base.argument: base for base in bases if f"FROM ${{{base.argument}}}" in text}
    secrets = [name for name in SECRETS if f"--mount=type=secret,id={name}," in text]
    build = "docker build ." if path == "Dockerfile" else f"docker build -f {path} ."
    return "\n".join(
        [
            "# Made by Slipway; yours from here on.",
            f"# {build}   (BuildKit does it: before Docker 23 with DOCKER_BUILDKIT=1)",
            *(_of_secrets(secrets) if secrets else []),
            "",
            "# Public images. Another one: here, or by --build-arg.",
            *(f"ARG {base.argument}={base.image}" for base in used.values()),
            "",
        ]
    )


def _of_secrets(names: Sequence[str]) -> list[str]:
    return [
        "#",
        "# Each of these may be left out, and none stays in the image: --secret id=NAME,src=FILE",
        *(f"#   {name}: {SECRETS[name]}" for name in names),
    ]


def notes_of(plan: Plan, folder: str, path: str, files: Mapping[str, str], variables: Sequence[str]) -> tuple[str, ...]:
    text = files[path]
    images = re.findall(r"^ARG (\w+)=(\S+)$", text, re.MULTILINE)
    told = [_where(plan, folder, path, files), *_release(plan), LOST, KEPT, _of_bases(images)]
    if "id=variables," in text:
        told.append(_of_variables(variables))
    return tuple(told)


def _where(plan: Plan, folder: str, path: str, files: Mapping[str, str]) -> str:
    at = f"the folder `{folder}`" if folder else "the top of the repository"
    more = "".join(f", `{name}`" for name in files if name not in (path, ".dockerignore"))
    told = (
        f"To do: put `{path}`{more} and `.dockerignore` (or its lines, where you have one) into {at}, commit and push. "
    )
    if plan.within:
        return told + (
            f"Then empty the service's root directory and set its Dockerfile to `{path}`: the whole repository is built, "
            "and a Procfile or `slipway.toml` is read at its top only."
        )
    return told + "From then on the Dockerfile wins over what Slipway detects."


def _release(plan: Plan) -> list[str]:
    """One that was found in the source is not looked for beside a Dockerfile."""
    if not plan.release or plan.origins.get("release", Origin("detected", "")).kind != "detected":
        return []
    where = "in the service's settings or as `release_command` in `slipway.toml`"
    return [f"To do too: name the release command yourself, {where}, or it is run no more: `{plan.release}`"]


def _of_bases(images: Sequence[tuple[str, str]]) -> str:
    named = ", ".join(f"`{name}` is `{image}`" for name, image in images)
    return (
        f"Base images: public ones, pulled when it is built. {named}. Where no registry can be reached, Slipway builds on "
        "images that it made itself (`slipway/base-...`, named in the log of the build), which are on that host only: name "
        "one of them in the file to go on there."
    )


def _of_variables(names: Sequence[str]) -> str:
    told = f" ({', '.join(f'`{name}`' for name in names)})" if names else ""
    return (
        f"Variables: commands of the build get the service's{told} from the secret `variables` as before, and no layer has "
        "them. A value that changes alone does not run them again: deploy without cache."
    )
