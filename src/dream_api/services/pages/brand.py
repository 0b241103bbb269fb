"""A platform's colour as data: validated, contrast computed, served as an external stylesheet.

Contrast is WCAG 2.2's relative luminance ratio (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio);
4.5 is what level AA asks of normal text.
"""

import re

DEFAULT_COLOR = "#5b4be1"
CONTRAST_MIN = 4.5

_COLOR = re.compile(r"#[0-9a-f]{6}", re.ASCII)
_CHANNELS = (1, 3, 5)
_WEIGHTS = (0.2126, 0.7152, 0.0722)
_LINEAR_BELOW = 0.04045
_STEPS = 20
_DARKEST_LIGHT_GROUND = "#f4f4f6"
_LIGHTEST_DARK_GROUND = "#1c1e24"


def is_color(text: str) -> bool:
    """Tell whether *text* is ``#rrggbb``, the only form of colour that ever reaches CSS."""
    return _COLOR.fullmatch(text.lower()) is not None


def brand_css(color: str | None, scope: str = ":root") -> str:
    """Write the tokens of one brand colour; anything but ``#rrggbb`` becomes the default colour.

    *scope* is a selector of ours: the whole page, or a preview on a page of another colour.

    The ink on the colour, and the colour as text in either theme, reach 4.5:1.
    """
    brand = color.lower() if color is not None and is_color(color) else DEFAULT_COLOR
    on_light = _reach(brand, "#000000", _DARKEST_LIGHT_GROUND)
    on_dark = _reach(brand, "#ffffff", _LIGHTEST_DARK_GROUND)
    return (
        f"{scope}{{--brand:{brand};--brand-ink:{ink_on(brand)};"
        f"--brand-text:light-dark({on_light},{on_dark})}}\n"
    )


def ink_on(color: str) -> str:
    """Choose the colour of text on *color*: white, else near-black, else black."""
    for ink in ("#ffffff", "#111111"):
        if contrast(color, ink) >= CONTRAST_MIN:
            return ink
    return "#000000"


def contrast(one: str, other: str) -> float:
    """Compute the contrast ratio of two ``#rrggbb`` colours: 1 (equal) to 21 (black on white)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _reach(color: str, toward: str, ground: str) -> str:
    for step in range(_STEPS + 1):
        mixed = _mix(color, toward, step / _STEPS)
        if contrast(mixed, ground) >= CONTRAST_MIN:
            return mixed
    return toward


def _channels(color: str) -> tuple[int, ...]:
    return tuple(int(color[start : start + 2], 16) for start in _CHANNELS)


def _luminance(color: str) -> float:
    linear = (
        share / 12.92 if share <= _LINEAR_BELOW else ((share + 0.055) / 1.055) ** 2.4
        for share in (channel / 255 for channel in _channels(color))
    )
    return sum(weight * value for weight, value in zip(_WEIGHTS, linear, strict=True))


def _mix(color: str, toward: str, share: float) -> str:
    pairs = zip(_channels(color), _channels(toward), strict=True)
    return "#" + "".join(f"{round(own * (1 - share) + other * share):02x}" for own, other in pairs)
