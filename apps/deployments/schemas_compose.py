"""What the API tells of a compose file that changed."""

from __future__ import annotations

from ninja import Schema
from pydantic import Field


class ComposeNote(Schema):
    """`changed` with this deployment, `kept` because a person set another value, `told` because it is for a person to do; a
    service that is `new` in the file or `gone` from it."""

    kind: str = Field(examples=["changed"])
    file: str = Field(examples=["compose.yml"])
    line: int = Field(description="0 where there is none.", examples=[12])
    text: str = Field(examples=["port: 9000, was 8000."])
