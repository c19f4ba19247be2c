"""The page of the ledger is narrowed without a script."""

import itertools
import json

import pytest

from bn_lib.course.ledger import STORE
from tests.browser.reader import SMALL_PHONE

PAGE = "chapters/ledger.html?lang=english"


@pytest.fixture(scope="module")
def page(new_context, site):
    """The page for a reader whose browser runs no scripts."""
    page = new_context(java_script_enabled=False, viewport=SMALL_PHONE).new_page()
    page.goto(site + PAGE)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def stored():
    entries = json.loads(STORE.read_text("utf-8")).items()
    return {name: (name.partition(".")[0], entry["verdict"]) for name, entry in entries}


def seen(page):
    visible = "all => all.filter((one) => one.checkVisibility()).map((one) => one.id)"
    return set(page.eval_on_selector_all(".claim", visible))


def test_all_claims_are_seen_at_first(page, stored):
    assert seen(page) == set(stored)
    assert page.locator(".ledger details[open]").count() == 0


def test_each_choice_leaves_its_claims_and_says_so_where_there_are_none(page, stored):
    chapters, verdicts = map(sorted, map(set, zip(*stored.values(), strict=True)))
    for chapter, verdict in itertools.product(["all", *chapters], ["all", *verdicts]):
        page.check(f"#chapter-{chapter}")
        page.check(f"#verdict-{verdict.replace(' ', '-')}")
        left = {
            name
            for name, (of, given) in stored.items()
            if chapter in ("all", of) and verdict in ("all", given)
        }
        assert seen(page) == left, (chapter, verdict)
        assert page.locator(".ledger .none").is_visible() == (not left)


def test_a_choice_is_made_by_keyboard(page):
    page.check("#chapter-all")
    page.check("#verdict-all")
    page.focus("#chapter-all")
    page.keyboard.press("ArrowRight")
    assert {name.partition(".")[0] for name in seen(page)} == {"problem"}
