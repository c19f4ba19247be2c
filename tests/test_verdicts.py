"""Every claim is measured again with its own seeds."""

import pytest

from bn_lib.course.claim import measure
from bn_lib.course.ledger import ledger


@pytest.mark.parametrize("claim", ledger(), ids=lambda claim: claim.id)
def test_the_measured_verdict_is_the_written_one(claim):
    measured = measure(claim)
    assert measured.verdict == claim.verdict, measured
