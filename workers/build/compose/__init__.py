"""Compose files: what they become here, and what of them is not followed. Pure."""
