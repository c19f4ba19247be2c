"""The explorer as Python makes it; tests/browser/test_explorer.py moves it."""

import re
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest

from bn_lib.course.experiment import experiment, sweep
from bn_lib.course.explorer import explore
from bn_lib.course.widget import _part


@experiment(rows={"plain": 0.5, "BN": 1.0})
def share(scale, seed, *, lr=0.1, std=None, curve=False):
    value = scale * lr / (1 + seed) * (1 if std is None else 1 - std)
    return [0.0, value] if curve else value


def made(**guess):
    axes = {"lr": (0.1, 0.5, 1.0), "std": (0.5, None)}
    swept = sweep(share, axes, rows=("plain", "BN"), curve=True)
    asked = {"row": "plain", "lr": 0.5, "std": None} | guess
    return explore(swept, label="test accuracy", guess=asked)


@pytest.fixture(scope="module")
def html():
    return made()._repr_html_()


def test_a_sweep_holds_the_last_value_of_every_setting_and_seed():
    swept = made().sweep
    assert swept["BN"].shape == (3, 2, 3)
    np.testing.assert_allclose(swept["BN"][1, 0], 0.5 / np.array([1, 2, 3]) * 0.5)
    np.testing.assert_allclose(swept["plain"][2, 1], 0.5 / np.array([1, 2, 3]))
    assert swept.axes == {"lr": (0.1, 0.5, 1.0), "std": (0.5, None)}
    assert (swept.options, swept.seeds) == ({"curve": True}, (0, 1, 2))


def test_printed_it_is_a_table():
    first, names, *rows = repr(made()).splitlines()
    assert first == "test accuracy: mean (least to most), 3 seeds"
    assert names.split() == ["lr", "std", "plain", "BN"]
    assert len(rows) == 6
    assert rows[-1].split(maxsplit=2)[:2] == ["1", "He"]
    assert rows[-1].endswith("61 % (33 to 100)")


def test_the_script_has_at_most_12_kilobytes_and_the_data_15(html):
    assert len(_part("bn_lib.course.explorer", "explorer.js").encode()) <= 12 * 1024
    assert len(re.search(r"data-start='(.*?)'", html)[1].encode()) <= 15 * 1024


def test_nothing_is_loaded_from_elsewhere(html):
    assert set(re.findall(r"https?://[^\"'\s]*", html)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"@import|url\(|<link|\ssrc=(?!.data:)|fetch\(|import\(", html)


def test_without_scripts_a_picture_and_every_value_are_seen(html):
    still = re.search(r'<div class="bn-still">(.+?)</div><script', html, re.S)[1]
    drawing = unquote(re.search('src="data:image/svg[+]xml,([^"]+)"', still)[1])
    texts = ["".join(t.itertext()) for t in ElementTree.fromstring(drawing).iter()]
    assert {"0.1", "0.5", "1", "lr, std He"} <= set(texts)
    assert still.count("<tr>") == 1 + 6
    assert "61 % (33–100)" in still


def test_both_languages_are_told(html):
    assert html.count('"lang-hinglish"') == html.count('"lang-english"') > 0


@pytest.mark.parametrize(
    ("guess", "message"),
    [
        ({"row": "LN"}, r"expected a guess with row \(plain, BN\), lr, std"),
        ({"depth": 3}, r"expected a guess with row \(plain, BN\), lr, std"),
        ({"lr": 0.2}, r"expected lr of \(0.1, 0.5, 1.0\), got 0.2"),
    ],
)
def test_a_guess_at_no_place_is_refused(guess, message):
    with pytest.raises(ValueError, match=message):
        made(**guess)


def test_what_is_no_share_is_refused():
    swept = sweep(share, {"lr": (1.0, 2.0)}, rows=("BN",))
    with pytest.raises(ValueError, match="expected shares from 0 to 1"):
        explore(swept, label="x", guess={"row": "BN", "lr": 1.0})
