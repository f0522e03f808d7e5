"""Where a compose service comes from: an image, or a folder of the repository that is built."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from workers.build.build_args import OWN
from workers.build.compose.paths import ELSEWHERE
from workers.build.compose.reading import Reading
from workers.build.compose.tree import Tree
from workers.build.compose.values import NAME
from workers.build.compose.variables import pairs_of
from workers.errors import UserError
from workers.image_reference import parse_image

STAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}")
OUTSIDE = ("dockerfile_inline", "privileged", "entitlements", "ssh", "network", "additional_contexts", "isolation")
LEFT_OUT = {
    "secrets": "Builds are given the service's variables as secrets instead.",
}

# Images that begin as root to change to a user of their own, which needs rights that no container has.
RUN_AS = {
    "library/postgres": "postgres",
    "library/mysql": "mysql",
    "library/mariadb": "mysql",
    "library/mongo": "mongodb",
    "library/redis": "redis",
    "valkey/valkey": "valkey",
    "library/rabbitmq": "rabbitmq",
}


def source_of(reading: Reading, tree: Tree) -> dict[str, Any]:
    """`image` and `user`, or `context`, `dockerfile`, `build_args` and `target`."""
    build, image = tree.at("build"), tree.at("image")
    if build.value is not None:
        if image.text:
            reading.ignore("image", image, "It is built here, and the name of its image is Slipway's own.")
        return _build(reading, build)
    if not image.text:
        reading.refuse("image", tree, "It has neither build nor image: say where it comes from.")
        return {}
    try:
        user = RUN_AS.get(parse_image(image.text).path, "")
    except UserError as error:
        reading.refuse("image", image, f"{error.message} {error.hint}")
        return {}
    if user and not tree.at("user").text:
        reading.ignore("image", image, f"It is run as {user}, to whom it would change as root: no container may.")
    return {"image": image.text, "user": user}


def _build(reading: Reading, build: Tree) -> dict[str, Any]:
    """A text alone is the context."""
    for key, tree in build.map.items():
        if key in OUTSIDE:
            reading.refuse(f"build.{key}", tree, "Builds have none of it. Write what it needs into the Dockerfile.")
        elif key not in ("context", "dockerfile", "args", "target"):
            reading.ignore(f"build.{key}", tree, LEFT_OUT.get(key, "Slipway decides it for every build."))
    context = build.at("context") if build.map else build
    folder = reading.path(context.text or ".")
    if ELSEWHERE.match(context.text) or folder.split("/")[0] == "..":
        reading.refuse("build", context, "Its context is not in this repository. Use a folder that is.")
    dockerfile = build.at("dockerfile")
    path = posixpath.normpath(dockerfile.text) if dockerfile.text else ""
    if path.startswith(("/", "../")) or path in ("..", "."):
        reading.refuse("build", dockerfile, "Its Dockerfile is not in its context. Move it there.")
    if (target := build.at("target")).text and not STAGE.fullmatch(target.text):
        reading.refuse("build.target", target, "It is no name of a stage.")
    found = {"context": "" if folder == "." else folder, "dockerfile": path, "target": target.text}
    return {**found, "build_args": _args(reading, build.at("args"))}


def _args(reading: Reading, tree: Tree) -> dict[str, str]:
    """They end in the image, for everybody who can pull it, and in the log of the build."""
    found = {}
    for name, value in pairs_of(tree):
        if value.value is None or not NAME.fullmatch(name):
            reading.ignore("build.args", value, f"{name[:60]!r} has no value here: the Dockerfile's default is taken.")
        elif OWN.fullmatch(name):
            reading.refuse("build.args", value, f"{name[:60]} is set for every build by Slipway alone. Take it out.")
        else:
            found[name] = value.text
    return found
