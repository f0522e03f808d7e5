"""One Chromium for the tests of a file. Closing is given a time: it has hung for minutes, and then it is started anew."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from playwright.sync_api import Browser, Error, Playwright

CLOSE_SECONDS = 20


class Chromium:
    def __init__(self, playwright: Playwright) -> None:
        path = shutil.which("chromium")
        assert path, "Chromium is not installed: apt-get install chromium"
        self._type, self._path = playwright.chromium, path
        self._browser: Browser | None = None
        self._pid = 0

    @property
    def browser(self) -> Browser:
        """To start it takes a second: the same one as long as it runs."""
        if self._browser is None or not self._browser.is_connected():
            self._browser = self._type.launch(executable_path=self._path, args=["--no-sandbox"])
            told = self._browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
            self._pid = next(one["id"] for one in told["processInfo"] if one["type"] == "browser")
        return self._browser

    def clear(self) -> None:
        """Close what a test left open."""
        if self._browser is not None:
            with self._killed_when_it_hangs():
                for context in self._browser.contexts:
                    context.close()

    def close(self) -> None:
        if self._browser is not None:
            with self._killed_when_it_hangs():
                self._browser.close()

    @contextmanager
    def _killed_when_it_hangs(self) -> Iterator[None]:
        timer = threading.Timer(CLOSE_SECONDS, os.kill, (self._pid, signal.SIGKILL))
        timer.start()
        try:
            with suppress(Error):  # What is closed already.
                yield
        finally:
            timer.cancel()
