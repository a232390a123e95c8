"""How a chart looks: its data as an Altair chart, legible when small and for the colour-blind."""

from dataclasses import dataclass
from textwrap import wrap
from typing import Any, Literal, assert_never

import altair as alt

from bot.axis import score_range
from handlers.cards import Chart, Point

WIDTH = 480
CHARACTER = 6  # pixels of a letter below an axis
SHORTEST = 6  # letters of a line there
HEIGHT = 190
ROW_HEIGHT = 34
FEW_POINTS = 9  # up to here the number of people heard stands below each label
FONT = "Liberation Sans, Arial, sans-serif"
DETRACTORS, PROMOTERS = 6, 9  # at most, at least


@dataclass(frozen=True)
class _Colours:
    """Blue, vermilion and grey of Okabe and Ito, told apart with every kind of colour blindness."""

    page: str
    ink: str
    faint: str
    line: str
    good: str
    bad: str
    middle: str


_LIGHT = _Colours("#ffffff", "#1f2328", "#57606a", "#d7dce1", "#0072b2", "#d55e00", "#8c959f")
_DARK = _Colours("#1f242b", "#e6edf3", "#a8b3bf", "#3d444d", "#56b4e9", "#f0883e", "#8c959f")


def specification(chart: Chart, dark: bool = False) -> dict[str, Any]:
    """Gives the Vega-Lite specification of a chart.

    trend: a score with its range by time; distribution: how many gave each number; bars: a value a
    row, with its range when known; coverage: `value` heard of `n` asked a row.
    """
    colours = _DARK if dark else _LIGHT
    drawn: alt.LayerChart
    match chart.kind:
        case "trend":
            drawn = _trend(chart.series, colours)
        case "distribution":
            drawn = _distribution(chart.series, colours)
        case "bars":
            drawn = _bars(chart.series, colours)
        case "coverage":
            drawn = _coverage(chart.series, colours)
        case _:
            assert_never(chart.kind)
    themed = (
        drawn.configure_view(stroke=None)
        .configure_axis(
            labelColor=colours.faint,
            labelFontSize=12,
            labelFont=FONT,
            gridColor=colours.line,
            domainColor=colours.line,
            tickColor=colours.line,
        )
        .configure_text(font=FONT, fontSize=13, color=colours.ink)
        .properties(background=colours.page, padding=14)
    )
    made: dict[str, Any] = themed.to_dict()
    return made


def _trend(points: tuple[Point, ...], colours: _Colours) -> alt.LayerChart:
    known = [point for point in points if point.value is not None]
    counted = len(points) <= FEW_POINTS and any(point.n is not None for point in known)
    rows = [
        {
            "x": f"{place:03}|{_broken(point.label, len(points))}"
            + (f"|({point.n})" if counted and point.n else ""),
            "value": point.value,
            "low": point.low if point.low is not None else point.value,
            "high": point.high if point.high is not None else point.value,
            "text": _score(point.value),
            "last": bool(known) and point is known[-1],
        }
        for place, point in enumerate(points)
    ]
    bottom, top = score_range(known)
    base = alt.Chart(_data(rows), width=WIDTH, height=HEIGHT).encode(
        x=alt.X(
            "x:O",
            title=None,
            sort=None,
            scale=alt.Scale(domain=[row["x"] for row in rows]),
            axis=alt.Axis(
                labelAngle=0,
                labelExpr="slice(split(datum.value, '|'), 1)",
                labelOverlap=True,
                ticks=False,
                domain=False,
                labelPadding=6,
            ),
        )
    )
    y = alt.Y(
        "value:Q",
        title=None,
        scale=alt.Scale(domain=[bottom, top], nice=False, zero=False),
        axis=alt.Axis(tickCount=5, domain=False, ticks=False, labelExpr=_SIGNED),
    )
    zero = (
        alt.Chart(_data([{"value": 0}]))
        .mark_rule(color=colours.faint, strokeDash=[4, 3])
        .encode(y="value:Q")
    )
    present = base.transform_filter("isValid(datum.value)")
    ranges = alt.Y(
        "low:Q", title=None, scale=alt.Scale(domain=[bottom, top], nice=False, zero=False)
    )
    layers = [
        base.mark_area(color=colours.good, opacity=0.18, invalid=_GAP).encode(
            y=ranges, y2="high:Q"
        ),
        present.mark_rule(color=colours.good, opacity=0.35, strokeWidth=2).encode(
            y=ranges, y2="high:Q"
        ),
        base.mark_line(color=colours.good, strokeWidth=3, invalid=_GAP).encode(y=y),
        present.mark_circle(color=colours.good, size=70, opacity=1).encode(y=y),
        present.transform_filter("datum.last")
        .mark_text(align="left", dx=9, fontSize=16, fontWeight="bold")
        .encode(y=y, text="text:N"),
    ]
    if bottom < 0 < top:
        layers.insert(0, zero)
    return _layer(*layers)


def _broken(label: str, many: int) -> str:
    """Breaks a label, with `|`, into lines that find room beside its neighbours."""
    return "|".join(wrap(label, max(WIDTH // many // CHARACTER, SHORTEST))) or label


def _distribution(points: tuple[Point, ...], colours: _Colours) -> alt.LayerChart:
    rows = [
        {
            "x": f"{place:03}|{point.label}",
            "value": point.value or 0,
            "text": _number(point.value) if point.value else "",
            "colour": _group_colour(point.label, len(points), colours),
        }
        for place, point in enumerate(points)
    ]
    base = alt.Chart(_data(rows), width=WIDTH, height=HEIGHT).encode(
        x=alt.X(
            "x:O",
            title=None,
            sort=None,
            scale=alt.Scale(paddingInner=0.18, paddingOuter=0.05),
            axis=alt.Axis(
                labelAngle=0,
                labelExpr="split(datum.value, '|')[1]",
                ticks=False,
                labelPadding=6,
                labelFontSize=13,
            ),
        ),
        y=alt.Y("value:Q", title=None, axis=None),
    )
    return _layer(
        base.mark_bar(cornerRadiusTopLeft=3, cornerRadiusTopRight=3).encode(
            color=alt.Color("colour:N", scale=None)
        ),
        base.mark_text(dy=-9).encode(text="text:N"),
    )


def _bars(points: tuple[Point, ...], colours: _Colours) -> alt.LayerChart:
    known = [point for point in points if point.value is not None]
    ranges = any(point.low is not None and point.high is not None for point in known)
    rows = [
        {
            "y": f"{place:03}|{point.label}",
            "zero": 0,
            "value": point.value,
            "low": point.low if point.low is not None else point.value,
            "high": point.high if point.high is not None else point.value,
            "text": ("–" if point.value is None else (_score if ranges else _number)(point.value))
            + (f"  ({point.n})" if point.n is not None else ""),
            "colour": colours.bad if (point.value or 0) < 0 else colours.good,
            "end": 1,
        }
        for place, point in enumerate(points)
    ]
    bottom, top = score_range(known) if ranges else (0.0, max([p.value or 0 for p in known] or [1]))
    base = alt.Chart(_data(rows), width=WIDTH - 190, height=ROW_HEIGHT * len(rows)).encode(
        y=_row_axis()
    )
    x = alt.X(
        "value:Q",
        title=None,
        scale=alt.Scale(domain=[bottom, top or 1], nice=False, zero=not ranges),
        axis=alt.Axis(tickCount=5, domain=False, ticks=False, labelExpr=_SIGNED)
        if ranges
        else None,
    )
    words = base.mark_text(align="left", dx=10, fontWeight="bold").encode(
        x=alt.value("width"), text="text:N"
    )
    colour = alt.Color("colour:N", scale=None)
    if not ranges:
        bar = base.mark_bar(cornerRadiusEnd=3, height=18).encode(x=x, color=colour)
        return _layer(bar, words)
    zero = (
        alt.Chart(_data([{"value": 0}]))
        .mark_rule(color=colours.faint, strokeDash=[4, 3])
        .encode(x="value:Q")
    )
    return _layer(
        zero,
        base.mark_rule(strokeWidth=7, opacity=0.35, strokeCap="round").encode(
            x=alt.X("low:Q", title=None), x2="high:Q", color=colour
        ),
        base.mark_circle(size=140, opacity=1).encode(x=x, color=colour),
        words,
    )


def _coverage(points: tuple[Point, ...], colours: _Colours) -> alt.LayerChart:
    rows = [
        {
            "y": f"{place:03}|{point.label}",
            "heard": point.value or 0,
            "asked": point.n or 0,
            "text": f"{_number(point.value or 0)} / {point.n or 0}",
        }
        for place, point in enumerate(points)
    ]
    base = alt.Chart(_data(rows), width=WIDTH - 190, height=ROW_HEIGHT * len(rows)).encode(
        y=_row_axis()
    )
    return _layer(
        base.mark_bar(color=colours.line, height=18, cornerRadius=3).encode(
            x=alt.X("asked:Q", title=None, axis=None)
        ),
        base.mark_bar(color=colours.good, height=18, cornerRadius=3).encode(x="heard:Q"),
        base.mark_text(align="left", dx=10, fontWeight="bold").encode(
            x=alt.value("width"), text="text:N"
        ),
    )


def _data(rows: list[dict[str, Any]]) -> alt.InlineData:
    return alt.InlineData(values=rows)


def _layer(*layers: alt.Chart) -> alt.LayerChart:
    return alt.LayerChart(layer=list(layers))


def _row_axis() -> alt.Y:
    return alt.Y(
        "y:O",
        title=None,
        sort=None,
        axis=alt.Axis(
            labelExpr="split(datum.value, '|')[1]",
            ticks=False,
            domain=False,
            labelPadding=10,
            labelFontSize=13,
            labelLimit=150,
        ),
    )


_GAP: Literal["break-paths-show-domains"] = "break-paths-show-domains"  # nobody heard: a hole
_SIGNED = "datum.value > 0 ? '+' + datum.value : replace('' + datum.value, '-', '−')"


def _score(value: float | None) -> str:
    if value is None:
        return ""
    rounded = round(value)
    return f"+{rounded}" if rounded > 0 else f"−{-rounded}" if rounded < 0 else "0"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _group_colour(label: str, columns: int, colours: _Colours) -> str:
    """Only the eleven numbers of a recommendation score fall into groups."""
    if columns != 11 or not label.isdecimal():
        return colours.good
    score = int(label)
    if score <= DETRACTORS:
        return colours.bad
    return colours.good if score >= PROMOTERS else colours.middle
