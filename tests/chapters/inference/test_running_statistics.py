"""Running statistics in chapter 6: the code itself, not the verdicts."""

import numpy as np
import pytest

from bn_lib.chapters.inference import running_statistics
from bn_lib.chapters.inference.running_statistics import (
    ForgettingConfig,
    MomentumConfig,
    NoiseConfig,
    StoredVarianceConfig,
    TrackingConfig,
    build_net,
    predict_by_batch,
    recalibrate,
    run_forgetting,
    run_momentum,
    run_noise,
    run_stored_variance,
    run_tracking,
)


def x_like_digits(n=30, seed=0):
    return np.random.default_rng(seed).uniform(size=(n, 64))


def test_the_same_seed_builds_the_same_net():
    one, other = build_net(3).state_dict(), build_net(3).state_dict()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name])
    assert not np.array_equal(one["0.weight"], build_net(4).state_dict()["0.weight"])


def test_nets_with_and_without_norm_start_from_the_same_weights():
    norm, plain = build_net(0), build_net(0, norm=False)
    np.testing.assert_array_equal(norm[6].weight, plain[4].weight)


def test_predicting_by_batch_leaves_the_running_statistics_alone():
    model, x = build_net(0), x_like_digits()
    before = model.state_dict()
    predict_by_batch(model, x, [np.arange(10), np.arange(10, 30)])
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


def test_predicting_by_batch_puts_each_class_in_its_row():
    model, x = build_net(0), x_like_digits()
    order = np.random.default_rng(0).permutation(30)
    expected = model(x).argmax(axis=1)
    np.testing.assert_array_equal(predict_by_batch(model, x, [order]), expected)


def test_recalibrated_statistics_are_those_of_all_the_data():
    model, x = build_net(0), x_like_digits(60)
    model[1].running_mean[...] = 99.0
    recalibrate(model, x, batch_size=60)
    features = model[0](x)
    np.testing.assert_allclose(model[1].running_mean, features.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(
        model[1].running_var, features.var(axis=0, ddof=1), rtol=1e-10
    )
    assert model[1].momentum == 0.1


def test_tracking_measures_at_each_step_and_repeats_itself():
    config = TrackingConfig(seeds=(0, 1), steps=(2, 6))
    result, again = run_tracking(config), run_tracking.__wrapped__(config)
    assert result.running.shape == result.whole_batch.shape == (2, 2)
    np.testing.assert_array_equal(result.running, again.running)
    behind = result.whole_batch[:, 1] - result.running[:, 1]
    np.testing.assert_array_equal(result.at(6), behind)
    assert "step   6" in result.summary()


def test_noise_is_that_of_independent_samples():
    result = run_noise(NoiseConfig(seeds=(0,), batch_sizes=(2, 10), draws=300))
    np.testing.assert_allclose(result.mean_error[0], [0.5**0.5, 0.1**0.5], rtol=0.05)
    np.testing.assert_allclose(result.biased_share[0], [0.5, 0.9], rtol=0.05)


def test_the_exponent_of_an_exact_power_is_found():
    result = run_noise(NoiseConfig(seeds=(0,), batch_sizes=(2, 10), draws=2))
    errors = np.array([[2.0, 10.0]]) ** -0.5
    np.testing.assert_allclose(result.exponents(errors), [-0.5], rtol=1e-10)


@pytest.mark.parametrize(("momentum", "steps"), [(0.5, 1), (0.1, 7), (0.01, 69)])
def test_half_is_forgotten_when_the_power_of_the_rest_says_so(momentum, steps):
    result = run_forgetting(ForgettingConfig(momentum, seeds=(0, 5)))
    assert result.steps.tolist() == [steps, steps]


def test_forgetting_gives_up_at_the_limit():
    assert run_forgetting(ForgettingConfig(0.01, seeds=(0,), limit=3)).steps == [3]


def test_the_stored_variance_differs_by_size():
    config = StoredVarianceConfig(seeds=(0,), batch_sizes=(2, 4), steps=20, calibration=40)
    result = run_stored_variance(config)
    assert result.changed.shape == result.unbiased.shape == result.biased.shape == (1, 2)
    assert result.summary().startswith("batch  2")


def test_batch_norms_momentum_does_not_touch_the_training():
    slow, fast = build_net(0, momentum=0.1), build_net(0, momentum=0.9)
    for model in (slow, fast):
        running_statistics.fit_net(model, 0, steps=3, batch_size=20, lr=0.1)
    np.testing.assert_array_equal(slow[6].weight, fast[6].weight)


def test_equal_momenta_give_equal_accuracies():
    config = MomentumConfig(8, seeds=(0,), right=0.1, wrong=0.1, steps=6, every=2)
    result = run_momentum(config)
    np.testing.assert_array_equal(result.right, result.wrong)
