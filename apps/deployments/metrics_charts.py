"""Measurements as charts: paths, axes with units, a sentence and a table for each. Pure: reads points, asks nobody.

A plot is 1000 wide and 100 high and is stretched to its place; words stand beside it, so that they keep their size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apps.hosts.metrics_history import History, Point

WIDTH, HEIGHT = 1000, 100
UNKNOWN = "not measured"
LABELS = 5

Values = list[float | None]


@dataclass(frozen=True)
class Line:
    """`kind` picks the colour: main, bad, peak, second or limit. `area` is the path closed to the ground, `dots` are the
    points without a neighbour, which a line does not show."""

    name: str
    kind: str
    path: str
    area: str
    dots: str


@dataclass(frozen=True)
class Chart:
    """`ticks` from the top down, evenly; `rows` are the table: a moment and a text for each column of `head`."""

    name: str
    title: str
    unit: str
    ticks: list[str]
    times: list[str]
    lines: list[Line]
    summary: str
    head: list[str]
    rows: list[list[str]]

    @property
    def body(self) -> SafeString:
        """The table's rows as HTML: in a template the thousands of cells of a page would take most of its time."""
        cells = '<td class="right num">{}</td>' * len(self.head)
        return format_html_join("", f'<tr><th scope="row">{{}}</th>{cells}</tr>', self.rows)


@dataclass(frozen=True)
class Unit:
    """Values are shown as `value / size`; `name` is said after a number."""

    name: str
    size: float = 1.0

    def of(self, value: float) -> str:
        return f"{figure(value / self.size)} {self.name}".strip()


@dataclass(frozen=True)
class Curve:
    name: str
    kind: str
    values: Values


RATES = (Unit("B/s"), Unit("kB/s", 1024), Unit("MB/s", 1024**2), Unit("GB/s", 1024**3))
SIZES = (Unit("MB", 1024**2), Unit("GB", 1024**3))
TIMES = (Unit("ms", 0.001), Unit("s"))


def charts_of(history: History) -> list[Chart]:
    """Those of the edge only when it told anything."""
    traffic = [_requests(history), _response_time(history), _errors(history)] if history.has_traffic else []
    return [*traffic, _cpu(history), _memory(history), _network(history)]


def _requests(history: History) -> Chart:
    curve = Curve("Requests", "main", history.values(lambda p: p.request_rate))
    unit = Unit("a second")
    said = f"{history.requests:,} requests in {history.range.label}"
    return _chart(history, "requests", "Requests", unit, [curve], f"{said}{_highest(history, curve, unit)}.")


def _response_time(history: History) -> Chart:
    curve = Curve("p95", "main", history.values(lambda p: p.p95))
    unit = _unit_for(_top([curve]), TIMES)
    whole = history.p95
    said = "No request in this range" if whole is None else f"95 of 100 answers took at most {unit.of(whole)}"
    return _chart(history, "p95", "Response time, p95", unit, [curve], f"{said}{_highest(history, curve, unit)}.")


def _errors(history: History) -> Chart:
    curve = Curve("5xx", "bad", history.values(lambda p: None if p.error_share is None else p.error_share * 100))
    unit = Unit("%")
    said = (
        f"{history.errors:,} of {history.requests:,} answers were 5xx"
        if history.requests
        else "No request in this range"
    )
    return _chart(
        history, "errors", "5xx answers", unit, [curve], f"{said}{_highest(history, curve, unit)}.", least=1.0
    )


def _cpu(history: History) -> Chart:
    """As a share of what its containers may use."""

    def share(of: Callable[[Point], float]) -> Callable[[Point], float | None]:
        return lambda p: p.used(of(p) / p.cpu_limit * 100) if p.cpu_limit else None

    mean = Curve("mean", "main", history.values(share(lambda p: p.cpu_cores)))
    peak = Curve("highest 10 s", "peak", history.values(share(lambda p: p.cpu_peak)))
    newest = history.newest
    unit = Unit("%")
    said = f"{cpu_text(newest)} {_now(history)}" if newest else "Not measured in this range"
    return _chart(history, "cpu", "CPU", unit, [peak, mean], f"{said}{_highest(history, peak, unit)}.", least=10.0)


def _memory(history: History) -> Chart:
    used = Curve("used", "main", history.values(lambda p: p.used(p.memory)))
    limit = Curve("limit", "limit", history.values(lambda p: p.used(p.memory_limit) or None))
    newest = history.newest
    unit = _unit_for(_top([used, limit]), SIZES)
    said = f"{memory_text(newest)} {_now(history)}" if newest else "Not measured in this range"
    return _chart(history, "memory", "Memory", unit, [used, limit], f"{said}{_highest(history, used, unit)}.")


def _network(history: History) -> Chart:
    received = Curve("in", "main", history.values(lambda p: p.used(p.received_rate)))
    sent = Curve("out", "second", history.values(lambda p: p.used(p.sent_rate)))
    unit = _unit_for(_top([received, sent]), RATES)
    said = (
        f"Received{_highest(history, received, unit) or ' nothing'}; sent{_highest(history, sent, unit) or ' nothing'}"
    )
    return _chart(history, "network", "Network", unit, [received, sent], f"{said}.")


def cpu_text(point: Point) -> str:
    """`22 % of 1 core`."""
    share = f"{figure(point.cpu_cores / point.cpu_limit * 100)} %" if point.cpu_limit else "0 %"
    return f"{share} of {figure(point.cpu_limit)} core{'' if point.cpu_limit == 1 else 's'}"


def memory_text(point: Point) -> str:
    """`188 of 512 MB`."""
    unit = _unit_for(max(point.memory, point.memory_limit), SIZES)
    return f"{figure(point.memory / unit.size)} of {unit.of(point.memory_limit)}"


def seconds_text(seconds: float) -> str:
    return _unit_for(seconds, TIMES).of(seconds)


def _chart(
    history: History, name: str, title: str, unit: Unit, curves: list[Curve], summary: str, *, least: float = 0.0
) -> Chart:
    top = rounded_up(max(_top(curves), least) / unit.size) * unit.size
    lines = [_line(curve, top) for curve in curves]
    return Chart(
        name=name,
        title=title,
        unit=unit.name,
        ticks=[figure(top / unit.size), figure(top / unit.size / 2), "0"],
        times=labels_of(history),
        lines=lines,
        summary=summary + _missing(history, curves),
        head=[curve.name if len(curves) > 1 else title for curve in curves],
        rows=_rows(history, unit, curves),
    )


def _line(curve: Curve, top: float) -> Line:
    path = path_of(curve.values, top)
    area = path_of(curve.values, top, is_area=True) if curve.kind in ("main", "bad") else ""
    return Line(curve.name, curve.kind, path, area, dots_of(curve.values, top))


def dots_of(values: Values, top: float) -> str:
    alone = [run[0] for run in _runs(values) if len(run) == 1]
    return "".join(path_of([v if i == at else None for i, v in enumerate(values)], top) for at, _ in alone)


def path_of(values: Values, top: float, *, is_area: bool = False) -> str:
    """A run of points for each stretch without a gap. A point alone is a dot, which the line's round ends make of it."""
    width = WIDTH / max(1, len(values))
    parts = []
    for run in _runs(values):
        points = [f"{(i + 0.5) * width:.1f} {HEIGHT - value / top * HEIGHT:.1f}" for i, value in run]
        line = f"M{'L'.join(points)}" if len(points) > 1 else f"M{points[0]}h.1"
        first, last = (run[0][0] + 0.5) * width, (run[-1][0] + 0.5) * width
        parts.append(f"{line}L{last:.1f} {HEIGHT}L{first:.1f} {HEIGHT}Z" if is_area else line)
    return "".join(parts)


def _runs(values: Values) -> list[list[tuple[int, float]]]:
    runs: list[list[tuple[int, float]]] = []
    is_open = False
    for number, value in enumerate(values):
        if value is None:
            is_open = False
            continue
        if not is_open:
            runs.append([])
        runs[-1].append((number, value))
        is_open = True
    return runs


def place_of(at: datetime, history: History) -> float:
    """Where a moment stands on a plot, 0 to 1000."""
    return round((at - history.since) / (history.until - history.since) * WIDTH, 1)


def _top(curves: Sequence[Curve]) -> float:
    return max((value for curve in curves for value in curve.values if value is not None), default=0.0)


def _unit_for(value: float, units: Sequence[Unit]) -> Unit:
    """The largest in which it is at least one."""
    return next((unit for unit in reversed(units) if value >= unit.size), units[0])


def rounded_up(value: float) -> float:
    """To a number whose half is easily read, too: 1, 2, 4, 6, 8 times a power of ten."""
    size = 1e-3
    while size * 10 <= value:
        size *= 10
    return next(size * step for step in (1, 2, 4, 6, 8, 10) if value <= size * step * 1.000001)


def figure(value: float) -> str:
    """Three digits, and all before the point."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 0.01 or value == 0 else f"{value:.3f}".rstrip("0").rstrip(".")


def labels_of(history: History) -> list[str]:
    """Evenly over the width; the last is the end."""
    part = (history.until - history.since) / (LABELS - 1)
    return [time_text(history.since + part * number, history) for number in range(LABELS)]


def time_text(at: datetime, history: History) -> str:
    if history.until - history.since <= timedelta(days=1):
        return f"{at:%H:%M}"
    return f"{at:%-d %b}"


def _highest(history: History, curve: Curve, unit: Unit) -> str:
    found = [(value, point.at) for value, point in zip(curve.values, history.points, strict=True) if value is not None]
    if not found or not max(found)[0]:
        return ""
    value, at = max(found, key=lambda pair: pair[0])
    return f", highest {unit.of(value)} at {_exact(at, history)}"


def _now(history: History) -> str:
    """The newest point is a moment in a short range, and a mean or a peak of hours in a long one."""
    step = history.range.step
    return "now" if step <= 5 else f"in the last {step} min" if step < 60 else f"in the last {step // 60} h"


def _missing(history: History, curves: list[Curve]) -> str:
    """Between the first and the last point that there are."""
    known = [i for i, p in enumerate(history.points) if p.usage_seconds or p.edge_seconds]
    gap = (known[-1] - known[0] + 1 - len(known)) * history.range.step if known else 0
    return f" Nothing was reported for {gap} min of it." if gap and any(curves) else ""


def _exact(at: datetime, history: History) -> str:
    is_short = history.until - history.since <= timedelta(days=1)
    return f"{at:%H:%M}" if is_short else f"{at:%-d %b %H:%M}"


def _rows(history: History, unit: Unit, curves: list[Curve]) -> list[list[str]]:
    columns = [[UNKNOWN if value is None else unit.of(value) for value in curve.values] for curve in curves]
    moments = [_exact(point.at, history) for point in history.points]
    return [list(row) for row in zip(moments, *columns, strict=True)]
