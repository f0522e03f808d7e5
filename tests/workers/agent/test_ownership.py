"""New volumes belong to the user of the container."""

from __future__ import annotations

import io
import tarfile

from workers.agent.ownership import folders, number_of


def test_it_finds_the_number_of_a_user() -> None:
    passwd = "root:x:0:0::/root:/bin/sh\napp:x:10001:10001::/home/app:/bin/sh\nbroken\n"
    assert [number_of(user, passwd) for user in ("", "10001", "app", "nobody", "broken")] == [0, 10001, 10001, 0, 0]


def test_it_describes_folders_with_their_owner() -> None:
    with tarfile.open(fileobj=io.BytesIO(folders(["/data", "/var/lib/app/"], 10001, 10002))) as tar:
        found = [(m.name, m.isdir(), m.uid, m.gid, m.mode) for m in tar.getmembers()]
    assert found == [("data", True, 10001, 10002, 0o755), ("var/lib/app", True, 10001, 10002, 0o755)]
