"""Settings of what happens to a built image before its release: looked through, pushed, signed. Part of `paas.config`."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings

from workers.errors import UserError
from workers.image_reference import Login, parse_image

HOST = r"[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?"
ENGINE = re.compile(rf"unix:///[\w./-]+|tcp://{HOST}|ssh://([\w.]+@)?{HOST}")


class ImageSettings(BaseSettings):
    """Each tool is one that is on the machine, found on the PATH unless its setting names the program."""

    sbom: Literal["off", "auto"] = "off"  # A list of what is in each image, by syft; auto: where it is installed.
    syft: str = ""
    scan: Literal["off", "warn", "block"] = "off"  # Known flaws, by Trivy; block: what has them does not go live.
    scan_severity: Literal["low", "medium", "high", "critical"] = "high"  # From here on they count.
    scan_unfixed: bool = False  # Flaws that no version mends yet block, too.
    trivy: str = ""
    sign_key: str = ""  # cosign's: a file, or a key service such as awskms://...
    sign_key_password: SecretStr = SecretStr("")
    cosign: str = ""

    # Builders beside our own: commands on this host, found on the PATH unless a setting names the program.
    railpack: str = ""
    pack: str = ""
    buildpacks_builder: str = "paketobuildpacks/builder-jammy-base"  # For services that name none.
    buildpacks_lifecycle: str = "buildpacksio/lifecycle:0.20.5"  # Runs beside the engine: never as a builder says.

    # Where Docker Hub's images are had, such as mirror.example.com/hub: base images come from there.
    hub_mirror: str = ""
    push_registry: str = ""  # Such as registry.example.com/slipway: images go there, and hosts pull them from there.
    push_username: str = ""
    push_password: SecretStr = SecretStr("")

    builder: str = ""  # An engine that only builds, such as ssh://build@10.0.0.7; it needs SLIPWAY_PUSH_REGISTRY.

    @field_validator("push_registry", "hub_mirror")
    @classmethod
    def _is_place_of_images(cls, value: str) -> str:
        place = value.strip().rstrip("/")
        try:
            if place and parse_image(f"{place}/app").named != f"{place}/app:latest":
                raise ValueError("it must begin with the registry's host, such as registry.example.com/slipway")
        except UserError as error:
            raise ValueError(error.message) from error
        return place

    @field_validator("buildpacks_builder", "buildpacks_lifecycle")
    @classmethod
    def _is_image(cls, value: str) -> str:
        try:
            parse_image(value)
        except UserError as error:
            raise ValueError(error.message) from error
        return value

    @field_validator("builder")
    @classmethod
    def _is_engine_that_pushes(cls, value: str, info: ValidationInfo) -> str:
        if value and not ENGINE.fullmatch(value):
            raise ValueError("write it such as ssh://build@10.0.0.7, tcp://10.0.0.7:2376 or unix:///run/builder.sock")
        if value and not info.data.get("push_registry"):
            raise ValueError(
                "hosts pull from a registry what is built elsewhere, so set SLIPWAY_PUSH_REGISTRY too, such as "
                "registry.example.com/slipway"
            )
        return value

    @model_validator(mode="after")
    def _whole_login(self) -> ImageSettings:
        if bool(self.push_username) != bool(self.push_password.get_secret_value()):
            raise ValueError("SLIPWAY_PUSH_USERNAME and SLIPWAY_PUSH_PASSWORD are set together")
        return self

    @property
    def push_login(self) -> Login | None:
        password = self.push_password.get_secret_value()
        return Login(self.push_username, password) if password else None

    @property
    def image_steps(self) -> tuple[str, ...]:
        """The optional steps between an image and its release that are asked for."""
        wanted = {
            "sbom": self.sbom != "off",
            "scan": self.scan != "off",
            "push": bool(self.push_registry),
            "sign": bool(self.sign_key),
        }
        return tuple(name for name, is_wanted in wanted.items() if is_wanted)
