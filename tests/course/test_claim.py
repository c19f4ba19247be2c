"""How a verdict follows from numbers, and how the ledger is written."""

import re
from pathlib import Path

import numpy as np
import pytest

from bn_lib.course.claim import VERDICTS, Claim, measure
from bn_lib.course.ledger import CHAPTERS, claims_of, ledger
from tests.book_rules import SPELLING


def claim(effects, margin=1.0, verdict="holds"):
    return Claim(
        id="made.up",
        hinglish="",
        english="",
        source="",
        effect="",
        measure=lambda seeds: {
            name: [value(seed) for seed in seeds] for name, value in effects.items()
        },
        margin=margin,
        verdict=verdict,
        condition_hinglish="",
        condition_english="",
    )


@pytest.mark.parametrize(
    ("effects", "verdict"),
    [
        ({"a": lambda seed: 2.0, "b": lambda seed: 1.0}, "holds"),
        ({"a": lambda seed: 0.0, "b": lambda seed: -3.0}, "does not hold"),
        ({"a": lambda seed: 2.0, "b": lambda seed: 0.0}, "depends"),
        ({"a": lambda seed: 2.0, "b": lambda seed: 0.9}, "unclear"),
        ({"a": lambda seed: 3.0 if seed else 0.0}, "unclear"),
    ],
)
def test_a_verdict_follows_from_every_seed(effects, verdict):
    assert measure(claim(effects)).verdict == verdict


def test_the_shift_reaches_the_experiment():
    shifted = measure(claim({"seed": float}), shift=100)
    np.testing.assert_array_equal(shifted.effects["seed"], [100, 101, 102])


def test_a_missing_number_is_no_verdict():
    with pytest.raises(ValueError, match="expected 3 finite effects"):
        measure(claim({"a": lambda seed: np.nan}))


def test_an_unknown_chapter_is_named():
    with pytest.raises(ValueError, match="got 'poetry'"):
        claims_of("poetry")


def numbers(text):
    return set(re.findall(r"\d+(?:\.\d+)?", text))


@pytest.mark.parametrize("entry", ledger(), ids=lambda entry: entry.id)
def test_an_entry_says_what_it_must(entry):
    assert entry.id.split(".")[0] in CHAPTERS
    assert entry.verdict in VERDICTS
    assert len(set(entry.seeds)) >= 3
    for text in (entry.hinglish, entry.english, entry.source, entry.effect):
        assert text.strip()
    assert bool(entry.condition_hinglish) == bool(entry.condition_english)
    if entry.verdict != "holds":
        assert entry.condition_english
    for hinglish, english in (
        (entry.hinglish, entry.english),
        (entry.condition_hinglish, entry.condition_english),
    ):
        assert numbers(hinglish) == numbers(english)
        misspelt = set(re.findall(r"\b[a-z]{2,}\b", hinglish)) & set(SPELLING)
        assert not misspelt


def test_no_claim_is_made_twice():
    ids = [entry.id for entry in ledger()]
    assert len(set(ids)) == len(ids) >= 30


def test_every_statement_of_the_notes_points_to_a_claim_or_a_chapter():
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text("utf-8")
    table = text.partition("## What the author's notes say")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| ")]
    ids = {entry.id for entry in ledger()}
    assert len(rows) > 20
    for statement, where in rows[1:]:
        named = re.findall(r"`([a-z0-9.-]+)`", where)
        assert named or re.search(r"chapter \d\d_[a-z]+", where), statement
        assert set(named) <= ids, statement
