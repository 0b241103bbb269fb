"""The system's Chromium: where it is, and how it is started. No browser is ever downloaded."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    """Give the path of the browser, None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)
