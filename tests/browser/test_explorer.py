"""The explorer in a browser: at every place it shows the values of the sweep."""

import itertools

import numpy as np
import pytest

from tests.browser.reader import SMALL_PHONE, axe
from tests.course.test_explorer import made

PAGE = (
    '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
    "<title>Explorer</title><body><main><h1>Explorer</h1>{}</main>"
)
STATE = "() => document.querySelector('.bn-explorer').explorer.state()"


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport=SMALL_PHONE)
    trouble = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.set_content(PAGE.format(made()._repr_html_()))
    yield page
    assert trouble == []
    page.close()


def shown_rows(page):
    return {row[0]: row[1:] for row in page.evaluate(STATE)["table"]}


def told(values):
    return [f"{int(100 * v + 0.5)} %" for v in (np.mean(values), min(values), max(values))]


def test_the_measured_values_wait_for_the_guess(page):
    assert not page.locator("table").last.is_visible()
    page.locator('[data-part="guess"]').fill("80")
    page.get_by_role("button", name="Show").click()
    assert page.locator("table").last.is_visible()
    assert "guess 80 % → 15 %" in page.locator('[data-out="outcome"]').inner_text()
    assert page.evaluate(STATE)["at"] == [1, 1]


def test_every_place_shows_the_values_of_the_sweep(page):
    swept = made().sweep
    page.get_by_role("button", name="Show").click()
    sliders = page.locator('[data-part="axes"] input')
    for place in itertools.product(range(3), range(2)):
        for a, setting in enumerate(place):
            sliders.nth(a).fill(str(setting))
        for row, values in swept.items():
            found = page.evaluate(STATE)["values"][row]
            np.testing.assert_allclose(found, values[place], atol=5e-4)
            assert shown_rows(page)[row] == told(np.round(values[place], 3))


def test_keys_move_it_and_are_heard(page):
    page.get_by_role("button", name="Show").press("Enter")
    slider = page.get_by_role("slider", name="lr", exact=True)
    slider.press("ArrowRight")
    assert page.evaluate(STATE)["at"] == [2, 1]
    assert slider.get_attribute("aria-valuetext") == "1: plain 31 %, BN 61 %"


def test_what_was_visited_stays_and_the_rest_can_be_uncovered(page):
    page.get_by_role("button", name="Show").click()
    marks = page.locator(".bn-picture .bn-mark:not(.bn-seed)")
    legend = 2
    assert marks.count() == legend + 2
    page.get_by_role("slider", name="lr", exact=True).press("ArrowLeft")
    assert marks.count() == legend + 4
    page.get_by_role("button", name="Show all").click()
    assert marks.count() == legend + 6
    page.get_by_role("button", name="Reset").click()
    assert not page.locator("table").last.is_visible()


def test_everyone_can_use_it(page):
    page.get_by_role("button", name="Show").click()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SMALL_PHONE["width"]
