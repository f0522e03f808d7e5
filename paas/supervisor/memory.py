"""What the zygote does with its memory before the first fork, so that its children share as much of it as can be.

A page is shared until somebody writes to it. New objects go into holes among old ones: so what is free is given back
where whole pages are, and filled where they are not. A child's own objects then lie side by side on few pages of its
own, instead of a few on each of thousands that it would copy: 4 MB for each child.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import tempfile
import typing

# How many new objects the collector waits for. A page makes tens of thousands and few cycles: looked for after every
# 700, as Python does by itself, they cost it a fifth of its time, and now and then as much again.
COLLECT_AFTER = (10_000, 20, 20)
_libc = ctypes.CDLL(None)
LARGEST_HOLE, SMALLEST_HOLE = 64 * 1024, 512  # What malloc does not ask the kernel for alone; what Python leaves to it.


def settle() -> None:
    """Once everything is imported. The collector is off until then, and never looks at any of it again."""
    typing.clear_overloads()  # Kept for those who ask; redis-py has hundreds.
    gc.collect()
    trim = getattr(_libc, "malloc_trim", None)  # glibc's; musl has none.
    if trim is not None:
        trim(0)
        _fill_heap()
    _fill_pools()
    gc.freeze()
    gc.collect()  # Of nothing: full collections come after a quarter more than the last one has seen.


def _fill_pools() -> None:
    """Of Python's allocator."""
    allocate = ctypes.pythonapi.PyObject_Malloc
    allocate.argtypes, allocate.restype = [ctypes.c_size_t], ctypes.c_void_p
    for size, count in free_blocks(_allocator_stats()).items():
        for _ in range(count):
            allocate(size)


def _allocator_stats() -> str:
    """It tells them on stderr only."""
    kept = os.dup(2)
    with tempfile.TemporaryFile() as told:
        try:
            os.dup2(told.fileno(), 2)
            sys._debugmallocstats()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        told.seek(0)
        return told.read().decode()


def free_blocks(stats: str) -> dict[int, int]:
    """Size -> how many blocks of it are free on pages in use; rows are `class size pools used free`."""
    rows = [line.split() for line in stats.splitlines()]
    return {int(row[1]): int(row[4]) for row in rows if len(row) == 5 and all(map(str.isdigit, row))}


def _fill_heap() -> None:
    """Of the C library: blocks of each size, until one comes from beyond what there was."""
    _libc.malloc.argtypes, _libc.malloc.restype, _libc.free.argtypes = (
        [ctypes.c_size_t],
        ctypes.c_void_p,
        [ctypes.c_void_p],
    )
    _libc.sbrk.restype = ctypes.c_void_p
    end, size = _libc.sbrk(0), LARGEST_HOLE
    while size >= SMALLEST_HOLE:
        block = _libc.malloc(size)
        if block + size > end:
            _libc.free(block)
            size //= 2
