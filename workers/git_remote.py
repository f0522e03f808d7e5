"""Which addresses git, and the engine for images, may speak to. Not in charge of speaking.

For git a host name is resolved once and pinned. Rules: http, https, ssh, or file beneath one allowed folder; no
credentials in the URL; never a link-local or cloud metadata address, however it is spelt; loopback and private networks
only where they are allowed.
"""

from __future__ import annotations

import re
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from workers.deploy_key import Identity
from workers.errors import UserError
from workers.git_addresses import allowed_addresses, is_private

MAX_LENGTH = 2000
# `git@host:owner/name`, as scp has it. The host cannot begin with a dash, which ssh would take for an option.
SCP_FORM = re.compile(r"^(?P<user>[A-Za-z_][\w.-]{0,63})@(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*):(?P<path>[^-:].*)$")
HOST = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9._:%-]*")
USER = re.compile(r"[A-Za-z_][\w.-]{0,63}")
CREDENTIALS = re.compile(r"//[^/@]*@")
PORTS = {"http": 80, "https": 443, "ssh": 22}


@dataclass(frozen=True)
class Remote:
    """A checked address. `pin` is git's `http.curloptResolve` value, "" when there is nothing to pin.

    For ssh `address` is where to connect, and `identity` the key to come with (`workers.deploy_key.laid_out`).
    """

    url: str
    pin: str = ""
    is_private: bool = False
    address: str = ""
    identity: Identity | None = None

    @property
    def is_ssh(self) -> bool:
        return bool(self.address)

    @property
    def is_file(self) -> bool:
        return self.url.startswith("file://")

    @property
    def origin(self) -> str:
        """`https://host:port/`, the scope of the token."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}/"


def check_url(url: str, *, allowed_files: Path | None = None, allow_private: bool = True) -> Remote:
    """The remote of an allowed address; UserError says what is wrong with any other."""
    parts = _parts(url)
    if parts.scheme == "file":
        return _file_remote(parts, allowed_files)
    if _goes_by_proxy(parts):
        return Remote(url)  # The proxy resolves names and decides what may be reached.
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    addresses = allowed_addresses(host, port, allow_private)
    private = all(is_private(address) for address in addresses)
    if parts.scheme == "ssh":
        return Remote(url, address=str(addresses[0]), is_private=private)
    if host == str(addresses[0]):
        return Remote(url, is_private=private)
    spelt = [f"[{a}]" if a.version == 6 else str(a) for a in addresses]
    return Remote(url, pin=f"{host}:{port}:{','.join(spelt)}", is_private=private)


def check_unproxied(url: str, *, allow_private: bool) -> None:
    """UserError as `check_url`, for what another program connects to: our own proxy has no say in that."""
    parts = _parts(url)
    allowed_addresses(parts.hostname or "", parts.port or PORTS[parts.scheme], allow_private)


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port that a token is for. UserError as `check_url`, for the form alone: nobody is asked."""
    parts = _parts(url)
    return parts.scheme, parts.hostname or "", parts.port or PORTS.get(parts.scheme)


def is_ssh(url: str) -> bool:
    """By its form alone: `ssh://...`, or `git@host:path`."""
    return url.startswith("ssh://") or bool(SCP_FORM.match(url))


def without_credentials(url: str) -> str:
    """Also without the user of an ssh:// address."""
    return CREDENTIALS.sub("//", url)


def host_of(url: str) -> str:
    """The host, with its port when it has one of its own, for sentences; "" when there is none."""
    scp = SCP_FORM.match(url)
    return scp["host"] if scp else urlsplit(url).netloc.rpartition("@")[2]


def name_of(url: str) -> str:
    """The last part of its path without `.git`: what people call the repository."""
    path = url.partition("://")[2] or url
    return path.rstrip("/").removesuffix(".git").rstrip("/").rpartition("/")[2].rpartition(":")[2]


def _parts(url: str) -> SplitResult:
    if len(url) > MAX_LENGTH or re.search(r"[\s\x00-\x1f\x7f\\]", url):
        raise _malformed("The repository's address has spaces, control characters or backslashes, or is too long.")
    scp = SCP_FORM.match(url)
    try:
        parts = urlsplit(f"ssh://{scp['user']}@{scp['host']}/{scp['path'].lstrip('/')}" if scp else url)
        port_is_wrong = parts.port == 0
    except ValueError as error:
        raise _malformed(f"The repository's address cannot be read: {error}.") from error
    if parts.scheme not in (*PORTS, "file"):
        raise _malformed("The repository's address must begin with https:// (or http://, ssh://, git@host:).")
    named = parts.scheme == "ssh" and parts.password is None and USER.fullmatch(parts.username or "")
    if (parts.username is not None or parts.password is not None) and not named:
        raise UserError(
            "source:user:credentials-in-url",
            "The repository's address holds a user name or password, which would end in logs and process lists.",
            hint="Remove what stands before the @ and give the token in the token field.",
        )
    if parts.query or parts.fragment:
        raise _malformed("The repository's address has a ? or # part, which git does not know.")
    if parts.scheme != "file" and (port_is_wrong or not HOST.fullmatch(parts.hostname or "")):
        raise _malformed("The repository's address has no valid host name.")
    if parts.scheme == "ssh" and not (named and parts.path.strip("/")):
        raise _malformed("An ssh address says who signs in and where the repository is: ssh://git@host/owner/name.")
    return parts


def _malformed(message: str) -> UserError:
    return UserError("source:user:url-invalid", message, hint="An address looks like https://github.com/owner/name.")


def _file_remote(parts: SplitResult, allowed_files: Path | None) -> Remote:
    refused = UserError(
        "source:user:file-url",
        "Repositories on this machine's disk cannot be deployed.",
        hint="Use the repository's https:// address.",
    )
    if allowed_files is None or parts.netloc not in ("", "localhost"):
        raise refused
    path = Path(unquote(parts.path)).resolve()
    if not path.is_relative_to(allowed_files.resolve()):
        raise refused
    return Remote(f"file://{path}")


def _goes_by_proxy(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    return parts.scheme in urllib.request.getproxies() and not urllib.request.proxy_bypass(host)
