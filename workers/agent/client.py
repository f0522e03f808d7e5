"""The agent's side of the control plane's HTTP: documents in, reports and logs out.

Not in charge of retrying (`workers.agent.reporter`, `workers.agent.logs`).
"""

from __future__ import annotations

from typing import Any, Literal

import httpx2
from pydantic import ValidationError

from workers.desired import Document
from workers.errors import PlatformError

WAIT_SECONDS = 25

Taken = Literal["stored", "refused"]


class NotStored(PlatformError):
    """It answered, but could not take what was sent. Later it may."""


class ControlPlane:
    """One connection pool; may be used from several threads."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        timeout = httpx2.Timeout(10, connect=3)
        verify = url.startswith("https:")  # Else there is nothing to verify, and the certificates would take 3 MB.
        self._http = httpx2.Client(base_url=url, headers=headers, timeout=timeout, trust_env=False, verify=verify)

    def desired(self, generation: int, wait: int = WAIT_SECONDS) -> Document | None:
        """The document when its generation is not `generation`; None when nothing changed for `wait` seconds."""
        answer = self._call(
            "GET", "/api/agent/desired", params={"generation": generation, "wait": wait}, timeout=wait + 10
        )
        if answer.status_code == 304:
            return None
        if answer.status_code != 200:
            raise PlatformError(
                "agent:platform:no-document", f"The control plane answered {answer.status_code} for the desired state."
            )
        try:
            return Document.model_validate_json(answer.content)
        except ValidationError as error:
            raise PlatformError(
                "agent:platform:bad-document", f"The desired state is not understood: {error}"
            ) from error

    def send(self, what: Literal["reports", "logs", "metrics"], body: bytes) -> Taken:
        """`refused` means that sending it again is of no use. Raises PlatformError when it may be later."""
        answer = self._call("POST", f"/api/agent/{what}", content=body, headers={"Content-Type": "application/json"})
        if answer.is_success:
            return "stored"
        if answer.status_code >= 500 or answer.status_code in (401, 403, 408, 425, 429):
            raise NotStored("agent:platform:not-stored", f"The control plane answered {answer.status_code}.")
        return "refused"

    def _call(self, method: str, path: str, **options: Any) -> httpx2.Response:
        try:
            return self._http.request(method, path, **options)
        except httpx2.HTTPError as error:
            raise PlatformError("agent:platform:unreachable", f"The control plane does not answer: {error}.") from error
