"""Running statistics: the code itself, not the answers of the claims."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bn_lib.chapters.inference.running_statistics import (
    full_batches,
    half_life,
    noise,
    predict_by_batch,
    stored_variance,
    swapped_momentum,
    tracking,
    trained,
)
from bn_lib.course.experiment import fit
from bn_lib.layers import BatchNorm
from bn_lib.models import mlp


def net():
    return mlp(0, depth=2, norm=BatchNorm)


def x_like_digits(n=30):
    return np.random.default_rng(0).uniform(size=(n, 64))


def test_predicting_by_batch_leaves_the_model_as_it_was():
    model = net().eval()
    before = model.state_dict()
    predict_by_batch(model, x_like_digits(), [np.arange(10), np.arange(10, 30)])
    assert not model.training
    for name, value in model.state_dict().items():
        assert_array_equal(value, before[name], err_msg=name)


def test_predicting_by_batch_puts_each_class_in_its_row():
    model, x = net(), x_like_digits()
    order = np.random.default_rng(0).permutation(30)
    assert_array_equal(predict_by_batch(model, x, [order]), model(x).argmax(axis=1))


def test_predicting_by_batch_depends_on_the_batches():
    x = x_like_digits()
    pairs, whole = (
        predict_by_batch(net(), x, np.arange(30).reshape(n, -1)) for n in (15, 1)
    )
    assert np.mean(pairs != whole) > 0.1


def test_samples_that_do_not_fill_a_batch_are_left_out():
    assert [batch.tolist() for batch in full_batches(np.arange(5), 2)] == [[0, 1], [2, 3]]


def test_a_trained_net_is_not_spoiled_by_those_who_use_it():
    how = {"batch_size": 20, "lr": 0.1, "steps": 2}
    trained(0, **how)[0].weight[...] = 0.0
    assert np.abs(trained(0, **how)[0].weight).min() > 0.0


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


def test_noise_is_that_of_independent_samples():
    table = noise(seeds=(0,), batch_sizes=(2, 10))
    for size, row in zip((2, 10), table.values(), strict=True):
        # 300 draws of 100 features.
        assert_allclose(row["mean error"], size**-0.5, rtol=0.05)
        assert_allclose(row["biased share"], 1 - 1 / size, rtol=0.05)


@pytest.mark.parametrize(("momentum", "updates"), [(0.5, 1), (0.1, 7), (0.01, 69)])
def test_half_is_forgotten_when_the_power_of_the_rest_says_so(momentum, updates):
    assert half_life(momentum=momentum, seeds=(0, 5))["updates"].tolist() == [updates] * 2


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
