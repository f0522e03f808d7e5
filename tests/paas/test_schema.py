from __future__ import annotations

import json
from pathlib import Path

from django.test import Client

PUBLISHED = Path(__file__).parents[2] / "docs" / "slipway.schema.json"


def test_it_gives_any_editor_the_schema_of_slipway_toml(client: Client) -> None:
    answer = client.get("/slipway.schema.json")
    assert answer.status_code == 200 and answer["Access-Control-Allow-Origin"] == "*"
    assert answer.json() == json.loads(PUBLISHED.read_text())
