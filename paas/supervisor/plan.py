"""Turns the settings into what the supervisor needs of them, and says every wrong one at once.

The one module of the supervisor that loads `paas.config`: the daemon itself stays small.
"""

from __future__ import annotations

from pydantic import ValidationError

from paas.config import Config
from paas.supervisor.household import Household, is_embedded_database, is_embedded_redis
from paas.supervisor.programs import Blueprint
from workers.errors import UserError


def read_config(place: Household) -> Config:
    """The settings of this installation, from the environment and its file."""
    try:
        return Config(_env_file=place.home / "env", home=place.home)  # type: ignore[call-arg]
    except ValidationError as problem:
        wrong = "; ".join(f"{setting_name(error['loc'])}: {error['msg']}" for error in problem.errors())
        raise UserError(
            "supervisor:user:settings",
            f"Some settings are wrong: {wrong}.",
            hint=f"They come from the environment and from {place.home / 'env'}.",
        ) from problem


def setting_name(location: tuple[int | str, ...]) -> str:
    name = str(location[0]) if location else "?"
    return name if name.isupper() else f"SLIPWAY_{name.upper()}"


def read_plan(place: Household) -> Blueprint:
    config = read_config(place)
    return Blueprint(
        home=str(place.home),
        instance=place.instance,
        bind=config.bind,
        port=config.port,
        dashboard=config.url,
        edge=config.public_url("localhost"),
        edge_port=config.edge_port,
        build_slots=config.builds_at_once,
        builder=config.builder,
        embedded_postgres=is_embedded_database(config.database_url.get_secret_value()),
        embedded_valkey=is_embedded_redis(config.redis_url.get_secret_value()),
        embedded_edge=not (config.edge_url and config.edge_routes_dir),
    )
