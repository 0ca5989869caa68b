"""Every page on a telephone: nothing stands beside the screen, and search boxes keep their width."""

import pytest
from playwright.async_api import Browser

from tests.support.factories import Customer
from tests.support.pages import addresses, settled
from tests.support.portal import Portal

# Tabs scroll sideways by design
OUTSIDE = """() => [...document.querySelectorAll("main :is(a, button, input, select, summary)")].filter((control) => {
    const box = control.getBoundingClientRect();
    return box.width && !control.closest(".tabs, .facets, .visually-hidden") && (box.right > innerWidth + 1 || box.left < -1);
}).map((control) => control.outerHTML.slice(0, 160))"""
SEARCHES = """() => [...document.querySelectorAll("input[type=search]")].map((box) => box.offsetWidth).filter(Boolean)"""


@pytest.mark.parametrize("width", [390, 320])
async def test_every_control_is_on_the_screen(
    browser: Browser, portal: Portal, customer: Customer, width: int
) -> None:
    look = {"viewport": {"width": width, "height": 568}, "locale": "fr-BE"}
    async with portal.browse(browser, customer.manager, **look) as visitor:
        visitor.expected = ("status of 404",)
        pages = await addresses(customer)
        pages |= {"fleet with chips": "/app/fleet?status=active&status=suspended&search=Peeters"}
        for name, path in pages.items():
            await settled(visitor.page, path)
            outside = await visitor.page.evaluate(OUTSIDE)
            assert not outside, (name, outside)
            assert await visitor.page.evaluate("document.documentElement.scrollWidth") <= width, name
            assert all(found >= 160 for found in await visitor.page.evaluate(SEARCHES)), name
