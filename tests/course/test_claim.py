"""How answers and a verdict follow from numbers, and how the ledger is written."""

import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from bn_lib.course.claim import answer as answer_of
from bn_lib.course.claim import claim, measure, verdict
from bn_lib.course.ledger import CHAPTERS, STORE, claims_of, ledger, measured
from bn_lib.course.ledger import entry as as_stored
from tests.book_rules import misspelled, unsaid

ROOT = Path(__file__).parents[2]
NOTHING = {"hinglish": "", "english": "", "source": "", "effect": ""}


def answer(*effects, **bounds):
    """Answer one regime with these effects."""

    @claim(words=NOTHING, yes={"it": {}}, seeds=range(len(effects)), **bounds)
    def made_up(seeds):
        return effects

    return measure(made_up).answers["it"]


@pytest.mark.parametrize(
    ("effects", "expected"),
    [
        ((1.0, 2.0, 3.0), "yes"),
        ((0.9, 2.0, 3.0), "unclear"),
        ((0.5, 0.5, 0.5), "unclear"),  # half way
        ((0.4, 0.5, 0.5), "no"),
        ((-9.0, 2.0, 2.0), "no"),
    ],
)
def test_a_least_effect_is_reached_by_all_seeds_or_missed_by_half(effects, expected):
    assert answer(*effects, at_least=1.0) == expected
    mirrored = (-effect for effect in effects)
    assert answer(*mirrored, at_most=-1.0) == expected


@pytest.mark.parametrize(
    ("effects", "expected"),
    [
        ((7.0, 20.0), "yes"),
        ((7.0, 30.0), "unclear"),
        ((15.0, 26.0), "no"),
    ],
)
def test_a_bound_that_no_effect_keeps_is_not_halved(effects, expected):
    assert answer(*effects, at_most=20.0) == expected
    mirrored = (-effect for effect in effects)
    assert answer(*mirrored, at_least=-20.0) == expected


@pytest.mark.parametrize(
    ("effects", "expected"),
    [
        ((-1.0, 1.0), "yes"),
        ((0.0, 1.1), "unclear"),
        ((1.0, 1.1), "no"),
        ((-1.0, -1.1), "no"),
    ],
)
def test_within_is_both_bounds_at_once(effects, expected):
    assert answer(*effects, within=(-1.0, 1.0)) == expected
    assert answer(*effects, at_least=-1.0, at_most=1.0) == expected


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (("yes", "yes"), "holds"),
        (("no",), "does not hold"),
        (("yes", "no"), "depends"),
        (("yes", "unclear"), "holds"),
        (("no", "unclear"), "does not hold"),
        (("unclear",), "unclear"),
    ],
)
def test_a_verdict_sums_up_the_answers_that_are_clear(answers, expected):
    assert verdict(answers) == verdict(answers[::-1]) == expected


@pytest.mark.parametrize("kind", ["identity", "law"])
def test_what_holds_as_an_identity_or_a_law_is_called_so(kind):
    assert verdict(["yes", "yes"], kind) == kind
    assert verdict(["yes", "no"], kind) == "depends"


def by_size(large, small):
    """A claim that is right about two regimes, or wrong about both."""

    @claim(words=NOTHING, at_least=1.0, yes={large: {"size": 2}}, no={small: {"size": 0}})
    def made_up(seeds, size):
        return [size] * len(seeds)

    return made_up


def test_swapping_two_regimes_changes_the_answers_though_not_the_verdict():
    right = by_size("large", "small")
    assert measure(right).answers == right.answers
    swapped = by_size("small", "large")
    assert measure(right).verdict == measure(swapped).verdict == "depends"
    assert measure(swapped).answers != right.answers


def test_a_claim_is_named_after_its_folder_and_function():
    assert by_size("large", "small").id == "course.made-up"


def test_the_shift_reaches_the_experiment():
    @claim(words=NOTHING, at_least=0.0, yes={"it": {}}, seeds=(0, 1, 5))
    def made_up(seeds):
        return seeds

    np.testing.assert_array_equal(measure(made_up).effects["it"], [0, 1, 5])
    shifted = measure(made_up, shift=100).effects["it"]
    np.testing.assert_array_equal(shifted, [100, 101, 105])


@pytest.mark.parametrize("effects", [(1.0, np.nan), (np.inf, 1.0), (1.0,), 1.0])
def test_a_missing_number_is_no_answer(effects):
    @claim(words=NOTHING, at_least=0.0, yes={"it": {}}, seeds=(0, 1))
    def made_up(seeds):
        return effects

    with pytest.raises(ValueError, match=r"course\.made-up, it: expected 2 finite effects"):
        measure(made_up)


def refused(**what):
    def made_up(seeds):
        return seeds

    with pytest.raises(ValueError, match=r"^course\.made-up: expected") as error:
        claim(**{"words": NOTHING} | what)(made_up)
    return str(error.value)


def test_a_claim_without_a_bound_is_refused():
    assert "at_least, at_most or within" in refused(yes={"it": {}})


def test_a_regime_under_two_answers_is_refused():
    for other in ("no", "unclear"):
        message = refused(at_least=1.0, yes={"it": {}, "that": {}}, **{other: {"it": {}}})
        assert "each regime under one answer" in message


@pytest.mark.parametrize(
    ("kind", "formula"), [("theorem", "1 = 1"), ("law", None), ("experiment", "1 = 1")]
)
def test_a_kind_that_does_not_fit_its_formula_is_refused(kind, formula):
    words = NOTHING | ({"formula": formula} if formula else {})
    message = refused(at_least=1.0, yes={"it": {}}, kind=kind, words=words)
    assert f"got {kind!r} and {formula!r}" in message


@pytest.mark.parametrize(
    "words", [{"hinglish": "", "english": ""}, NOTHING | {"colour": ""}]
)
def test_missing_or_unknown_words_are_refused(words):
    message = refused(at_least=1.0, yes={"it": {}}, words=words)
    assert message.endswith(f"got {', '.join(words)}")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_word_in_the_tables_belongs_to_a_claim(chapter):
    table = ROOT / "bn_lib" / "chapters" / chapter / "claims.toml"
    told = [f"{chapter}.{name}" for name in tomllib.loads(table.read_text("utf-8"))]
    assert told == [entry.id for entry in claims_of(chapter)]


def test_an_unknown_chapter_is_named():
    with pytest.raises(ValueError, match="got 'poetry'"):
        claims_of("poetry")


def numbers(*texts):
    return {number for text in texts for number in re.findall(r"\d+(?:\.\d+)?", text)}


each_claim = pytest.mark.parametrize("entry", ledger(), ids=lambda entry: entry.id)


@each_claim
def test_an_entry_says_what_it_must(entry):
    assert entry.id.split(".")[0] in CHAPTERS
    for text in (entry.hinglish, entry.english, entry.source, entry.effect):
        assert text.strip()
    assert len(set(entry.seeds)) >= 3
    assert entry.regimes
    least, greatest = entry.bounds
    assert least < greatest


@each_claim
def test_only_an_experiment_may_depend(entry):
    assert entry.kind == "experiment" or set(entry.answers.values()) == {"yes"}


@each_claim
def test_both_languages_hold_the_same_numbers(entry):
    assert numbers(entry.hinglish) == numbers(entry.english)
    assert numbers(entry.note_hinglish) == numbers(entry.note_english)
    assert bool(entry.note_hinglish) == bool(entry.note_english)


@each_claim
def test_a_note_holds_no_number_of_its_own(entry):
    """The report measures or prints the numbers of the others."""
    held = numbers(*entry.regimes, entry.effect, entry.english)
    assert numbers(entry.note_english) <= held


@each_claim
def test_hinglish_is_spelled_and_said_as_in_the_chapters(entry):
    # Lower case alone: He is the author of an initialization.
    words = re.findall(r"\b[a-z]{2,}\b", f"{entry.hinglish} {entry.note_hinglish}")
    assert list(misspelled(words)) == []
    assert list(unsaid(f"{entry.hinglish} {entry.note_hinglish}")) == []


def test_no_claim_is_made_twice():
    ids = [entry.id for entry in ledger()]
    assert len(set(ids)) == len(ids) >= 30


def test_every_statement_of_the_notes_points_to_a_claim_or_a_chapter():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    table = text.partition("## What the author's notes say")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| ")]
    ids = {entry.id for entry in ledger()}
    index = (ROOT / "chapters" / "index.md").read_text("utf-8")
    chapters = set(re.findall(r"^\d\d_([a-z]+) \|", index, re.M))
    assert len(rows) > 20
    for statement, where in rows[1:]:
        claims = set(re.findall(r"`([a-z0-9.-]+)`", where))
        pages = set(re.findall(r"chapter \*?(?:\d\d_)?([a-z]+)", where))
        assert claims or pages, statement
        assert claims <= ids, statement
        assert pages <= chapters, statement
        for page in pages - {"frameworks", "revision"}:  # still to come
            (path,) = (ROOT / "chapters" / "text").glob(f"??_{page}.md")
            section = re.search(r'"(.+?)"', where)[1]
            assert f" · {section}\n" in path.read_text("utf-8"), statement


def test_the_claims_and_regimes_that_there_are_are_stored():
    stored = {name: set(regimes) for name, regimes in measured().items()}
    assert stored == {claim.id: set(claim.regimes) for claim in ledger()}


@each_claim
def test_the_stored_answers_are_the_written_ones(entry):
    stored = measured()[entry.id]
    answers = {name: answer_of(*stored[name], entry.bounds) for name in stored}
    assert answers == entry.answers, stored
    assert json.loads(STORE.read_text("utf-8"))[entry.id] == as_stored(entry, stored)
