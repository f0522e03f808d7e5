"""Which of several programs of a repository serves the web. Pure."""

from __future__ import annotations

from collections.abc import Sequence

SERVING = ("web", "server", "api", "app", "http", "httpd", "serve", "main", "backend")


def serving_program(names: Sequence[str], project: str) -> tuple[str, str]:
    """The one to start and why, ("", "") when nobody can tell. `project` is the name of the whole."""
    if len(names) == 1:
        return names[0], "it is the only program"
    by_name = next((word for word in SERVING if word in names), "")
    if by_name:
        return by_name, f"of {len(names)} programs its name says that it serves"
    if project in names:
        return project, f"of {len(names)} programs it is named as the project"
    ending = [name for name in names if name.endswith(("-server", "-web", "-api", "_server", "_web", "_api", "d"))]
    if len(ending) == 1:
        return ending[0], f"of {len(names)} programs its name says that it serves"
    return "", ""
