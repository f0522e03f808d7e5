"""A log as a file to download, of any length in little memory. Not in charge of which lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse


def as_file(pieces: Iterator[str], name: str) -> StreamingHttpResponse:
    """`pieces` are asked for one by one, as fast as the reader takes them."""
    answer = StreamingHttpResponse(_in_turns(pieces), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.log"'
    # Else Django's middleware makes a gzip of each piece, and browsers unpack the first only.
    answer["Content-Encoding"] = "identity"
    return answer


async def _in_turns(pieces: Iterator[str]) -> AsyncIterator[str]:
    """Of a plain iterator Django would make a list here, the whole log."""
    while (piece := await _next(pieces)) is not None:
        yield piece


@sync_to_async
def _next(pieces: Iterator[str]) -> str | None:
    return next(pieces, None)
