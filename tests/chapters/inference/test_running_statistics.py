"""Running statistics: the code itself, not the answers of the claims."""

from functools import partial

import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bn_lib.chapters.inference.running_statistics import (
    half_life,
    stored_variance,
    swapped_momentum,
    tracking,
)
from bn_lib.course.experiment import fit
from bn_lib.layers import BatchNorm
from bn_lib.models import mlp


def test_tracking_has_a_row_for_each_step():
    table = tracking(seeds=(0, 1), steps=(2, 6))
    assert list(table) == ["2 steps", "6 steps"]
    for row in table.values():
        assert row["running statistics"].shape == (2,)
        assert row["statistics of the batch"].shape == (2,)


def test_tracking_does_not_disturb_the_training():
    often, once = (tracking(seeds=(0,), steps=steps) for steps in ((2, 4, 6), (6,)))
    assert_array_equal(
        often["6 steps"]["running statistics"], once["6 steps"]["running statistics"]
    )


@pytest.mark.parametrize(("momentum", "updates"), [(0.5, 1), (0.1, 7), (0.01, 69)])
def test_half_is_forgotten_when_the_power_of_the_rest_says_so(momentum, updates):
    table = half_life(momentum=momentum, seeds=(0, 5))
    assert table["updates"].tolist() == [updates] * 2
    assert_allclose(table["left"], (1 - momentum) ** updates, rtol=1e-12)


def test_an_average_that_does_not_forget_within_the_limit_says_so():
    with pytest.raises(ValueError, match=r"within 3 updates, got 0\.97 of it left"):
        half_life(momentum=0.01, limit=3)


def test_the_stored_variance_matters_less_in_larger_batches():
    table = stored_variance(seeds=(0, 1), steps=20, calibration=40)
    small, large = (table[row]["changed answers"] for row in ("batch 2", "batch 8"))
    assert (small > large).all()


def test_batch_norms_momentum_does_not_touch_the_training():
    nets = [mlp(0, norm=partial(BatchNorm, momentum=momentum)) for momentum in (0.1, 0.9)]
    for model in nets:
        fit(model, 0, steps=3, batch_size=20, lr=0.1)
    assert_array_equal(nets[0][6].weight, nets[1][6].weight)


def test_only_the_second_half_of_a_training_counts():
    last, more = (swapped_momentum(seeds=(0,), steps=4, every=n) for n in (4, 2))
    assert_array_equal(last["momentum 0.9"], more["momentum 0.9"])
