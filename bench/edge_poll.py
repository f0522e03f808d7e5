"""Asks over and over until an address gives the answer that is waited for. Not in charge of what made it change.

Slipway is asked from the trigger on, and stores what its app says of each request; by hand, only what has started is
asked. More often than this, it is the asking that is measured.
"""

from __future__ import annotations

import http.client
import time

PAUSE_SECONDS = 0.02
DEADLINE_SECONDS = 120.0


def wait_for(port: int, text: str, *, host: str = "", address: str = "127.0.0.1") -> None:
    """Returns with the first answer 200 whose body is `text` ("": any body)."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    told = "nothing"
    while time.monotonic() < deadline:
        is_done, told = _ask(address, port, host or address, text)
        if is_done:
            return
        time.sleep(PAUSE_SECONDS)
    raise AssertionError(f"{address}:{port} did not answer {text!r} in {DEADLINE_SECONDS:.0f} s, but {told}")


def _ask(address: str, port: int, host: str, text: str) -> tuple[bool, str]:
    connection = http.client.HTTPConnection(address, port, timeout=5)
    try:
        connection.request("GET", "/", headers={"Host": host, "Connection": "close"})
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return False, type(error).__name__
    finally:
        connection.close()
    return answer.status == 200 and text in ("", body), f"{answer.status} {body[:60]}"
