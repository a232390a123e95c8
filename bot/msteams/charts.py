"""Draws charts as Teams' own, with a picture, or words, for clients that know none."""

from typing import assert_never

from microsoft_teams.cards import (
    CardElement,
    HorizontalBarChart,
    HorizontalBarChartDataValue,
    Image,
    LineChart,
    LineChartData,
    LineChartValue,
    StackedHorizontalBarChart,
    StackedHorizontalBarChartData,
    StackedHorizontalBarChartDataPoint,
    VerticalBarChart,
    VerticalBarChartDataValue,
)

from bot.axis import score_range
from bot.links import Addresses
from bot.msteams import limits
from bot.msteams.words import paragraphs, plain
from handlers.cards import Chart, Point
from handlers.texts import Texts

DETRACTORS, PROMOTERS = 6, 9  # at most, at least


def draw_chart(chart: Chart, addresses: Addresses, t: Texts) -> list[CardElement]:
    """Gives the chart as Teams draws it, its picture, or its words."""
    instead = _picture(chart, addresses)
    native = _native(chart, t)
    if native is None:
        return instead
    native.fallback = instead[0]
    return [native]


def _picture(chart: Chart, addresses: Addresses) -> list[CardElement]:
    if addresses.public:
        address = addresses.picture(chart)
        if len(address) <= limits.ADDRESS:  # the address holds the chart's data
            alt = plain(chart.alt, limits.ALT_TEXT)
            return [Image(url=address, alt_text=alt, size="Stretch")]
    return paragraphs(chart.alt, limits.ALT_TEXT, subtle=True, size="Small")[:1]


_Native = LineChart | VerticalBarChart | HorizontalBarChart | StackedHorizontalBarChart


def _native(chart: Chart, t: Texts) -> _Native | None:
    """Gives Teams' own chart, or None where it would hide what the picture shows."""
    known = [point for point in chart.series if point.value is not None]
    title = plain(chart.alt, limits.ALT_TEXT)  # what a screen reader says
    match chart.kind:
        case "trend":
            return _trend(known, title, t) if len(known) > 1 else None
        case "distribution":
            return VerticalBarChart(
                title=title,
                show_title=False,
                show_bar_values=True,
                data=[_column(point, len(chart.series)) for point in chart.series],
            )
        case "bars":
            # Teams' bars show no range and start at zero: a score needs the picture.
            if any(point.low is not None or (point.value or 0) < 0 for point in known):
                return None
            return HorizontalBarChart(
                title=title,
                show_title=False,
                display_mode="AbsoluteWithAxis",
                data=[
                    HorizontalBarChartDataValue(x=_label(point), y=_short(point.value))
                    for point in known
                ],
            )
        case "coverage":
            return StackedHorizontalBarChart(
                title=title,
                show_title=False,
                data=[_heard(point, t) for point in chart.series if point.n],
            )
        case _:
            assert_never(chart.kind)


def _trend(points: list[Point], title: str, t: Texts) -> LineChart:
    bottom, top = score_range(points)
    lines = [
        LineChartData(
            legend=t("adaptive.score"),
            color="categoricalBlue",
            values=[LineChartValue(x=_label(point), y=_short(point.value)) for point in points],
        )
    ]
    ranged = [point for point in points if point.low is not None and point.high is not None]
    if ranged:
        # Teams draws no band: its two edges stand as grey lines.
        for legend, ends in (
            (t("adaptive.range_high"), [point.high for point in ranged]),
            (t("adaptive.range_low"), [point.low for point in ranged]),
        ):
            values = [
                LineChartValue(x=_label(point), y=_short(end))
                for point, end in zip(ranged, ends, strict=True)
            ]
            lines.append(LineChartData(legend=legend, color="neutral", values=values))
    return LineChart(title=title, show_title=False, data=lines, y_min=bottom, y_max=top)


def _column(point: Point, columns: int) -> VerticalBarChartDataValue:
    """Only the eleven numbers of a recommendation score fall into groups."""
    value = VerticalBarChartDataValue(x=_label(point), y=_short(point.value or 0))
    if columns == 11 and point.label.isdecimal():
        score = int(point.label)
        value.color = (
            "attention" if score <= DETRACTORS else "good" if score >= PROMOTERS else "neutral"
        )
    return value


def _heard(point: Point, t: Texts) -> StackedHorizontalBarChartData:
    heard = point.value or 0
    return StackedHorizontalBarChartData(
        title=_label(point),
        data=[
            StackedHorizontalBarChartDataPoint(
                legend=t("adaptive.heard"), value=_short(heard), color="categoricalBlue"
            ),
            StackedHorizontalBarChartDataPoint(
                legend=t("adaptive.silent"),
                value=_short(max((point.n or 0) - heard, 0)),
                color="neutral",
            ),
        ],
    )


def _label(point: Point) -> str:
    return plain(point.label, limits.LABEL)


def _short(value: float | None) -> float:
    return round(value or 0.0, 1)
