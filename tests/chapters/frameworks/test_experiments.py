import numpy as np
import pytest
import torch
from torch import nn

from bn_lib.chapters.frameworks.experiments import copying, freezing, statistics

FROZEN = ("eval()", "train(), then eval()", "freeze_batch_norm, then train()")


def test_each_attempt_either_updates_the_statistics_or_leaves_them():
    for attempt, row in freezing(seeds=(0,)).items():
        moved, stayed = row["from before"], row["from updated"]
        if attempt in FROZEN:
            moved, stayed = stayed, moved
        assert stayed < 1e-12
        assert moved > 0.1


def test_gamma_learns_in_eval_unless_it_needs_no_gradient():
    norm = nn.BatchNorm1d(2).eval()
    norm(torch.randn(4, 2)).sum().backward()
    assert norm.weight.grad.abs().max() > 0


def test_the_two_momenta_add_up_to_one():
    for momentum in (0.5, 0.99):
        assert statistics(momentum=momentum, seeds=(0,))["mean"] < 1e-12


def test_stored_variances_differ_by_the_factor_of_a_batch():
    table = statistics(batch_size=2, seeds=(0,))
    assert table["variance"] < 1e-12
    assert table["raw variance"] == pytest.approx(1.0)  # twice as large


@pytest.fixture(scope="module")
def small_pixels():
    return copying(scale=0.01, seeds=(0,))


def test_the_variance_is_below_eps_where_it_matters_and_above_it_elsewhere(small_pixels):
    for row in small_pixels.values():
        assert row["variance"] < 1e-3 / 50
    for row in copying(seeds=(0,)).values():
        assert row["variance"] > 1e-3 * 50


def test_only_the_copy_without_eps_loses_accuracy(small_pixels):
    for name, row in small_pixels.items():
        assert row["trained"] > 0.9
        assert row["copied"] < row["trained"] - 0.04
        with_eps = copying(rows=(name,), scale=0.01, copy_eps=True, seeds=(0,))[name]
        np.testing.assert_array_equal(with_eps["copied"], with_eps["trained"])
