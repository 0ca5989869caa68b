"""The styles that are sent say the same as those that are written."""

from playwright.async_api import Browser

from backend.web.files import TOKENS_CSS
from frontend.assets import OWN, STYLES, asset_url, assets

SELECTORS = """css => {
    const sheet = new CSSStyleSheet(), found = [];
    const walk = (rules, depth) => { for (const rule of rules) {
        if (rule.selectorText) found.push(`${depth} ${rule.selectorText}: ${rule.style.length}`);
        if (rule.cssRules) walk(rule.cssRules, depth + 1);
    } };
    sheet.replaceSync(css);
    walk(sheet.cssRules, 0);
    return found;
}"""


async def test_every_selector_means_the_same_without_its_spaces(browser: Browser) -> None:
    written = TOKENS_CSS.read_text() + (OWN / "components.css").read_text()
    sent = assets()[asset_url(STYLES)].plain.decode()
    page = await browser.new_page()
    wished = await page.evaluate(SELECTORS, written)
    assert len(wished) > 500
    assert await page.evaluate(SELECTORS, sent) == wished
    await page.close()
