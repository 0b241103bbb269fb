"""A browser's own words about itself, in words that its owner recognises."""

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""In this order: nearly every browser also claims to be those below it."""
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)
_PROGRAM_CHARACTERS_MAX = 40


def device_name(user_agent: str) -> str:
    """Name a browser and its system, such as ``Firefox on Windows``; a program by its own word."""
    browser = _first(_BROWSERS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    if browser is None:
        program = user_agent.split(" ", maxsplit=1)[0].partition("/")[0][:_PROGRAM_CHARACTERS_MAX]
        return program if program and program != "Mozilla" else "Unknown device"
    return browser if system is None else f"{browser} on {system}"


def _first(marks: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((name for mark, name in marks if mark in text), None)
