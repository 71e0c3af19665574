"""The page in a real browser, by the keyboard alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from pose_ssl_ros.labelling.server import LabelServer
from pose_ssl_ros.learning.names import read_names

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium found (apt-get install chromium)")
    with sync_api.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def tab(browser: Any, server: LabelServer) -> Iterator[Any]:
    """The page, open; the test fails if it complained of anything."""
    context = browser.new_context(viewport={"width": 1000, "height": 800})
    made, complaints = context.new_page(), []
    made.on("console", lambda message: complaints.append(message.text))
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.goto(server.url)
    made.wait_for_selector("article img")
    yield made
    context.close()
    assert [text for text in complaints if "409" not in text] == []


def said(tab: Any, words: str) -> None:
    tab.wait_for_function("words => document.getElementById('said').textContent.includes(words)", arg=words)


def here(tab: Any) -> str:
    return str(tab.evaluate("document.activeElement.closest('article')?.dataset.number || ''"))


def test_all_of_it_by_the_keyboard(tab: Any, server: LabelServer) -> None:
    press, names = tab.keyboard.press, lambda: read_names(server.desk.path)[0]
    assert here(tab) == "1"
    press("Enter")
    tab.keyboard.type("<img src=x onerror=alert(1)> Kran 🏗")
    press("Enter")
    said(tab, "is called")
    tab.wait_for_function("() => document.activeElement.closest('article')?.dataset.number === '2'")
    assert dict(names().names) == {"1": "<img src=x onerror=alert(1)> Kran 🏗"}
    press("Enter")
    tab.keyboard.type("not kept")
    press("Escape")
    assert here(tab) == "2" and tab.evaluate("document.activeElement.tagName") == "ARTICLE"
    press("i")
    said(tab, "is ignored")
    assert names().ignored == {"2"}
    press("u")
    said(tab, "taken back")
    assert not names().ignored
    press("m")
    tab.wait_for_selector("#merge[open]")
    tab.select_option("#into", "1")
    press("Tab")
    press("Enter")
    said(tab, "is object_1 now")
    assert dict(names().merged) == {"2": "1"} and here(tab) == "1"
    press("s")
    tab.wait_for_selector("article .crops input")
    press("Space")
    press("Enter")
    said(tab, "split off")
    assert set(names().pins.values()) == {"1.1"}
    press("ArrowDown")
    assert here(tab) == "1.1"
    press("?")
    assert tab.locator("#keys").is_visible()
    press("Escape")


def test_pictures_load_and_it_fits_a_phone(tab: Any) -> None:
    tab.wait_for_function("() => [...document.images].every(image => image.complete && image.naturalWidth > 0)")
    tab.set_viewport_size({"width": 390, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_somebody_else_is_seen_and_never_overwritten(tab: Any, server: LabelServer) -> None:
    tab.keyboard.press("Enter")
    tab.keyboard.type("wagon")
    server.desk.do({"op": "name", "number": "1", "name": "cart"})
    tab.wait_for_timeout(2500)  # the page looks again meanwhile, and leaves what is being written alone
    assert tab.evaluate("document.activeElement.value") == "wagon"
    tab.keyboard.press("Enter")
    said(tab, "'cart' now")
    tab.wait_for_function("() => document.querySelector('article input').value === 'cart'")
    assert dict(read_names(server.desk.path)[0].names) == {"1": "cart"}
