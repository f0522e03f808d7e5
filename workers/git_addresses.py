"""To which addresses a host's name leads, and which of them may be read from: never link-local or cloud metadata ones,
however they are spelt; loopback and private networks only where they are allowed."""

from __future__ import annotations

import ipaddress
import socket

from workers.errors import UserError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

METADATA = {ipaddress.ip_address(a) for a in ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")}
NAT64 = ipaddress.ip_network("64:ff9b::/96")


def allowed_addresses(host: str, port: int, allow_private: bool) -> list[Address]:
    """All of them; UserError when there is none, or one that is not read from."""
    addresses = _addresses(host, port)
    for address in addresses:
        _refuse(address, host, allow_private)
    return addresses


def _addresses(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise UserError(
            "source:user:host-unknown",
            f"The host name {host} cannot be resolved, so the repository cannot be reached.",
            hint="Check the spelling of the address and the DNS server of this machine.",
            retry=True,
        ) from error
    return list(dict.fromkeys(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


def _real(address: Address) -> Address:
    """The IPv4 address inside of an IPv6 spelling of one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_private(address: Address) -> bool:
    real = _real(address)
    return not real.is_global or real.is_unspecified


def _refuse(address: Address, host: str, allow_private: bool) -> None:
    real = _real(address)
    if real.is_link_local or real.is_multicast or real in METADATA:
        reason = "a link-local or metadata address, which is never read from"
    elif not allow_private and is_private(address):
        reason = "an address of a private network, which this installation does not read from"
    else:
        return
    raise UserError(
        "source:user:address-refused",
        f"{host} is {reason}.",
        hint="Use a repository with a public address.",
    )
