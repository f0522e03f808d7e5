"""Whether an image answers what it was built for. Not in charge of building it."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request

from workers.docker_cli import working_client

PORT = 8000  # What the Dockerfiles by hand say.
SECONDS = 60.0
ANY_PAGE = "/any/page"  # Of a site with one page: Python's own server, which serves those by hand, has only the page.


def expect(image: str, path: str, text: str, instance: str) -> None:
    """Raises AssertionError unless a container of the image answers 200 with `text` in it."""
    argv = ("run", "--detach", f"--label=slipway.instance={instance}", f"--env=PORT={PORT}")
    container = _docker(*argv, "--cap-drop=ALL", image).strip()
    try:
        told = json.loads(_docker("inspect", container))[0]["NetworkSettings"]
        answer = _answer(f"http://{told['IPAddress']}:{PORT}{'/' if path == ANY_PAGE else path}")
        assert text in answer, (
            f"{image} does not answer {text!r}: {answer[:300]!r}\n{_docker('logs', container)[-2000:]}"
        )
    finally:
        _docker("rm", "--force", container)


def _answer(url: str) -> str:
    """The first answer, "" when there was none in time."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return str(answer.read().decode(errors="replace"))
        except urllib.error.HTTPError as error:
            return f"{error.code} {error.read()[:200]!r}"
        except OSError:
            time.sleep(0.1)
    return ""


def _docker(*argv: str) -> str:
    done = subprocess.run([working_client(), *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode(errors="replace")
    assert done.returncode == 0, text
    return text
