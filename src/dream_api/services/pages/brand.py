"""A platform's colour as data: validated, contrast computed, served as an external stylesheet."""

from dream_api.kit.colors import CONTRAST_MIN, contrast, ink_on, is_color, mix

DEFAULT_COLOR = "#5b4be1"
_STEPS = 20
_DARKEST_LIGHT_GROUND = "#f4f4f6"
_LIGHTEST_DARK_GROUND = "#1c1e24"
_LIGHT_SURFACE = "#ffffff"
_DARK_SURFACE = "#131418"
EDGE_CONTRAST_MIN = 1.5
"""What keeps a button of nearly the ground's own colour from vanishing; its label is the text."""


def brand_css(color: str | None, scope: str = ":root") -> str:
    """Write the tokens of one brand colour; anything but ``#rrggbb`` becomes the default colour.

    *scope* is a selector of ours: the whole page, or a preview on a page of another colour.

    The ink on the colour, and the colour as text in either theme, reach 4.5:1; its edge stands out
    from either surface.
    """
    brand = color.lower() if color is not None and is_color(color) else DEFAULT_COLOR
    on_light = _reach(brand, "#000000", _DARKEST_LIGHT_GROUND)
    on_dark = _reach(brand, "#ffffff", _LIGHTEST_DARK_GROUND)
    light_edge = _reach(brand, "#000000", _LIGHT_SURFACE, EDGE_CONTRAST_MIN)
    dark_edge = _reach(brand, "#ffffff", _DARK_SURFACE, EDGE_CONTRAST_MIN)
    return (
        f"{scope}{{--brand:{brand};--brand-ink:{ink_on(brand)};"
        f"--brand-edge:light-dark({light_edge},{dark_edge});"
        f"--brand-text:light-dark({on_light},{on_dark})}}\n"
    )


def _reach(color: str, toward: str, ground: str, wanted: float = CONTRAST_MIN) -> str:
    for step in range(_STEPS + 1):
        mixed = mix(color, toward, step / _STEPS)
        if contrast(mixed, ground) >= wanted:
            return mixed
    return toward
