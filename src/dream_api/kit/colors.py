"""Colours as ``#rrggbb``, and whether text can be read on them.

Contrast is WCAG 2.2's relative luminance ratio (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio);
4.5 is what level AA asks of normal text.
"""

import re

CONTRAST_MIN = 4.5

_COLOR = re.compile(r"#[0-9a-f]{6}", re.ASCII)
_CHANNELS = (1, 3, 5)
_WEIGHTS = (0.2126, 0.7152, 0.0722)
_LINEAR_BELOW = 0.04045


def is_color(text: str) -> bool:
    """Tell whether *text* is ``#rrggbb``, the only form of colour that ever reaches CSS."""
    return _COLOR.fullmatch(text.lower()) is not None


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


def mix(color: str, toward: str, share: float) -> str:
    """Mix two colours; *share* (0 to 1) is how much of *toward* there is."""
    pairs = zip(_channels(color), _channels(toward), strict=True)
    return "#" + "".join(f"{round(own * (1 - share) + other * share):02x}" for own, other in pairs)


def _channels(color: str) -> tuple[int, ...]:
    return tuple(int(color[start : start + 2], 16) for start in _CHANNELS)


def _luminance(color: str) -> float:
    linear = (
        share / 12.92 if share <= _LINEAR_BELOW else ((share + 0.055) / 1.055) ** 2.4
        for share in (channel / 255 for channel in _channels(color))
    )
    return sum(weight * value for weight, value in zip(_WEIGHTS, linear, strict=True))
