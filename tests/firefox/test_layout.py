"""Menus in Firefox: beside what opens them, and in the window where Firefox is too old for that."""

from pathlib import Path

import pytest

from backend.lines.schemas import LineFilter
from backend.lines.service import list_lines
from tests.firefox.bidi import Firefox, Page, running_firefox
from tests.firefox.test_journeys import visiting
from tests.support.factories import Customer
from tests.support.firefox import MISSING, find
from tests.support.portal import Portal

# Which item of the open menu cannot be brought into the window, or is covered there
OUTSIDE = """(() => {
  const menu = document.querySelector(":popover-open"), box = menu.getBoundingClientRect();
  if (menu.scrollTop) return `it begins at ${menu.scrollTop}`;
  if (box.top < -1 || box.left < -1 || box.bottom > innerHeight + 1 || box.right > innerWidth + 1) return JSON.stringify(box);
  for (const item of menu.querySelectorAll("a, button")) if (item.checkVisibility()) {
    item.scrollIntoView({block: "nearest"});
    const place = item.getBoundingClientRect();
    if (!item.contains(document.elementFromPoint(place.x + place.width / 2, place.y + place.height / 2))) return item.innerText;
  }
  return "";
})()"""
# How far the open menu is from its opener
APART = """(() => {
  const menu = document.querySelector(":popover-open").getBoundingClientRect(), opener = document.activeElement.getBoundingClientRect();
  return Math.max(menu.top - opener.bottom, opener.top - menu.bottom, menu.left - opener.right, opener.left - menu.right);
})()"""


async def opens(page: Page, opener: str, menu: str) -> None:
    """The menu opens from its beginning, and each item of it can be pressed."""
    await page.click(opener)
    await page.until(f"document.querySelector('#{menu}:popover-open')")
    await page.until("new Promise(done => requestAnimationFrame(() => setTimeout(() => done(true))))")
    outside = await page.value(OUTSIDE)
    assert outside == "", f"{menu}: {outside}"


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 800)])
async def test_menus_open_beside_their_openers(
    firefox: Firefox, portal: Portal, customer: Customer, width: int, height: int
) -> None:
    line = (await list_lines(customer.manager, LineFilter(search="Peeters00001"))).items[0]
    async with visiting(firefox, portal, customer, width, height) as page:
        await page.open("/app/fleet")
        for at in (1, 5, 9, 50):
            await opens(page, f"tbody tr:nth-child({at}) [popovertarget=row-menu]", "row-menu")
            assert await page.value(APART) <= 1
            await page.type("Escape")
            await page.until(f"document.activeElement.closest('tbody tr:nth-child({at})')")
        await page.click("tbody tr:nth-child(10) input")
        narrow = ("export-menu", "nav", "filters")
        for menu in ("bar-menu", "account-menu", *(narrow if width == 390 else ("language-menu",))):
            await opens(page, f"[popovertarget={menu}]", menu)
            await page.type("Escape")
            await page.until("!document.querySelector(':popover-open')")
        await page.open(f"/app/lines/{line.id}")
        await opens(page, "[popovertarget=line-menu]", "line-menu")
        assert await page.value(APART) <= 1


async def test_where_a_menu_cannot_be_placed_beside_its_opener_it_stands_in_the_window(
    portal: Portal, customer: Customer, tmp_path: Path
) -> None:
    path = find()
    assert path, MISSING
    (tmp_path / "user.js").write_text('user_pref("layout.css.anchor-positioning.enabled", false);')
    async with (
        running_firefox(path, tmp_path) as older,
        visiting(older, portal, customer, 390, 800) as page,
    ):
        await page.open("/app/fleet")
        assert not await page.value("CSS.supports('position-area: block-end')")
        for at in (1, 9, 50):
            await opens(page, f"tbody tr:nth-child({at}) [popovertarget=row-menu]", "row-menu")
            await page.type("Escape")
            await page.until("!document.querySelector(':popover-open')")
        await page.click("tbody tr:nth-child(10) input")
        await opens(page, "[popovertarget=bar-menu]", "bar-menu")
