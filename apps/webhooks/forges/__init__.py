"""The kinds of git servers that may tell us something: one file each, listed here."""

from __future__ import annotations

from apps.webhooks.forges import gitea, github, gitlab
from apps.webhooks.forges.base import Forge

FORGES: dict[str, Forge] = {forge.name: forge for forge in (github.FORGE, gitea.FORGE, gitlab.FORGE)}
