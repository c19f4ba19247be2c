"""What a page shows of a claim is what the ledger holds."""

import re

import pytest

from bn_lib.course.ledger import ledger, measured
from bn_lib.course.ruling import ruling

CLAIMS = [claim.id for claim in ledger()]


@pytest.mark.parametrize("name", CLAIMS)
def test_a_ruling_tells_every_regime_in_both_languages(name):
    found, numbers = ruling(name), measured()[name]
    text, html = repr(found), found._repr_html_()
    assert found.claim.hinglish in text
    assert found.claim.english in text
    for regime, answer in found.claim.answers.items():
        (line,) = re.findall(rf"(?m)^    {re.escape(regime)} +{answer} .*", text)
        mean = f"{numbers[regime][1]:.3g}"
        assert f" {mean} (" in line
        assert html.count(f": {mean} (")
    assert "{{" not in html
    assert html.count('class="lang-hinglish"') == html.count('class="lang-english"')


def test_many_regimes_are_folded_and_counted():
    html = ruling("problem.bn-reduces-gradient-change")._repr_html_()
    folded = re.search(r"<details><summary>(.*?)</summary><table>", html)[1]
    assert re.findall(r"\d+", re.sub("<.*?>", "", folded)) == ["5", "19"]
    assert "<details><summary>" not in ruling("problem.shift-exists")._repr_html_()[:900]


def test_an_unknown_claim_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"expected a claim of problem.shift-exists.*'pr"):
        ruling("problem.shift")
