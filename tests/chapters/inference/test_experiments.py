"""Experiments of chapter 6: the code itself, not the verdicts."""

import numpy as np
import pytest

from bn_lib.chapters.inference import experiments as inference
from bn_lib.chapters.inference import running_statistics
from bn_lib.chapters.inference.claims import CLAIMS
from bn_lib.chapters.inference.experiments import (
    CHANGES,
    FineTuneConfig,
    MatesConfig,
    RecalibrationConfig,
    SortedConfig,
    fold,
    run_fine_tune,
    run_mates,
    run_recalibration,
    run_sorted,
)
from bn_lib.chapters.inference.running_statistics import build_net, recalibrate
from bn_lib.data import load_digits
from bn_lib.layers import BatchNorm, Linear
from bn_lib.training import accuracy


@pytest.fixture
def short_pretraining(monkeypatch):
    """Let the shared net train for 20 steps, which is enough for shapes."""
    full = running_statistics._trained_state.__wrapped__

    def short(seed, batch_size=60, lr=0.1, steps=20):
        return full(seed, batch_size, lr, min(steps, 20))

    monkeypatch.setattr(running_statistics, "_trained_state", short)


def x_like_digits(n=30, seed=0):
    return np.random.default_rng(seed).uniform(size=(n, 64))


# The pieces


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


@pytest.mark.usefixtures("short_pretraining")
def test_whole_batches_have_one_arrangement_only():
    config = MatesConfig(seeds=(0,), batch_sizes=(360,), arrangements=2)
    result = run_mates.__wrapped__(config)
    assert result.changed.tolist() == [[0.0]]
    assert result.running_difference[0] < 1e-10
    assert "none change" in result.summary()


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


def test_pretraining_is_not_spoiled_by_those_who_use_it(short_pretraining):
    digits = load_digits()
    first = accuracy(inference.trained(0), digits.x_test, digits.y_test)
    model = inference.trained(0)
    recalibrate(model, CHANGES["inverted"](digits.x_train))
    assert accuracy(inference.trained(0), digits.x_test, digits.y_test) == first


# The ledger's entries


def test_claims_have_their_own_ids_and_this_chapters_name():
    ids = [claim.id for claim in CLAIMS]
    assert len(set(ids)) == len(ids)
    assert all(name.startswith("inference.") for name in ids)
