"""The page of the ledger: all claims, their numbers, and the sections that tell them."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from bn_lib.course.ledger import ledger, measured
from tools import book as project

HTML = Path(__file__).parents[1] / "_build" / "html"
PAGE = HTML / "chapters" / "ledger.html"
BOX = re.compile(r"ledger\.html#(.+)")


def read(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


@pytest.fixture(scope="module")
def entries():
    """The claims on the page, by id."""
    if not PAGE.exists():
        pytest.fail("the book is not built: run make book first")
    return {entry["id"]: entry for entry in read(PAGE).select(".claim")}


@pytest.fixture(scope="module")
def boxes():
    """Claim to the sections of chapters whose boxes link to its entry."""
    found = {}
    for page in project.chapters():
        for link in read(HTML / f"{page}.html").select(".bn-ruling a[href]"):
            name = BOX.fullmatch(link["href"])[1]
            section = link.find_parent("section")["id"]
            found.setdefault(name, []).append(f"{Path(page).name}.html#{section}")
    return found


def test_every_claim_has_its_entry_in_both_languages(entries):
    assert set(entries) == {claim.id for claim in ledger()}
    for claim in ledger():
        statement = entries[claim.id].select_one(".statement")
        assert statement.select_one(".lang-hinglish").get_text() == claim.hinglish
        assert statement.select_one(".lang-english").get_text() == claim.english
        assert claim.verdict.replace(" ", "-") in entries[claim.id]["class"]


def test_the_numbers_are_the_measured_ones(entries):
    for name, regimes in measured().items():
        rows = {
            row.th.get_text(): row.select("td")[-1].get_text().replace("−", "-")
            for row in entries[name].select("tr")
        }
        assert rows == {
            regime: f"{mean:.3g} ({least:.3g} to {greatest:.3g})"
            for regime, (least, mean, greatest) in regimes.items()
        }


def test_each_entry_links_to_a_section_that_links_back(entries, boxes):
    stand = {Path(page).name.partition("_")[2] for page in project.chapters()}
    for name, entry in entries.items():
        link = entry.select_one(".verdict a")
        if name.partition(".")[0] in stand:
            assert name in boxes, f"{name}: told in no chapter"
        assert (link is not None) == (name in boxes)
        assert link is None or link["href"] in boxes[name]


def test_the_page_is_light(entries):
    assert PAGE.stat().st_size < 350_000
