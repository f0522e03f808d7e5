"""A picture of a screen with at most 256 colours, which is a third of its size. Pure; only what Chromium writes."""

from __future__ import annotations

import struct
import zlib
from collections import Counter

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST = 256
Colour = tuple[int, ...]


def small(png: bytes) -> bytes:
    """The same picture: the commonest colours stay, each other one becomes the nearest of them."""
    width, height, channels, data = _read(png)
    rows = _unfiltered(data, width * channels, channels)
    pixels = [tuple(row[n : n + 3]) for row in rows for n in range(0, len(row), channels)]
    counted = Counter(pixels)
    kept = [colour for colour, _ in counted.most_common(MOST)]
    place = {colour: _nearest(colour, kept) for colour in counted} | {colour: n for n, colour in enumerate(kept)}
    lines = b"".join(b"\0" + bytes(map(place.__getitem__, line)) for line in _lines(pixels, width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"PLTE", bytes(part for colour in kept for part in colour))]
    chunks += [(b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(kind, content) for kind, content in chunks)


def _lines(pixels: list[Colour], width: int) -> list[list[Colour]]:
    return [pixels[n : n + width] for n in range(0, len(pixels), width)]


def _nearest(colour: Colour, kept: list[Colour]) -> int:
    return min(range(len(kept)), key=lambda n: sum((a - b) ** 2 for a, b in zip(colour, kept[n], strict=True)))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _read(png: bytes) -> tuple[int, int, int, bytes]:
    """Width, height, bytes of a pixel, and the filtered rows."""
    at, header, data = len(SIGNATURE), b"", b""
    while at < len(png):
        (length,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        content = png[at + 8 : at + 8 + length]
        header = content if kind == b"IHDR" else header
        data += content if kind == b"IDAT" else b""
        at += 12 + length
    width, height, depth, colours, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if depth != 8 or colours not in (2, 6) or interlaced:
        raise ValueError(f"not a picture of a screen: {depth} bits, colour type {colours}")
    return width, height, 3 if colours == 2 else 4, zlib.decompress(data)


def _unfiltered(data: bytes, stride: int, channels: int) -> list[bytearray]:
    """Each row holds differences to the pixel on its left, to the row above, or to both."""
    rows, above = [], bytearray(stride)
    for start in range(0, len(data), stride + 1):
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + stride])
        for n in range(stride) if kind else ():
            left, corner = (row[n - channels], above[n - channels]) if n >= channels else (0, 0)
            row[n] = (row[n] + _guess(kind, left, above[n], corner)) & 0xFF
        rows.append(row)
        above = row
    return rows


def _guess(kind: int, left: int, up: int, corner: int) -> int:
    if kind < 4:
        return (0, left, up, (left + up) // 2)[kind]
    a, b, c = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    return left if a <= b and a <= c else up if b <= c else corner
