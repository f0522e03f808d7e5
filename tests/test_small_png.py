"""Pictures with a palette have the same rows as before, or the nearest colours there are."""

from __future__ import annotations

import struct
import zlib

import pytest

from tests.small_png import SIGNATURE, _chunk, _guess, _read, _unfiltered, small


def picture(rows: list[bytes], channels: int = 3, depth: int = 8) -> bytes:
    """With every filter in turn, as an encoder mixes them."""
    stride, above, filtered = len(rows[0]), bytes(len(rows[0])), b""
    for kind, row in enumerate(rows):
        guesses = [
            _guess(
                kind % 5,
                row[n - channels] if n >= channels else 0,
                above[n],
                above[n - channels] if n >= channels else 0,
            )
            for n in range(stride)
        ]
        filtered += bytes([kind % 5]) + bytes((a - b) & 0xFF for a, b in zip(row, guesses, strict=True))
        above = row
    header = struct.pack(">IIBBBBB", stride // channels, len(rows), depth, 2 if channels == 3 else 6, 0, 0, 0)
    data = zlib.compress(filtered)
    return SIGNATURE + b"".join(_chunk(k, c) for k, c in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b"")))


def colours_of(png: bytes) -> list[bytes]:
    """The rows of a picture with a palette, spelled out."""
    at, chunks = len(SIGNATURE), {}
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        chunks[png[at + 4 : at + 8]] = png[at + 8 : at + 8 + length]
        at += 12 + length
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    data, palette = zlib.decompress(chunks[b"IDAT"]), chunks[b"PLTE"]
    lines = [data[n * (width + 1) + 1 : (n + 1) * (width + 1)] for n in range(height)]
    return [b"".join(palette[3 * place : 3 * place + 3] for place in line) for line in lines]


def test_it_keeps_every_colour_while_there_are_few() -> None:
    rows = [bytes((x * 7 + y * 31 + c * 50) % 251 for x in range(8) for c in range(3)) for y in range(10)]
    assert colours_of(small(picture(rows))) == rows


def test_it_leaves_out_what_is_see_through() -> None:
    rows = [bytes((10, 20, 30, 255) * 4)] * 6
    assert colours_of(small(picture(rows, channels=4))) == [bytes((10, 20, 30) * 4)] * 6


def test_it_takes_the_nearest_where_there_are_too_many() -> None:
    rows = [bytes((n, 0, 0)) * 4 for n in range(0, 256)] + [bytes((9, 1, 0)) + bytes((9, 0, 0)) * 3]
    assert colours_of(small(picture(rows)))[-1] == bytes((9, 0, 0)) * 4


def test_it_refuses_what_no_browser_writes() -> None:
    with pytest.raises(ValueError, match="16 bits"):
        small(picture([bytes(6)], depth=16))


def test_it_reads_rows_as_they_were() -> None:
    rows = [bytes((x * x + y) % 256 for x in range(12)) for y in range(5)]
    width, _, channels, data = _read(picture(rows))
    assert [bytes(row) for row in _unfiltered(data, width * channels, channels)] == rows
