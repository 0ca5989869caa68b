"""Journeys in the browser with their clicks counted, as the manuals count them: typing is no click, choosing is one."""

from playwright.async_api import Locator, Page, expect


class Clicks:
    """Does what a hand does on a page, and counts it."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    async def look(self) -> None:
        """What is looked at on a page before each click; a subclass says what."""

    async def _click(self, what: Locator) -> None:
        await self.look()
        await what.click()
        self.count += 1

    async def press(self, what: Locator) -> None:
        """Click a link or a button."""
        await self._click(what)

    async def tick(self, what: Locator) -> None:
        """Tick or untick a box, or choose one of several."""
        await self._click(what)

    async def choose(self, what: Locator, value: str) -> None:
        """Choose one of a list."""
        await self.look()
        await what.select_option(value)
        self.count += 1

    async def hand_in(self, field: Locator, file: dict[str, object]) -> None:
        """Choose a file: its field is clicked."""
        await self.look()
        await field.set_input_files(file)  # type: ignore[arg-type]
        self.count += 1

    async def write(self, what: Locator, text: str) -> None:
        """Type into a field."""
        await what.fill(text)

    async def search(self, text: str) -> None:
        """Type into the search of every page, and end with Enter, which belongs to the typing."""
        await self.page.keyboard.press("/")
        await self.write(self.page.locator("#search"), text)
        await self.page.keyboard.press("Enter")

    async def find_line(self, number: str) -> None:
        """From any page to the page of a line: its number is typed, and the line found is opened."""
        await self.search(number)
        found = self.page.locator("tbody tr th a, tbody tr td a").first
        await expect(self.page.locator("tbody tr")).to_have_count(1)
        await self.press(found)
        await expect(self.page.locator(".page-header h1")).to_contain_text(number[-2:])
