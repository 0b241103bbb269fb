"""Charts are seen without JavaScript and allowed by the strictest policy."""

from xml.etree import ElementTree as ET

import pytest

from dream_api.services.pages.charts import Point, chart, round_up, short_number

POINTS = [Point("1 Nov", 3, "3"), Point("2 Nov", 0, "0"), Point("<b>", 1200, "1,200")]


@pytest.mark.parametrize("kind", ["area", "bar"])
def test_a_chart_has_one_point_a_value_and_says_what_it_shows(kind: str) -> None:
    """Every value is there for the tooltip, and the finding for those who cannot see it."""
    root = ET.fromstring(chart(POINTS, "Calls & more", "area" if kind == "area" else "bar"))  # noqa: S314 - our own.

    points = [group for group in root.iter() if group.get("class") == "point"]
    assert [group.get("data-tip") for group in points] == ["1 Nov|3", "2 Nov|0", "<b>|1,200"]
    assert root.get("aria-label") == "Calls & more"


def test_a_chart_carries_no_style_attribute() -> None:
    """The Content Security Policy would refuse one."""
    assert "style=" not in chart(POINTS, "Calls")


def test_a_chart_of_nothing_is_still_a_chart() -> None:
    """An app of its first day has no points."""
    ET.fromstring(chart([], "Calls", "area"))  # noqa: S314 - our own.


@pytest.mark.parametrize(
    ("value", "top"),
    [(0, 4), (3, 4), (5, 8), (11, 12), (99, 100), (100, 100), (101, 120), (7600, 8000)],
)
def test_the_axis_ends_at_a_round_number_not_below_the_highest_value(
    value: float, top: float
) -> None:
    """A bar never leaves the chart."""
    assert round_up(value) == top


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (950, "950"), (1500, "1.5k"), (2e7, "20M"), (3e9, "3B")]
)
def test_axis_numbers_are_short(value: float, text: str) -> None:
    """Labels fit beside the axis."""
    assert short_number(value) == text


def test_a_label_at_the_edge_ends_there() -> None:
    """The last month of an area chart would run over its card otherwise."""
    root = ET.fromstring(chart(POINTS, "Revenue", "area"))  # noqa: S314 - our own.
    anchors = {text.text: text.get("text-anchor") for text in root.iter() if text.tag == "text"}

    assert ("middle", "end") == (anchors["1 Nov"], anchors["<b>"])
