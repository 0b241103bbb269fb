"""Charts as SVG made on the server: seen without JavaScript, presentation attributes only.

No ``style=""`` (the CSP forbids it); colours come from the stylesheet by class. Each chart comes
with a table of its numbers (macro ``chart`` in ui.html), so nothing depends on seeing it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 520, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 10, 12, 26
_GRID_LINES = 4
_LABELS_MAX = 8
_LONG_LABELS_MAX = 5
_LONG_LABEL_CHARACTERS = 7
"""A label such as ``Nov 2026`` needs more room than ``22 Nov``."""
_BAR_SHARE = 0.72
_ROUND_STEPS = (1, 2, 2.5, 3, 4, 5, 6, 8, 10)


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a chart: the label on the axis, the value, and the value as people read it."""

    label: str
    value: float
    shown: str


def chart(
    points: Sequence[Point], title: str, kind: Literal["area", "bar"] = "bar", prefix: str = ""
) -> Markup:
    """Draw *points* from left to right; *title* states the finding for those who cannot see it.

    *prefix* stands before the numbers of the axis, such as a currency's sign.
    """
    scale = _Scale.of(points, kind)
    parts = [
        Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
            _WIDTH, _HEIGHT, title
        ),
        *_grid(scale, prefix),
    ]
    if kind == "area" and points:
        parts.append(_area(points, scale))
    is_long = any(len(point.label) >= _LONG_LABEL_CHARACTERS for point in points)
    labels_max = _LONG_LABELS_MAX if is_long else _LABELS_MAX
    every = max(1, math.ceil(len(points) / labels_max))
    for index, point in enumerate(points):
        parts.append(_point(index, point, scale, kind))
        if index % every == 0:
            is_spare = index // every % 2 == 1
            parts.append(_label(scale.x(index), point.label, is_spare=is_spare))
    return Markup("").join([*parts, Markup("</svg>")])


def short_number(value: float) -> str:
    """Write a number for an axis: 950, 1.5k, 20M."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:g}"


def round_up(value: float) -> float:
    """Give the top of the axis: not below *value*, with whole, round numbers on every grid line."""
    wanted = max(value / _GRID_LINES, 1)
    magnitude = 10.0 ** math.floor(math.log10(wanted))
    steps = (step * magnitude for step in _ROUND_STEPS)
    return _GRID_LINES * next(step for step in steps if step >= wanted and step.is_integer())


@dataclass(frozen=True, slots=True)
class _Scale:
    """Maps a point's index and value to the canvas."""

    top: float
    step: float
    offset: float

    @classmethod
    def of(cls, points: Sequence[Point], kind: str) -> "_Scale":
        inner = _WIDTH - _LEFT - _RIGHT
        gaps = len(points) - 1 if kind == "area" else len(points)
        step = inner / max(1, gaps)
        top = round_up(max((point.value for point in points), default=0))
        return cls(top, step, 0 if kind == "area" else step / 2)

    def x(self, index: int) -> float:
        return _LEFT + self.offset + index * self.step

    def y(self, value: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - value / self.top)


def _grid(scale: _Scale, prefix: str) -> list[Markup]:
    lines = []
    for index in range(_GRID_LINES + 1):
        value = scale.top * index / _GRID_LINES
        y = scale.y(value)
        lines.append(
            Markup(
                '<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
                '<text class="tick" x="{}" y="{:.1f}" text-anchor="end">{}</text>'
            ).format(_LEFT, _WIDTH - _RIGHT, y, y, _LEFT - 8, y + 4, prefix + short_number(value))
        )
    return lines


def _label(x: float, label: str, *, is_spare: bool) -> Markup:
    """Write a label below the axis, within the canvas also where its point stands at the edge.

    The stylesheet leaves spare ones out where the drawing is small.
    """
    is_at_edge = x >= _WIDTH - _RIGHT
    return Markup('<text class="tick {}" x="{:.1f}" y="{}" text-anchor="{}">{}</text>').format(
        "below spare" if is_spare else "below",
        _WIDTH if is_at_edge else x,
        _HEIGHT - 6,
        "end" if is_at_edge else "middle",
        label,
    )


def _area(points: Sequence[Point], scale: _Scale) -> Markup:
    line = " ".join(
        f"{scale.x(index):.1f},{scale.y(point.value):.1f}" for index, point in enumerate(points)
    )
    floor = f"{scale.y(0):.1f}"
    corners = f"{scale.x(0):.1f},{floor} {line} {scale.x(len(points) - 1):.1f},{floor}"
    return Markup('<polygon class="fill" points="{}"/><polyline class="line" points="{}"/>').format(
        corners, line
    )


def _point(index: int, point: Point, scale: _Scale, kind: str) -> Markup:
    x, y, floor = scale.x(index), scale.y(point.value), scale.y(0)
    if kind == "bar":
        width = scale.step * _BAR_SHARE
        mark = Markup(
            '<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"/>'
        ).format(x - width / 2, y, width, floor - y)
    else:
        mark = Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="4"/>').format(x, y)
    return Markup(
        '<g class="point" data-tip="{}|{}">{}'
        '<rect class="hit" x="{:.1f}" y="{}" width="{:.1f}" height="{:.1f}"/></g>'
    ).format(
        escape(point.label), point.shown, mark, x - scale.step / 2, _TOP, scale.step, floor - _TOP
    )
