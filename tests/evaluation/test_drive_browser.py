"""The report in a real browser: headless Chromium, driven by playwright."""

import shutil
from pathlib import Path

import pytest

from pose_ssl_ros.evaluation.drive_report import page

from .drive_factory import material

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium found (apt-get install chromium)")
    with sync_api.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=found)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page.build(material(3, 2, 60)), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser, report):
    """Opens the report; fails if the page complained of anything."""
    contexts, complaints = [], []

    def open_page(path: Path = report, width: int = 1180, height: int = 900, **more):
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("requestfailed", lambda request: complaints.append(f"failed: {request.url[:80]}"))
        tab.on(
            "request",
            lambda request: None if request.url.startswith(("file:", "data:")) else complaints.append(request.url[:80]),
        )
        tab.goto(path.as_uri())
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def test_all_images_load(opened):
    tab = opened()
    sizes = tab.eval_on_selector_all("img", "all => all.map(i => [i.complete, i.naturalWidth])")
    assert len(sizes) > 50
    assert all(complete and width > 0 for complete, width in sizes)
    assert tab.locator("svg.chart").count() >= 8


def column(tab, table, place):
    rows = tab.locator(f"{table} tbody tr")
    return [rows.nth(i).locator("th, td").nth(place).locator("span").inner_text() for i in range(rows.count())]


def test_tables_sort_by_click_and_by_keyboard(opened):
    tab = opened()
    table = "#models table"
    head = tab.locator(f"{table} thead th").nth(1)
    assert column(tab, table, 0) == ["site", "base", "old"]
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    falling = [float(v.split("\u00a0")[0]) for v in column(tab, table, 1)]
    assert falling == sorted(falling, reverse=True) and len(set(falling)) == 3
    head.locator("button").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert [float(v.split("\u00a0")[0]) for v in column(tab, table, 1)] == falling[::-1]
    tab.locator(f"{table} thead th button").first.click()
    assert column(tab, table, 0) == ["base", "old", "site"]


def test_figures_that_were_not_measured_sort_to_the_end(opened):
    tab = opened()
    for _ in range(2):
        tab.locator("#figures > .scroll thead th button").nth(1).click()
        shown = column(tab, "#figures > .scroll table", 1)
        assert "–" in shown
        assert set(shown[shown.index("–") :]) == {"–"}


def test_a_moment_plays_and_its_number_leads_to_it(opened):
    tab = opened()
    moment = tab.locator("article.moment").first
    large = moment.locator(".large")
    before = large.get_attribute("src")
    moment.locator(".strip button").first.click()
    first = large.get_attribute("src")
    assert first != before
    moment.locator(".play").click()
    tab.wait_for_function("old => document.querySelector('article.moment .large').src !== old", arg=first, timeout=5000)
    moment.locator(".play").click()
    tab.locator("a[href='#moment-2']").first.click()
    assert tab.url.endswith("#moment-2")


@pytest.mark.parametrize("width", [390, 700, 1180])
def test_no_width_scrolls_sideways(opened, width):
    tab = opened(width=width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    smallest = tab.eval_on_selector_all(
        "svg.chart text",
        "all => Math.min(...all.filter(t => t.getBoundingClientRect().height).map(t => "
        "parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a))",
    )
    assert smallest >= 9  # pixels: words in pictures can be read


def test_dark_page_is_dark_and_words_stand_out(opened):
    def brightness(tab, selector, what):
        colour = tab.eval_on_selector(selector, f"e => getComputedStyle(e).{what}")
        return sum(int(v) for v in colour.strip("rgba()").split(",")[:3]) / 3

    light, dark = opened(color_scheme="light"), opened(color_scheme="dark")
    assert brightness(light, "body", "backgroundColor") > 240 > 80 > brightness(light, "body", "color")
    assert brightness(dark, "body", "backgroundColor") < 40 < 200 < brightness(dark, "body", "color")


def test_it_prints_whole(opened):
    tab = opened(color_scheme="dark")
    pdf = tab.pdf(format="A4", print_background=True)
    assert pdf.startswith(b"%PDF")
    assert 5 <= pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") + pdf.count(b"/Type/Page/") <= 40


def test_page_without_truth_opens_too(opened, tmp_path):
    path = tmp_path / "blind.html"
    path.write_text(page.build(material(1, 1, 30, truth=False, assertions=(), skipped=())), encoding="utf-8")
    tab = opened(path, width=390)
    assert "There was no truth" in tab.locator(".verdict").inner_text()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
