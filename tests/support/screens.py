"""Pictures of pages: taken wide and narrow, light and dark, and laid side by side on small sheets."""

import io
import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.async_api import Page

WIDE, NARROW = (1440, 900), (390, 844)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
TALLEST = {WIDE: 1500, NARROW: 1800}  # a longer page is cut here
SHARE = {WIDE: 0.5, NARROW: 0.6}  # of its own size, on a sheet
GAP, GROUND = 24, (139, 141, 135)
SHEET_BYTES, README_BYTES = 200_000, 120_000

Picture = Image.Image


class Screens:
    """Checks every page that it is shown; keeps pictures only where a folder for them is set."""

    def __init__(self) -> None:
        folder = os.environ.get("FLEETLINE_SCREENS")
        self.folder = Path(folder) if folder else None
        self.rows: dict[str, list[list[Picture]]] = defaultdict(list)

    async def take(self, page: Page, sheet: str, name: str, *, whole: bool = True) -> None:
        """One page in its four looks. `whole` is the page from top to bottom, else what the window shows."""
        row = []
        for width, height in (WIDE, NARROW):
            await page.set_viewport_size({"width": width, "height": height})
            over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert over <= 0, f"{name} is {over} px too wide at {width}"
            for scheme in SCHEMES if self.folder else ():
                await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                row.append(await self._picture(page, (width, height), whole=whole))
        await page.emulate_media(color_scheme="light", reduced_motion="reduce")
        await page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        if self.folder:
            self.rows[sheet].append(row)
            if raw := os.environ.get("FLEETLINE_SCREENS_RAW"):
                for picture, look in zip(row, ("wide", "wide-dark", "narrow", "narrow-dark"), strict=True):
                    picture.save(Path(raw) / f"{sheet}-{name}-{look}.png")

    async def _picture(self, page: Page, size: tuple[int, int], *, whole: bool) -> Picture:
        picture = Image.open(io.BytesIO(await page.screenshot(full_page=whole))).convert("RGB")
        return picture.crop((0, 0, picture.width, min(picture.height, TALLEST[size])))

    def write(self) -> None:
        """The sheets, one a feature: a row is a page, wide light, wide dark, narrow light, narrow dark."""
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
            for sheet, rows in self.rows.items():
                _save(_sheet(rows), self.folder / f"{sheet}.webp", SHEET_BYTES)

    async def cover(self, page: Page) -> None:
        """The picture at the top of the README."""
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
            picture = await self._picture(page, WIDE, whole=False)
            _save(picture, self.folder / "readme.webp", README_BYTES)


def _sheet(rows: list[list[Picture]]) -> Picture:
    def small(picture: Picture) -> Picture:
        share = SHARE[WIDE if picture.width == WIDE[0] else NARROW]
        size = (round(picture.width * share), round(picture.height * share))
        return picture.resize(size, Image.Resampling.LANCZOS)

    pictures = [[small(picture) for picture in row] for row in rows]
    width = max(sum(picture.width + GAP for picture in row) for row in pictures) + GAP
    height = sum(max(picture.height for picture in row) + GAP for row in pictures) + GAP
    sheet, y = Image.new("RGB", (width, height), GROUND), GAP
    for row in pictures:
        x = GAP
        for picture in row:
            sheet.paste(picture, (x, y))
            x += picture.width + GAP
        y += max(picture.height for picture in row) + GAP
    return sheet


def _save(picture: Picture, path: Path, most: int) -> None:
    """As good as fits."""
    encode: Callable[[Picture, int], bytes] = _webp
    for share in (1.0, 0.85, 0.7, 0.6, 0.5):
        size = (round(picture.width * share), round(picture.height * share))
        scaled = picture if share == 1.0 else picture.resize(size, Image.Resampling.LANCZOS)
        for quality in (82, 70, 60):
            if len(body := encode(scaled, quality)) <= most:
                path.write_bytes(body)
                return
    raise AssertionError(f"{path.name} does not fit in {most} bytes")


def _webp(picture: Picture, quality: int) -> bytes:
    body = io.BytesIO()
    picture.save(body, "WEBP", quality=quality, method=4)
    return body.getvalue()
