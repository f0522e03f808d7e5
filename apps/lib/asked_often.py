"""Questions that every page asks: put together once in a process, asked anew each time. No answer is ever kept.

Django takes longer to put such a query together than the database to answer it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from secrets import randbelow
from types import SimpleNamespace
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.db import connections
from django.db.models import QuerySet

Row = TypeVar("Row")
LONGEST = 50  # A longer list is put together each time.
Value = UUID | datetime | str
Given = Value | int | list[UUID]
Shape = tuple[tuple[type, int], ...]


@dataclass(frozen=True)
class _Question:
    """`places` says which of the values given stands where in `params`; None: the one that is there always."""

    rows: QuerySet[Any]
    compiler: Any
    sql: str
    params: tuple[Any, ...]
    places: tuple[int | None, ...]
    converters: Any

    def answers(self, given: list[Value]) -> list[Any]:
        compiler, db = copy.copy(self.compiler), self.rows.db
        compiler.connection = connections[db]  # Of this thread.
        asked = zip(self.params, self.places, strict=True)
        params = tuple(param if place is None else given[place] for param, place in asked)
        compiler.as_sql = lambda: (self.sql, params)
        compiler.get_converters = lambda expressions: self.converters
        query = SimpleNamespace(get_compiler=lambda using: compiler)
        # As much of a QuerySet as what makes models of an answer looks at.
        rows = SimpleNamespace(query=query, db=db, _known_related_objects={}, _fields=())
        iterable: Any = self.rows._iterable_class
        return list(iterable(rows))


def asked_often(build: Callable[..., QuerySet[Any, Row]]) -> Callable[..., list[Row]]:
    """A function of ids, lists of ids, moments and words that makes rows, as one that reads them. Nothing but values may
    depend on these: no None, no `if`; and no `prefetch_related`. A flag or a count makes it another question."""
    known: dict[Shape, _Question] = {}

    @wraps(build)
    def ask(*given: Given) -> list[Row]:
        if any(isinstance(each, list) and not 0 < len(each) <= LONGEST for each in given):
            return list(build(*given))
        shape = tuple(map(_shape, given))
        if shape not in known:
            known[shape] = _question(build, shape)
        return known[shape].answers(_flat(given))

    return ask


def _question(build: Callable[..., QuerySet[Any, Any]], shape: Shape) -> _Question:
    """Put together with values that nothing has, so that it is known where they stand."""
    marks = [_mark(kind, size) for kind, size in shape]
    rows, flat = build(*marks), _flat(marks)
    compiler = rows.query.get_compiler(using=rows.db)
    sql, params = compiler.as_sql()
    places = tuple(flat.index(param) if param in flat else None for param in params)
    if set(places) - {None} != set(range(len(flat))):
        raise ValueError(f"{build.__qualname__} does not ask for everything it is given.")
    converters = compiler.get_converters([column for column, _, _ in compiler.select])
    return _Question(rows, compiler, sql, tuple(params), places, converters)


def _shape(each: Given) -> tuple[type, int]:
    return type(each), len(each) if isinstance(each, list) else each if isinstance(each, int) else 0


def _mark(kind: type, size: int) -> Given:
    if issubclass(kind, int):
        return kind(size)
    if issubclass(kind, list):
        return [uuid4() for _ in range(size)]
    if issubclass(kind, datetime):
        return datetime(5000, 1, 1, tzinfo=UTC) + timedelta(microseconds=randbelow(10**15))
    return str(uuid4()) if issubclass(kind, str) else uuid4()


def _flat(given: Any) -> list[Value]:
    """The values of it, one by one."""
    asked = (each for each in given if not isinstance(each, int))
    return [value for each in asked for value in (each if isinstance(each, list) else [each])]
