"""Without a mouse: the skip link, menus, dialogs, the tier editor, and where the focus is."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import CONSOLE_PAGES, OPEN_PAGES
from tests.browser.ready import Ready

STOPS_MAX = 400
RINGLESS = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const style = getComputedStyle(one.matches("input.hide-visually") ? one.nextElementSibling : one);
  const box = one.getBoundingClientRect();
  const shown = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0)
    || style.boxShadow.includes("3px");
  return { html: one.outerHTML.slice(0, 90), ring: shown, seen: box.width > 0 && box.height > 0,
           id: [...document.querySelectorAll("*")].indexOf(one) };
}"""


def _walk(page: Page) -> list[str]:
    """Tab through the whole page; give what has no visible focus."""
    page.emulate_media(reduced_motion="reduce")  # A ring that is still growing has no size yet.
    flaws: list[str] = []
    seen: set[int] = set()
    for _ in range(STOPS_MAX):
        page.keyboard.press("Tab")
        stop = page.evaluate(RINGLESS)
        if stop is None or stop["id"] in seen:
            return flaws
        seen.add(stop["id"])
        if not stop["ring"] or not stop["seen"]:
            flaws.append(stop["html"])
    return [*flaws, f"more than {STOPS_MAX} stops"]


@pytest.mark.parametrize("path", [path for path in CONSOLE_PAGES if "?" not in path])
def test_every_stop_of_the_console_shows_the_focus(console: Page, path: str) -> None:
    """Tab reaches everything, and one always sees where one is."""
    console.goto(path)

    assert [] == _walk(console)


def test_every_stop_of_open_pages_shows_the_focus(page: Page, ready: Ready) -> None:
    """The same for strangers, on our pages and a platform's."""
    flaws = {}
    for path in OPEN_PAGES:
        page.goto(path.replace("{pk}", ready.keys.publishable))
        if found := _walk(page):
            flaws[path] = found

    assert {} == flaws


def test_the_first_stop_skips_the_navigation(console: Page) -> None:
    """Enter on it, and the next stop is in the page itself."""
    console.goto("/dashboard/users")
    console.keyboard.press("Tab")
    expect(console.get_by_role("link", name="Skip to the content")).to_be_focused()
    console.keyboard.press("Enter")
    console.keyboard.press("Tab")

    assert console.evaluate("document.activeElement.closest('main') !== null")


def test_the_menu_of_a_row_is_walked_with_arrows(console: Page) -> None:
    """Enter opens it on its first entry, arrows go round, Escape gives the focus back."""
    console.goto("/dashboard/users?q=user_011")
    opener = console.get_by_role("button", name="Actions for user_011")
    opener.focus()
    console.keyboard.press("Enter")
    expect(console.get_by_role("link", name="Open", exact=True)).to_be_focused()
    console.keyboard.press("ArrowDown")
    expect(console.get_by_role("link", name="Change plan")).to_be_focused()
    console.keyboard.press("End")
    expect(console.get_by_role("link", name="Block or erase")).to_be_focused()
    console.keyboard.press("ArrowDown")
    expect(console.get_by_role("link", name="Open", exact=True)).to_be_focused()
    console.keyboard.press("Escape")

    expect(console.get_by_role("link", name="Open", exact=True)).to_be_hidden()
    expect(opener).to_be_focused()


def test_tabbing_on_closes_the_menu_of_a_row(console: Page) -> None:
    """It never stays open over something else."""
    console.goto("/dashboard/users?q=user_01")
    console.get_by_role("button", name="Actions for user_011").focus()
    console.keyboard.press("Enter")
    expect(console.get_by_role("link", name="Open", exact=True)).to_be_focused()
    console.keyboard.press("End")
    console.keyboard.press("Tab")

    expect(console.get_by_role("link", name="Block or erase")).to_be_hidden()


def test_a_dialog_holds_the_focus_and_gives_it_back(console: Page) -> None:
    """It begins in the first field, Tab stays inside, and Cancel leads back to its button."""
    console.goto("/dashboard/keys")
    opener = console.get_by_role("link", name="Create key")
    opener.focus()
    console.keyboard.press("Enter")
    dialog = console.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_be_focused()
    for _ in range(12):
        console.keyboard.press("Tab")
        inside = (
            "document.activeElement === document.body || document.activeElement.closest('dialog')"
        )
        assert console.evaluate(f"Boolean({inside})")
    dialog.get_by_role("link", name="Cancel").press("Enter")

    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_a_tier_moves_by_pressing_its_button_again_and_again(console: Page) -> None:
    """The focus moves along with the row, and a screen reader hears where it went."""
    console.goto("/api-tier-config")
    console.get_by_role("button", name="Add tier").click()
    expect(console.get_by_label("Name", exact=True).last).to_be_focused()
    console.keyboard.type("Third")
    console.get_by_role("button", name="Move tier 3 forward").focus()
    console.keyboard.press("Enter")
    expect(console.get_by_role("button", name="Move tier 2 forward")).to_be_focused()
    console.keyboard.press("Enter")

    expect(console.get_by_role("button", name="Move tier 1 back")).to_be_focused()
    expect(console.get_by_label("Name", exact=True).first).to_have_value("Third")
    expect(console.get_by_role("status").filter(has_text="Third, 1 of 3")).to_be_attached()
    console.on("dialog", lambda dialog: dialog.accept())


def test_a_chart_is_read_with_arrows(console: Page) -> None:
    """Each press tells the next day and its number; Escape puts the tooltip away."""
    console.goto("/dashboard")
    console.locator(".chart").last.focus()
    console.keyboard.press("ArrowRight")
    tip = console.locator(".chart-tip")
    expect(tip).to_be_visible()
    expect(tip).to_have_text(re.compile(r"\d"))
    console.keyboard.press("Escape")

    expect(tip).to_be_hidden()


def test_the_menu_of_a_phone_opens_and_closes_by_keyboard(console: Page) -> None:
    """Its links are reached in order."""
    console.set_viewport_size({"width": 390, "height": 844})
    console.goto("/dashboard")
    console.locator("details.menu > summary").focus()
    console.keyboard.press("Enter")
    expect(console.get_by_role("link", name="Users", exact=True)).to_be_visible()
    console.keyboard.press("Enter")

    expect(console.get_by_role("link", name="Users", exact=True)).to_be_hidden()
