"""The `slipway` command: a thin client of the REST API. It knows nothing of the server but `/api/v1`."""

__version__ = "0.1.0"
