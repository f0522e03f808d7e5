"""Static files without a step to collect them: served from the checkout, compressed once, cached for ever.

Their address holds a hash over all of them, so a changed file is a new address, and what modules import of one another
needs no rewriting.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
from pathlib import Path
from typing import Any, ClassVar
from wsgiref.headers import Headers

from django.conf import settings
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

COMPRESSED = {".css", ".js", ".svg", ".json", ".map", ".txt", ".html"}
SMALLEST = 400  # Below it a header of gzip costs more than it spares.


def compressed(path: Path, folder: Path) -> Path:
    """A gzip of `path` beneath `folder`, made once per content."""
    content = path.read_bytes()
    found = folder / f"{hashlib.sha256(content).hexdigest()}.gz"
    if not found.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = found.with_suffix(f".{threading.get_native_id()}")  # Several processes and threads start at once.
        part.write_bytes(gzip.compress(content, 9, mtime=0))
        part.replace(found)
    return found


class static_files(WhiteNoiseMiddleware):  # noqa: N801 - named in settings as what it adds
    """WhiteNoise, with the compressed files beside the data instead of in the checkout."""

    files: dict[str, StaticFile]
    found: ClassVar[dict[str, dict[str, StaticFile]]] = {}

    def add_files_from_finders(self) -> None:
        """Once in a process: each handler of requests makes middleware of its own, and each client of a test a handler."""
        if self.static_prefix not in self.found:
            super().add_files_from_finders()
            self.found[self.static_prefix] = self.files
        self.files = self.found[self.static_prefix]

    def get_static_file(self, path: str, url: str, stat_cache: Any = None) -> StaticFile:
        where = Path(path)
        if self.autorefresh or where.suffix not in COMPRESSED or where.stat().st_size < SMALLEST:
            return super().get_static_file(path, url, stat_cache)
        headers = Headers([])
        self.add_mime_headers(headers, path, url)
        self.add_cache_headers(headers, path, url)
        packed = compressed(where, settings.SLIPWAY.home / "cache" / "static")
        return StaticFile(path, headers.items(), encodings={"gzip": str(packed)})

    def immutable_file_test(self, path: str, url: str) -> bool:
        """The address changes with the content, so an answer is good for ever."""
        return not self.autorefresh and url.startswith(self.static_prefix)
