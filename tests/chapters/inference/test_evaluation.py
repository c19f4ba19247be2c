"""Evaluation mode: the code itself, not the answers of the claims."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bn_lib.chapters.inference import evaluation
from bn_lib.chapters.inference.evaluation import (
    CHANGES,
    fine_tuning,
    mates,
    recalibration,
)
from bn_lib.chapters.inference.running_statistics import full_batches, trained
from bn_lib.course.experiment import fit
from bn_lib.data import load_digits
from bn_lib.inference import recalibrate
from bn_lib.layers import BatchNorm
from bn_lib.models import mlp
from bn_lib.training import accuracy


def x_like_digits(n=30):
    return np.random.default_rng(0).uniform(size=(n, 64))


def test_recalibration_undoes_a_scale_and_shift_of_the_inputs():
    model, x = mlp(0, depth=2, norm=BatchNorm), x_like_digits(400)
    darker = CHANGES["darker and hazy"](x)
    logits = recalibrate(model, full_batches(x, 200)).eval()(x)
    moved = recalibrate(model, full_batches(darker, 200))(darker)
    # eps weighs more where the variance is smaller.
    assert_allclose(moved, logits, rtol=0.02, atol=0.01)


def test_mirroring_twice_gives_the_image_back():
    x, mirror = x_like_digits(), CHANGES["mirrored"]
    assert_array_equal(mirror(mirror(x)), x)
    assert_array_equal(mirror(x)[0, :8], x[0, 7::-1])


def test_whole_batches_have_one_arrangement_only():
    table = mates(seeds=(0,), batch_sizes=(360,), arrangements=2)
    assert list(table) == ["eval()", "batch of 360", "batch of one class"]
    assert table["batch of 360"]["changed answers"] == [0.0]


@pytest.mark.parametrize(("one_class", "classes"), [(True, {1}), (False, {10})])
def test_sorted_batches_hold_one_class_and_mixed_ones_all(one_class, classes):
    labels, rng = load_digits().y_train, np.random.default_rng(0)
    drawn = evaluation._draw(labels, 100, rng, one_class)
    assert {len(set(labels[next(drawn)])) for _ in range(5)} == classes


def test_frozen_norms_keep_their_running_statistics_and_learn(monkeypatch):
    seen, update = {}, evaluation._update

    def watch(model, *rest):
        before = model.state_dict()
        right = update(model, *rest)
        seen[model[1].training] = before, model.state_dict()
        return right

    monkeypatch.setattr(evaluation, "_update", watch)
    fine_tuning(seeds=(7,), change="inverted", batch_size=4, steps=3)
    for training, (before, after) in seen.items():
        same = np.array_equal(before["1.running_mean"], after["1.running_mean"])
        assert same is not training
        assert not np.array_equal(before["1.weight"], after["1.weight"])
    assert set(seen) == {True, False}


def test_before_fine_tuning_the_net_is_the_trained_one():
    digits = load_digits()
    mirrored = CHANGES["mirrored"](digits.x_test)
    table = fine_tuning(rows=("before",), seeds=(0,))
    assert table["before"] == [accuracy(trained(0), mirrored, digits.y_test)]


def test_recalibration_reports_each_change():
    table = recalibration(seeds=(0, 1), every=2)
    changes = ["unchanged", "darker and hazy", "inverted", "pruned", "averaged"]
    assert list(table) == changes
    for row in table.values():
        assert row["before"].shape == row["after"].shape == (2,)


def test_nothing_pruned_changes_nothing():
    run = partial(recalibration, seeds=(0,), rows=("unchanged", "pruned"))
    unchanged, pruned = run(pruned=0.0).values()
    assert_array_equal(pruned["after"], unchanged["after"])
    assert run(pruned=0.9)["pruned"]["before"] < unchanged["before"] - 0.1


def test_pruning_zeroes_the_share_that_is_asked_for():
    model = mlp(0, depth=2, norm=BatchNorm)
    evaluation._prune(model, 0.75)
    assert np.mean(model[0].weight == 0) == np.mean(model[3].weight == 0) == 0.75
    assert np.all(model[6].weight != 0)


def test_the_averaged_net_is_the_mean_of_its_snapshots():
    digits = load_digits()
    model, early, late = (trained(0) for _ in range(3))
    evaluation._average(model, digits, 1, count=2, every=3, lr=0.5)
    fit(early, 1, data=digits, steps=3, batch_size=60, lr=0.5)
    fit(late, 1, data=digits, steps=6, batch_size=60, lr=0.5)
    snapshots = early.state_dict(), late.state_dict()
    for name, value in model.state_dict().items():
        mean = np.mean([state[name] for state in snapshots], axis=0)
        expected = snapshots[1][name] if name.endswith("tracked") else mean
        assert_allclose(value, expected, rtol=1e-12, err_msg=name)
