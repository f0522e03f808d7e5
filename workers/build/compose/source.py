"""Where a compose service comes from: an image, or a folder of the repository that is built."""

from __future__ import annotations

import posixpath
import re

from workers.build.compose.reading import Reading
from workers.build.compose.tree import Tree
from workers.errors import UserError
from workers.image_reference import parse_image

ELSEWHERE = re.compile(r"[a-z+]+://|git@|/")
OUTSIDE = ("dockerfile_inline", "privileged", "entitlements", "ssh", "network", "additional_contexts", "isolation")
LEFT_OUT = {
    "args": "Builds are given no arguments: each ARG has its default. Set the default in the Dockerfile.",
    "target": "The last stage is built. Put the one that is deployed last, or name another Dockerfile.",
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


def source_of(reading: Reading, tree: Tree) -> dict[str, str]:
    """`image` and `user`, or `context` and `dockerfile`."""
    build, image = tree.at("build"), tree.at("image")
    if build.value is not None:
        if image.text:
            reading.ignore("image", image.line, "It is built here, and the name of its image is Slipway's own.")
        return _build(reading, build)
    if not image.text:
        reading.refuse("image", tree.line, "It has neither build nor image: say where it comes from.")
        return {}
    try:
        user = RUN_AS.get(parse_image(image.text).path, "")
    except UserError as error:
        reading.refuse("image", image.line, f"{error.message} {error.hint}")
        return {}
    if user and not tree.at("user").text:
        reading.ignore("image", image.line, f"It is run as {user}, to whom it would change as root: no container may.")
    return {"image": image.text, "user": user}


def _build(reading: Reading, build: Tree) -> dict[str, str]:
    """A text alone is the context."""
    for key, tree in build.map.items():
        if key in OUTSIDE:
            reading.refuse(
                f"build.{key}", tree.line, "Builds have none of it. Write what it needs into the Dockerfile."
            )
        elif key not in ("context", "dockerfile"):
            reading.ignore(f"build.{key}", tree.line, LEFT_OUT.get(key, "Slipway decides it for every build."))
    context = build.at("context") if build.map else build
    folder = posixpath.normpath(posixpath.join(reading.folder, context.text or "."))
    if ELSEWHERE.match(context.text) or folder.split("/")[0] == "..":
        reading.refuse("build", context.line, "Its context is not in this repository. Use a folder that is.")
    dockerfile = build.at("dockerfile")
    path = posixpath.normpath(dockerfile.text) if dockerfile.text else ""
    if path.startswith(("/", "../")) or path in ("..", "."):
        reading.refuse("build", dockerfile.line, "Its Dockerfile is not in its context. Move it there.")
    return {"context": "" if folder == "." else folder, "dockerfile": path}
