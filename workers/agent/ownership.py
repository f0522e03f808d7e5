"""A new volume belongs to the user that its first container runs as: the engine makes it root's.

Not in charge of making volumes, nor of changing one that holds data.
"""

from __future__ import annotations

import io
import tarfile

from workers.docker import Engine


def give_to_user(engine: Engine, container: str, paths: list[str]) -> None:
    """The mount points of new volumes in a created container. Nothing to do for root."""
    user, _, group = str(engine.inspect(container)["Config"].get("User") or "").partition(":")
    owner = number_of(user, engine.read_file(container, "/etc/passwd") if user and not user.isdigit() else "")
    if owner and paths:
        engine.write_archive(container, folders(paths, owner, int(group) if group.isdigit() else owner))


def number_of(user: str, passwd: str) -> int:
    """The id of a user by number or by name; 0 for none and for one that the image does not know."""
    if user.isdigit() or not user:
        return int(user or 0)
    rows = (line.split(":") for line in passwd.splitlines())
    return next((int(row[2]) for row in rows if row[0] == user and len(row) > 2 and row[2].isdigit()), 0)


def folders(paths: list[str], owner: int, group: int) -> bytes:
    """A tar file of empty folders, which unpacked over existing ones sets their owner."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in paths:
            entry = tarfile.TarInfo(path.strip("/"))
            entry.type, entry.mode, entry.uid, entry.gid = tarfile.DIRTYPE, 0o755, owner, group
            tar.addfile(entry)
    return buffer.getvalue()
