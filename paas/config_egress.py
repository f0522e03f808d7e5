"""Settings of what the steps of builds reach. Part of `paas.config`."""

from __future__ import annotations

import ipaddress
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings


class EgressSettings(BaseSettings):
    """`public` leaves out private and link-local addresses, and this machine but for what the edge serves."""

    # None: public where private addresses are nobody's source either (allow_private_sources), else open.
    build_network: Literal["open", "public", "none"] | None = None
    build_network_allow: str = Field(default="")  # Private addresses and networks besides, separated by commas.

    @field_validator("build_network_allow")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        for one in _words(value):
            ipaddress.ip_network(one, strict=False)
        return value

    @property
    def build_network_allowed(self) -> tuple[str, ...]:
        return tuple(_words(self.build_network_allow))


def _words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]
