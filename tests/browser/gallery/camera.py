"""Takes a page as it stands: both themes, as wide as wanted, with nothing random left on it."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, StorageState

from tests.browser.gallery.demo_product import StillClock

Theme = Literal["light", "dark"]

THEMES: tuple[Theme, ...] = ("light", "dark")
DESKTOP_PX = 1440
PHONE_PX = 390
HEIGHTS_PX = {390: 844, 768: 1024}
HEIGHT_PX = 900
PIXELS_PER_POINT = 2
"""Of the README's pictures: sharp on screens of twice the density."""

WEBP_QUALITY = 68
PICTURE_BYTES_MAX = 150_000

SETTLE = (Path(__file__).parent / "settle.js").read_text()


@dataclass
class Camera:
    """Takes pictures into a folder.

    Attributes:
        folder: where every page goes, ignored by git.
        chosen_folder: where the few go that the README shows.
        widths_px: how wide each page is taken.
    """

    browser: Browser
    clock: StillClock
    base_url: str
    folder: Path
    chosen_folder: Path
    widths_px: tuple[int, ...] = (DESKTOP_PX, PHONE_PX)
    taken: list[Path] = field(default_factory=list)

    def open(self, state: StorageState | None = None, *, pixels: int = 1) -> Page:
        """Open a browser profile, signed in as *state* says."""
        context = self.browser.new_context(
            base_url=self.base_url,
            storage_state=state,
            viewport={"width": DESKTOP_PX, "height": HEIGHT_PX},
            device_scale_factor=pixels,
            reduced_motion="reduce",
        )
        return context.new_page()

    def visit(self, page: Page, path: str, name: str) -> None:
        """Go to a page and take it."""
        self.clock.set()
        page.goto(path)
        self.take(page, name)

    def take(self, page: Page, name: str) -> None:
        """Take the page as it stands, from its top to its end."""
        page.evaluate(SETTLE)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            for width in self.widths_px:
                page.set_viewport_size({"width": width, "height": HEIGHTS_PX.get(width, HEIGHT_PX)})
                path = self.folder / f"{name}-{theme}-{width}.png"
                page.screenshot(path=path, full_page=True, animations="disabled")
                self.taken.append(path)
        page.set_viewport_size({"width": DESKTOP_PX, "height": HEIGHT_PX})

    def choose(
        self,
        state: StorageState | None,
        path: str,
        name: str,
        theme: Theme = "light",
        prepare: Callable[[Page], None] = lambda _: None,
    ) -> None:
        """Take a page for the README: the first screen of a desktop, sharp."""
        page = self.open(state, pixels=PIXELS_PER_POINT)
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        self.clock.set()
        page.goto(path)
        prepare(page)
        page.evaluate(SETTLE)
        shot = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
        page.context.close()
        self._keep(shot, self.chosen_folder / f"{name}.webp")

    def _keep(self, shot: Image.Image, path: Path) -> None:
        """Write the picture; the same page gives the same bytes, so git sees real changes only."""
        shot.save(path, "WEBP", quality=WEBP_QUALITY, method=6)
        self.taken.append(path)
        size = path.stat().st_size
        assert size <= PICTURE_BYTES_MAX, f"{path} has {size} bytes; the README grows heavy"
