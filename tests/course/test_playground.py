"""The playground as Python makes it; tests/browser/test_playground.py plays it."""

import json
import re
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest

from bn_lib import functional as F
from bn_lib.course.playground import playground

NUMBER = re.compile(r"[-−]?\d+(?:\.\d+)?(?:e-\d+)?")


@pytest.fixture(scope="module")
def html():
    return playground()._repr_html_()


@pytest.fixture(scope="module")
def still(html):
    return re.search(r'<div class="bn-still">(.+?)</div><script', html, re.S)[1]


def numbers(text):
    return [float(found.replace("−", "-")) for found in NUMBER.findall(text)]


def reference():
    """Compute the table of x, xhat and y with the library."""
    start = playground()
    x = np.array(start.x)[:, None]
    gamma, beta = np.array([start.gamma]), np.array([start.beta])
    xhat, _ = F.normalize(x, 0, start.eps)
    y, _ = F.batch_norm(x, None, None, gamma, beta, training=True, eps=start.eps)
    return np.concatenate([x, xhat, y], axis=1)  # (m, 3)


def test_all_of_it_is_at_most_40_kilobytes(html):
    assert len(html.encode()) <= 40 * 1024


def test_nothing_is_loaded_from_elsewhere(html):
    namespace = "http://www.w3.org/2000/svg"
    assert set(re.findall(r"https?://[^\"'\s]*", html)) == {namespace}
    assert not re.search(r"@import|url\(|<link|\ssrc=(?!.data:)|fetch\(|import\(", html)


def test_the_still_picture_needs_nothing_that_an_untrusted_notebook_loses(still):
    # JupyterLab and GitHub take out scripts, style sheets and inline SVG, not their words.
    drawing = re.search('src="data:image/svg[+]xml,([^"]+)"', still)[1]
    ElementTree.fromstring(unquote(drawing))
    rest = still.replace(drawing, "")
    assert set(re.findall(r"<(\w+)", rest)) <= {
        *["p", "img", "table", "thead", "tbody", "tr", "th", "td", "span"]
    }


def test_no_id_can_clash_because_there_is_none(html):
    assert re.findall(r'[\s"]id="', html) == []
    # The names of the radio groups are made when the script runs, once an instance.
    assert set(re.findall(r'\bname="([^"]+)"', html)) == {
        "mode-{id}",
        "norm-{id}",
        "groups-{id}",
    }


def test_it_is_the_same_each_time(html):
    assert playground()._repr_html_() == html


def test_the_text_form_has_the_numbers_of_the_library():
    lines = repr(playground()).splitlines()
    x = reference()[:, 0]
    mean, var = numbers(lines[0])[:2]
    assert mean == pytest.approx(x.mean(), abs=5e-4)
    assert var == pytest.approx(x.var(), abs=5e-4)
    table = np.array([numbers(line)[1:] for line in lines[2 : 2 + len(x)]])
    np.testing.assert_allclose(table, reference(), atol=5e-4)


def test_the_still_picture_has_the_numbers_of_the_library(still):
    rows = re.findall(r"<tr>(.+?)</tr>", still.split("tbody>")[1])
    table = [
        [numbers(cell)[0] for cell in re.findall("<td>(.+?)</td>", row)] for row in rows
    ]
    np.testing.assert_allclose(np.array(table), reference(), atol=5e-4)
    x = reference()[:, 0]
    mean, var = numbers(re.search("mean μ = (.+?), γ", still)[1])
    assert (mean, var) == pytest.approx((x.mean(), x.var()), abs=5e-4)


def test_the_still_points_stand_where_their_numbers_say(still):
    width = float(re.search(r'width="(\d+)" height', still)[1])
    places = np.array(re.findall(r"<circle cx='([\d.]+)'", still), float) / width
    values = (places.reshape(3, -1).T - 0.5) / 0.45 * [10, 3, 10]
    np.testing.assert_allclose(values, reference(), atol=0.012)  # places have one decimal


def test_the_still_tensor_is_batch_normalized(still):
    x = np.array(playground().tensor, float).reshape(3, 4, 2, 2)
    y, _ = F.batch_norm(x, None, None, training=True)
    cells = re.findall("<td>(.+?)</td>", still.split("tbody>")[3])
    shown = np.array([numbers(cell)[0] for cell in cells])
    shown = shown.reshape(4, 2, 3, 2).transpose(2, 0, 1, 3)  # drawn as (C, H, N, W)
    np.testing.assert_allclose(shown, y, atol=5.1e-3)


def test_channels_of_the_still_tensor_differ_in_colour_and_in_letter(still):
    fills = re.findall(r'<tr style="background:(#\w+)', still)
    assert len(fills) == 8
    assert len(set(fills)) == 4
    assert fills == sorted(fills, key=fills.index)
    assert re.findall(r"c=\d: (\w)", still) == list("ABCD")


def test_the_script_starts_with_the_same_numbers(html):
    start = json.loads(re.search(r"data-start='([^']+)'", html)[1])
    mine = playground()
    assert start["x"] == list(mine.x)
    assert start["tensor"] == list(mine.tensor)
    for name in ("gamma", "beta", "eps", "momentum"):
        assert start[name] == getattr(mine, name)


def test_both_languages_are_there_and_carry_the_same_numbers(html):
    texts = {
        language: re.findall(rf'<p class="lang-{language}" lang="\S+">(.+?)</p>', html)
        for language in ("hinglish", "english")
    }
    pairs = list(zip(*texts.values(), strict=True))
    # The script makes spans of these; without scripts the still picture's are made.
    pairs += re.findall(r"\{\{(.+?) · (.+?)\}\}", html)
    assert len(pairs) >= 15
    for hinglish, english in pairs:
        assert sorted(numbers(hinglish)) == sorted(numbers(english)), (hinglish, english)
        assert hinglish != english


def test_the_still_picture_is_in_both_languages(still):
    assert "{{" not in still
    for language in ("hinglish", "english"):
        assert still.count(f'class="lang-{language}" lang=') >= 1
