"""Statistics of a batch: the code itself, not the answers of the claims."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bn_lib.chapters.inference import batch_statistics
from bn_lib.chapters.inference.batch_statistics import (
    PART,
    forgotten,
    leak,
    mates,
    noise,
    statistics_size,
)
from bn_lib.chapters.inference.setting import changed_digits, trained
from bn_lib.data import load_digits
from bn_lib.training import accuracy


def test_noise_is_that_of_independent_samples():
    table = noise(seeds=(0,), batch_sizes=(2, 10))
    for size, row in zip((2, 10), table.values(), strict=True):
        # 300 draws of 100 features.
        assert_allclose(row["mean error"], size**-0.5, rtol=0.05)
        assert_allclose(row["biased share"], 1 - 1 / size, rtol=0.05)


def test_training_images_that_are_left_out_are_tested_on():
    table = statistics_size(rows=("12 samples",), seeds=(0,), images=1400, steps=1)
    right = table["12 samples"]["accuracy"] * (360 + 37)
    assert_allclose(right, np.round(right), atol=1e-9)


def test_whole_batches_have_one_arrangement_only():
    table = mates(seeds=(0,), batch_sizes=(360,), arrangements=2)
    kinds = ["eval()", "batch of 360", "batch of two classes", "batch of one class"]
    assert list(table) == kinds
    assert table["batch of 360"]["changed answers"] == [0.0]


def test_mates_of_changed_images_are_changed_too():
    table = mates(seeds=(0,), change="mirrored", batch_sizes=(180,), arrangements=2)
    data = changed_digits("mirrored", 0)
    assert table["eval()"]["accuracy"] == [accuracy(trained(0), data.x_test, data.y_test)]


def test_a_forgotten_eval_is_that_of_mates_of_the_same_size():
    (eval_mode, of_batch) = forgotten(seeds=(0,), batch_size=8).values()
    table = mates(seeds=(0,), batch_sizes=(8,), arrangements=2)
    assert eval_mode == table["eval()"]["accuracy"]
    assert of_batch == table["batch of 8"]["accuracy"]


@pytest.mark.parametrize(("one_class", "classes"), [(True, {1}), (False, {10})])
def test_sorted_batches_hold_one_class_and_mixed_ones_all(one_class, classes):
    labels, rng = load_digits().y_train, np.random.default_rng(0)
    drawn = batch_statistics._draw(labels, 100, rng, one_class)
    assert {len(set(labels[next(drawn)])) for _ in range(5)} == classes


@pytest.mark.parametrize("one_class", [True, False])
def test_half_the_samples_of_a_batch_with_a_leak_are_empty(one_class):
    labels, rng = load_digits().y_train, np.random.default_rng(0)
    rows = batch_statistics._parts(labels, rng, one_class)
    assert np.sum(rows >= len(labels)) == len(rows) // 2 == 5 * PART
    parts = np.tile(labels, 2)[rows].reshape(PART, 10)  # as GhostBatchNorm cuts them
    assert ({len(set(part)) for part in parts.T} == {1}) is one_class


def test_parts_without_empty_images_hold_digits_alone():
    labels, rng = load_digits().y_train, np.random.default_rng(0)
    rows = batch_statistics._parts(labels, rng, True, without_empty=True)
    assert len(rows) == 10 * PART
    assert rows.max() < len(labels)
    assert {len(set(part)) for part in labels[rows].reshape(PART, 10).T} == {1}


def test_random_labels_of_empty_images_are_learned_by_nobody():
    labelled, random = (
        leak(rows=("BN",), seeds=(0,), empty=empty)["BN"]["empty with mates"]
        for empty in ("labelled", "random labels")
    )
    assert random < 0.4 < 0.8 < labelled


def test_empty_images_are_centered_like_the_others():
    digits = load_digits(centered=True)
    x, y = batch_statistics._with_empty(digits.x_test, digits.y_test)
    assert_array_equal(y[:360], y[360:])
    assert_allclose(x[360:] + load_digits().x_train.mean(axis=0), 0, atol=1e-15)


def test_group_norm_sees_no_mates_whatever_the_parts():
    (row,) = leak(rows=("group norm",), seeds=(0,), steps=2).values()
    assert_array_equal(row["empty with mates"], row["empty in eval"])
    assert_array_equal(row["digits with mates"], row["digits in eval"])
