"""How the bundled static server is started in an image, and where its file is. Not the server itself."""

from __future__ import annotations

from pathlib import Path

SERVER = Path(__file__).with_name("static_server.py")
IN_IMAGE = "/opt/slipway/static_server.py"
SITE = "/site"


def static_start(*, is_single_page: bool = False, page: str = "", is_listed: bool = False) -> str:
    """The shell line that serves `/site`; a single-page app answers unknown paths with `page`, mostly `index.html`.

    `is_listed` shows what is in a folder without such a page.
    """
    line = f"python3 -I {IN_IMAGE} {SITE}{' --list' if is_listed else ''}"
    if page not in ("", "index.html"):
        return f"{line} --single-page={page}"
    return f"{line} --single-page" if is_single_page or page else line
