"""Experiments of chapter 6: the code itself, not the verdicts."""

import numpy as np
import pytest

from bn_lib.claims.inference import CLAIMS
from bn_lib.data import load_digits
from bn_lib.experiments import inference
from bn_lib.experiments.inference import (
    CHANGES,
    FineTuneConfig,
    ForgettingConfig,
    MatesConfig,
    MomentumConfig,
    NoiseConfig,
    RecalibrationConfig,
    SortedConfig,
    StoredVarianceConfig,
    TrackingConfig,
    build_net,
    fold,
    predict_by_batch,
    recalibrate,
    run_fine_tune,
    run_forgetting,
    run_mates,
    run_momentum,
    run_noise,
    run_recalibration,
    run_sorted,
    run_stored_variance,
    run_tracking,
)
from bn_lib.layers import BatchNorm, Linear
from bn_lib.training import accuracy


@pytest.fixture
def short_pretraining(monkeypatch):
    """Let the shared net train for 20 steps, which is enough for shapes."""
    full = inference._trained_state.__wrapped__

    def short(seed, batch_size=60, lr=0.1, steps=20):
        return full(seed, batch_size, lr, min(steps, 20))

    monkeypatch.setattr(inference, "_trained_state", short)


def x_like_digits(n=30, seed=0):
    return np.random.default_rng(seed).uniform(size=(n, 64))


# The pieces


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


def test_recalibration_undoes_a_scale_and_shift_of_the_inputs():
    model, x = build_net(0), x_like_digits(400)
    recalibrate(model, x)
    logits = model.eval()(x)
    recalibrate(model, CHANGES["darker and hazy"](x))
    moved = model.eval()(CHANGES["darker and hazy"](x))
    # eps weighs more where the variance is smaller
    np.testing.assert_allclose(moved, logits, rtol=0.02, atol=0.01)


def test_mirroring_twice_gives_the_image_back():
    x, mirror = x_like_digits(), CHANGES["mirrored"]
    np.testing.assert_array_equal(mirror(mirror(x)), x)
    np.testing.assert_array_equal(mirror(x)[0, :8], x[0, 7::-1])


def test_folding_changes_neither_layer_and_agrees_in_eval_mode_only():
    rng = np.random.default_rng(0)
    linear, norm = Linear(64, 5, rng=rng), BatchNorm(5)
    for array in (linear.bias, norm.weight, norm.bias, norm.running_mean):
        array[...] = rng.normal(size=5)
    norm.running_var[...] = rng.uniform(0.5, 2.0, 5)
    before, x = linear.weight.copy(), x_like_digits()
    folded = fold(linear, norm)
    np.testing.assert_allclose(folded(x), norm.eval()(linear(x)), rtol=1e-10)
    assert np.abs(folded(x) - norm.train()(linear(x))).max() > 0.1
    np.testing.assert_array_equal(linear.weight, before)


# The runs


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


@pytest.mark.usefixtures("short_pretraining")
def test_whole_batches_have_one_arrangement_only():
    config = MatesConfig(seeds=(0,), batch_sizes=(360,), arrangements=2)
    result = run_mates.__wrapped__(config)
    assert result.changed.tolist() == [[0.0]]
    assert result.running_difference[0] < 1e-10
    assert "none change" in result.summary()


@pytest.mark.usefixtures("short_pretraining")
def test_the_stored_variance_differs_by_size():
    config = StoredVarianceConfig(seeds=(0,), batch_sizes=(2, 4), calibration=40)
    result = run_stored_variance.__wrapped__(config)
    assert result.changed.shape == result.unbiased.shape == result.biased.shape == (1, 2)
    assert result.summary().startswith("batch  2")


def test_sorted_batches_hold_one_class(monkeypatch):
    labels = load_digits().y_train
    seen, train_on = [], inference._train_on

    def watch(model, x, y, batches, lr):
        batches = list(batches)
        seen.append({len(set(labels[rows])) for rows in batches})
        return train_on(model, x, y, batches, lr)

    monkeypatch.setattr(inference, "_train_on", watch)
    result = run_sorted.__wrapped__(SortedConfig(seeds=(0,), steps=5))
    assert seen[0] == seen[1] == {1}
    assert min(seen[2] | seen[3]) > 5
    assert result.norm_sorted.shape == (1,)


@pytest.mark.usefixtures("short_pretraining")
def test_freezing_keeps_the_running_statistics(monkeypatch):
    states, train_on = [], inference._train_on

    def watch(model, *rest):
        before = model[1].running_mean.copy()
        train_on(model, *rest)
        states.append(np.array_equal(model[1].running_mean, before))

    monkeypatch.setattr(inference, "_train_on", watch)
    config = FineTuneConfig("inverted", 4, seeds=(0,), steps=3)
    assert "inverted, batch 4" in run_fine_tune.__wrapped__(config).summary()
    assert states == [True, False]


@pytest.mark.usefixtures("short_pretraining")
def test_recalibration_reports_each_change():
    result = run_recalibration.__wrapped__(RecalibrationConfig(seeds=(0, 1), every=2))
    expected = {"darker and hazy", "inverted", "pruned", "averaged"}
    assert set(result.scores) == expected
    assert all(pair.shape == (2, 2) for pair in result.scores.values())
    assert len(result.summary().splitlines()) == 5


def test_pruning_zeroes_the_share_that_is_asked_for():
    model = build_net(0)
    inference._prune(model, 0, RecalibrationConfig(pruned=0.75))
    assert np.mean(model[0].weight == 0) == 0.75
    assert np.all(model[6].weight != 0)


def test_batch_norms_momentum_does_not_touch_the_training():
    slow, fast = build_net(0, momentum=0.1), build_net(0, momentum=0.9)
    for model in (slow, fast):
        inference._fit(model, 0, steps=3, batch_size=20, lr=0.1)
    np.testing.assert_array_equal(slow[6].weight, fast[6].weight)


def test_equal_momenta_give_equal_accuracies():
    config = MomentumConfig(8, seeds=(0,), right=0.1, wrong=0.1, steps=6, every=2)
    result = run_momentum(config)
    np.testing.assert_array_equal(result.right, result.wrong)


def test_pretraining_is_not_spoiled_by_those_who_use_it(short_pretraining):
    digits = load_digits()
    first = accuracy(inference._trained(0), digits.x_test, digits.y_test)
    model = inference._trained(0)
    recalibrate(model, CHANGES["inverted"](digits.x_train))
    assert accuracy(inference._trained(0), digits.x_test, digits.y_test) == first


# The ledger's entries


def test_claims_have_their_own_ids_and_this_chapters_name():
    ids = [claim.id for claim in CLAIMS]
    assert len(set(ids)) == len(ids)
    assert all(name.startswith("inference.") for name in ids)
