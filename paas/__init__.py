"""Wiring: settings, addresses, the ASGI and Celery applications, the supervisor of the embedded mode."""
