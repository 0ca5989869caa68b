"""Journeys in the browser with their clicks counted, as the manuals count them: typing is no click, choosing is one."""

from playwright.async_api import Locator, Page, expect


class Clicks:
    """Does what a hand does on a page, and counts it."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    async def press(self, what: Locator) -> None:
        """Click a link or a button."""
        await what.click()
        self.count += 1

    async def tick(self, what: Locator) -> None:
        """Tick or untick a box, or choose one of several."""
        await what.click()
        self.count += 1

    async def choose(self, what: Locator, value: str) -> None:
        """Choose one of a list."""
        await what.select_option(value)
        self.count += 1

    async def find_line(self, number: str) -> None:
        """From any page to the page of a line: its number is typed, and the line found is opened."""
        await self.page.keyboard.press("/")
        await self.page.locator("#search").fill(number)
        await self.page.keyboard.press("Enter")
        found = self.page.locator("tbody tr th a, tbody tr td a").first
        await expect(self.page.locator("tbody tr")).to_have_count(1)
        await self.press(found)
        await expect(self.page.locator(".page-header h1")).to_contain_text(number[-2:])
