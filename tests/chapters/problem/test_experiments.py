from copy import deepcopy
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bn_lib.chapters.problem.experiments import (
    DeepLinearConfig,
    DriftConfig,
    DriftResult,
    SignalConfig,
    gradient_change,
    input_percentiles,
    run_deep_linear,
    run_drift,
    run_signal,
)
from bn_lib.course.experiment import mlp
from bn_lib.layers import BatchNorm, Linear, Sequential
from bn_lib.training import cross_entropy

SHORT = DriftConfig(steps=4, every=2, hidden=2, width=6, seeds=(3, 4))


def batch(rng):
    x = rng.normal(size=(12, 64))
    return x, partial(cross_entropy, labels=rng.integers(10, size=12))


def test_a_drift_result_has_one_entry_for_each_seed_record_and_layer():
    result = run_drift(SHORT)
    assert_array_equal(result.steps, [0, 2, 4])
    for percentiles in result.percentiles.values():
        assert percentiles.shape == (2, 3, 2, 3, 6)
    for change in result.gradient_change.values():
        assert change.shape == (2, 3, 2, 3)
    for accuracy in result.test_accuracy.values():
        assert accuracy.shape == (2,)
    for loss in result.loss.values():
        assert loss.shape == (2, 3)
    assert result.travel("plain").shape == result.pace("BN").shape == (2, 2)


@pytest.mark.parametrize(
    ("run", "config"),
    [
        (run_drift, SHORT),
        (run_deep_linear, DeepLinearConfig(depth=3, steps=4, every=2, seeds=(3,))),
        (run_signal, SignalConfig(depth=3, seeds=(3,))),
    ],
)
def test_the_same_config_gives_the_same_summary(run, config):
    assert run(config) is run(config)
    assert run.__wrapped__(config).summary() == run(config).summary()


def test_different_seeds_give_different_runs():
    percentiles = run_drift(SHORT).percentiles["plain"]
    assert np.abs(percentiles[0] - percentiles[1]).max() > 0.01


def moved_by(shift):
    """Percentiles of one unit, -1, 0 and 1 at first, then moved by `shift`."""
    start = np.array([-1.0, 0.0, 1.0])[:, None]
    q = np.stack([start, start + shift])[None, :, None]  # (1, 2, 1, 3, 1)
    return DriftResult(SHORT, np.array([0, 2]), {"plain": q}, {}, {})


def test_a_distribution_that_moves_by_its_half_width_travels_one():
    result = moved_by(1.0)
    assert_allclose(result.travel("plain"), [[1.0]], atol=1e-12)
    assert_allclose(result.pace("plain"), [[1.0]], atol=1e-12)


def test_a_distribution_that_stays_travels_nothing():
    assert_array_equal(moved_by(0.0).travel("plain"), [[0.0]])


def two_seeds_that_learn():
    """Inputs one half-width further at each record; loss 1 at record 1 or 2."""
    record = np.array([-1.0, 0.0, 1.0])[:, None] + np.arange(4.0)[:, None, None]
    q = np.stack([record, record])[:, :, None]  # (2, 4, 1, 3, 1)
    loss = np.array([[2.0, 1.0, 3.0, 0.5], [2.0, 1.5, 0.9, 0.5]])
    where = {"plain": q, "before BN": q}
    lost = {"plain": loss, "BN": loss[::-1]}
    return DriftResult(SHORT, np.arange(4), where, {}, {}, lost)


def test_travel_until_a_loss_ends_at_the_first_record_that_reaches_it():
    result = two_seeds_that_learn()
    assert_allclose(result.travel("plain", until=1.0), [[1.0], [2.0]])
    assert_allclose(result.travel("before BN", until=1.0), [[2.0], [1.0]])
    assert_allclose(result.travel("plain"), [[3.0], [3.0]])


def test_travel_until_a_loss_that_a_seed_never_reaches_says_so():
    with pytest.raises(ValueError, match=r"plain to reach a loss of 0\.1, got 0\.5"):
        two_seeds_that_learn().travel("plain", until=0.1)


def test_the_loss_at_the_start_is_that_of_the_untrained_net():
    chance = run_drift(replace(SHORT, std=1e-9)).loss["plain"][:, 0]
    assert_allclose(chance, np.log(10), rtol=1e-6)


def test_more_probes_change_the_gradients_alone():
    one, three = run_drift(SHORT), run_drift(replace(SHORT, probes=3))
    assert_array_equal(one.percentiles["BN"], three.percentiles["BN"])
    assert np.abs(one.gradient_change["BN"] - three.gradient_change["BN"]).max() > 1e-3


def test_percentiles_after_batch_norm_ignore_the_size_of_the_weights():
    rng = np.random.default_rng(0)
    linear = partial(Linear, std=1.0, rng=rng)
    model = mlp(linear, depth=2, width=5, norm=BatchNorm)
    x = rng.normal(size=(30, 64))
    _, before = input_percentiles(model, x)
    model[0].weight *= 100.0
    sums, after = input_percentiles(model, x)
    # eps is the only difference.
    assert_allclose(after, before, atol=1e-4)
    assert np.abs(sums[0]).max() > 100.0


@pytest.mark.parametrize("norm", [None, BatchNorm])
def test_measuring_leaves_the_model_as_it_was(norm):
    rng = np.random.default_rng(0)
    linear = partial(Linear, rng=rng)
    model = mlp(linear, activation="sigmoid", norm=norm, width=8).eval()
    x, loss = batch(rng)
    before = deepcopy(model.state_dict())
    gradient_change(model, x, loss, lr=0.5)
    input_percentiles(model, x)
    assert not model.training
    for name, array in model.state_dict().items():
        assert_array_equal(array, before[name])


def test_gradient_change_of_two_linear_layers_follows_by_hand():
    # Output w2 w1 x with x = 1, loss output: dw2 = w1 and dw1 = w2, so after
    # w1 moves by -lr w2, dw2 has changed by lr w2.
    model = Sequential(Linear(1, 1, bias=False), Linear(1, 1, bias=False))
    model[0].weight[...], model[1].weight[...] = 2.0, 3.0

    def loss(output):
        return output.sum(), np.ones_like(output)

    change = gradient_change(model, np.ones((1, 1)), loss, lr=0.1)
    assert_allclose(change, [[0.3, 0.15, 0.0]], atol=1e-12)


def test_gradient_change_counts_the_step_of_batch_norm_too():
    rng = np.random.default_rng(0)
    x, loss = batch(rng)
    model = Sequential(BatchNorm(64), Linear(64, 10, rng=rng))
    # There is no Linear below: only gamma and beta can move.
    assert gradient_change(model, x, loss, lr=0.5)[0, 0] > 1e-3


def test_signal_of_known_weights_is_followed_exactly():
    result = run_signal(SignalConfig(std=0.0, depth=3, seeds=(0,)))
    assert_array_equal(result.signal, np.zeros((1, 3)))


def test_the_weights_std_multiplies_the_signal_once_a_layer():
    small, large = (
        run_signal(SignalConfig(std=std, depth=4, seeds=(1,))) for std in (0.1, 0.2)
    )
    # ReLU without bias: doubling all weights doubles each layer once more.
    assert_allclose(large.signal / small.signal, [[2.0, 4.0, 8.0, 16.0]], rtol=1e-9)
    assert_allclose(large.contrast, small.contrast, rtol=1e-9)


def test_growth_runs_with_the_signal_and_against_it_for_the_gradient():
    result = run_signal(SignalConfig(std=0.01, depth=6, seeds=(0,)))
    assert result.growth("signal") < -3
    assert result.growth("gradient") < -3
    assert result.gradient[0, 0] < result.gradient[0, -1]


def test_a_signal_of_exactly_zero_has_a_finite_growth():
    result = run_signal(SignalConfig(std=1e-40, seeds=(0,)))
    assert result.signal[0, -1] == 0.0
    assert np.isfinite(result.growth("signal")).all()
