"""A platform's colour never makes a page unreadable and never carries anything into CSS."""

import pytest

from dream_api.kit.colors import contrast, ink_on
from dream_api.services.pages.brand import DEFAULT_COLOR, EDGE_CONTRAST_MIN, brand_css


def _pair(css: str, name: str) -> tuple[str, str]:
    on_light, on_dark = css.split(f"{name}:light-dark(")[1].split(")", maxsplit=1)[0].split(",")
    return on_light, on_dark


@pytest.mark.parametrize(
    "color", ["#ffd400", "#000000", "#ffffff", "#777777", "#5b4be1", "#00ff88"]
)
def test_text_on_any_colour_reaches_the_contrast_of_level_aa(color: str) -> None:
    """Whatever a platform picks, its buttons can be read."""
    assert contrast(color, ink_on(color)) >= 4.5


@pytest.mark.parametrize("color", ["#ffd400", "#111111", "#eeeeee"])
def test_a_colour_used_as_text_reaches_the_contrast_in_both_themes(color: str) -> None:
    """Links in the brand's colour are darkened or lightened until they can be read."""
    on_light, on_dark = _pair(brand_css(color), "--brand-text")

    assert contrast(on_light, "#f4f4f6") >= 4.5
    assert contrast(on_dark, "#1c1e24") >= 4.5


@pytest.mark.parametrize("color", ["#ffffff", "#fbfbfc", "#131418", "#000000", "#0b0b12"])
def test_a_button_of_the_grounds_own_colour_keeps_an_edge(color: str) -> None:
    """White on a white page and black on a dark one are seen all the same."""
    on_light, on_dark = _pair(brand_css(color), "--brand-edge")

    assert contrast(on_light, "#ffffff") >= EDGE_CONTRAST_MIN
    assert contrast(on_dark, "#131418") >= EDGE_CONTRAST_MIN


@pytest.mark.parametrize("color", [None, "red", "#fff", "#12345g", "#123456;}", "#123456\n", ""])
def test_what_is_no_colour_becomes_the_default_and_is_never_echoed(color: str | None) -> None:
    """An unchecked value never reaches a stylesheet."""
    assert brand_css(color) == brand_css(DEFAULT_COLOR)
