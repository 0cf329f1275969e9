"""The console in a browser: reachable by keyboard, readable, and drawn in Japanese."""

import hashlib
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

AXE = Path(__file__).parents[1] / "vendor" / "axe.min.js"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),  # the page does not know the database
]


async def log_in(page: Page) -> None:
    """Log in with the keyboard alone."""
    await page.goto("/console/")
    await page.get_by_label("ログイン名").fill("support-1")
    await page.keyboard.press("Tab")
    await page.keyboard.type("correct horse")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("通知")


async def complaints(page: Page) -> list[object]:
    """Ask axe about the page."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    result = await page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    )
    assert result["passes"]
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in result["violations"]]


async def test_the_way_to_a_letter(page: Page) -> None:
    """From the login to the document of a letter, and out again."""
    await log_in(page)
    await page.get_by_role("link", name="N-000001").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("承諾通知書")
    link = page.get_by_role("link", name="書面を開く(PDF)")
    await expect(link).to_have_attribute("href", "/console/letters/N-000001/document.pdf")

    await page.get_by_role("button", name="ログアウト").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("ログイン")


async def test_accessible(page: Page) -> None:
    """Axe finds nothing on any page."""
    assert hashlib.sha256(AXE.read_bytes()).hexdigest() == AXE_SHA256
    await page.goto("/console/login")
    assert await complaints(page) == []
    await log_in(page)
    assert await complaints(page) == []
    await page.goto("/console/letters/N-000001")
    assert await complaints(page) == []


async def test_japanese_font(page: Page) -> None:
    """Japanese is drawn with a Japanese font, not with boxes."""
    await page.goto("/console/login")
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("DOM.enable")
    await devtools.send("CSS.enable")
    root = (await devtools.send("DOM.getDocument"))["root"]
    heading = (await devtools.send("DOM.querySelector", {"nodeId": root["nodeId"], "selector": "h1"}))["nodeId"]
    fonts = (await devtools.send("CSS.getPlatformFontsForNode", {"nodeId": heading}))["fonts"]

    assert {font["familyName"] for font in fonts} == {"Noto Sans CJK JP"}
