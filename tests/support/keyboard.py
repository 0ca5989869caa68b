"""The same as a hand on the mouse, by keyboard alone: Tab, arrows, Enter, Space and typing."""

from playwright.async_api import Locator

from tests.support.clicks import Clicks

# More than any page has controls
MOST_TABS = 250
HAS_FOCUS = "one => one === document.activeElement"
GROUP_HAS_FOCUS = (
    "one => document.activeElement?.type === 'radio' && document.activeElement.name === one.name"
)


class Keys(Clicks):
    """Reaches every control with Tab from where the focus is, as somebody without a mouse does."""

    async def reach(self, what: Locator, holds: str = HAS_FOCUS, key: str = "Tab") -> None:
        """Press a key until the control, or its group, has the focus."""
        await what.wait_for()
        for _ in range(MOST_TABS):
            if await what.evaluate(holds):
                return
            await self.page.keyboard.press(key)
        raise AssertionError(f"{what} is not reached with {key}")

    async def press(self, what: Locator) -> None:
        await self.look()
        await self.reach(what)
        await self.page.keyboard.press("Enter")

    async def tick(self, what: Locator) -> None:
        """Of several choices, the arrows lead to the one that is meant."""
        await self.look()
        if await what.get_attribute("type") == "radio":
            await self.reach(what, GROUP_HAS_FOCUS)
            await self.reach(what, key="ArrowDown")
            if await what.is_checked():
                return
        await self.reach(what)
        await self.page.keyboard.press("Space")

    async def choose(self, what: Locator, value: str) -> None:
        await self.look()
        await self.reach(what)
        await self.reach(what, f"one => one.value === {value!r}", "ArrowDown")

    async def write(self, what: Locator, text: str) -> None:
        await self.reach(what)
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.type(text)

    async def search(self, text: str) -> None:
        await self.write(self.page.locator("#search"), text)
        await self.page.keyboard.press("Enter")
