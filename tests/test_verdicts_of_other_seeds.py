"""Every claim is measured with seeds that its author did not use.

A file of its own, so that it runs beside the other on a second core.
"""

import pytest

from bn_lib.course.claim import measure
from bn_lib.course.ledger import ledger


@pytest.mark.parametrize("claim", ledger(), ids=lambda claim: claim.id)
def test_the_verdict_is_not_luck(claim):
    measured = measure(claim, shift=100)
    assert measured.verdict == claim.verdict, measured
