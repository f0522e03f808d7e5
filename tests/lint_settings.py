"""Settings for tools that read the models without running anything: type checker, migrations check. No server is asked."""

import os

for name, value in {
    "SLIPWAY_INSTANCE": "00000000",
    "SLIPWAY_SECRET_KEY": "x" * 40,
    "SLIPWAY_VARIABLE_KEYS": "none",
    "SLIPWAY_HOST_TOKEN": "x" * 40,
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "REDIS_URL": "unix:///nonexistent",
}.items():
    os.environ.setdefault(name, value)

from paas.settings import *  # noqa: E402, F403
