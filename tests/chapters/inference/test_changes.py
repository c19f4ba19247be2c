"""Changed images and weights: the code itself, not the answers of the claims."""

from functools import partial
from itertools import islice

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from bn_lib.chapters.inference import changes
from bn_lib.chapters.inference.changes import (
    fine_tuning,
    moving_average,
    recalibration,
    two_domains,
    undone,
)
from bn_lib.chapters.inference.setting import CHANGES, changed_digits, trained
from bn_lib.layers import BatchNorm
from bn_lib.models import mlp
from bn_lib.training import accuracy


def test_recalibration_reports_each_change():
    table = recalibration(seeds=(0, 1))
    assert list(table) == [*CHANGES, "pruned"]
    for row in table.values():
        assert row["before"].shape == row["after"].shape == (2,)


def test_nothing_pruned_changes_nothing():
    run = partial(recalibration, seeds=(0,), rows=("unchanged", "pruned"))
    unchanged, pruned = run(pruned=0.0).values()
    assert_array_equal(pruned["after"], unchanged["after"])
    assert run(pruned=0.9)["pruned"]["before"] < unchanged["before"] - 0.1


def test_pruning_zeroes_the_share_that_is_asked_for():
    model = mlp(0, depth=2, norm=BatchNorm)
    changes._prune(model, 0.75)
    assert np.mean(model[0].weight == 0) == np.mean(model[3].weight == 0) == 0.75
    assert np.all(model[6].weight != 0)


def test_a_large_eps_is_not_undone():
    (difference,) = undone(rows=("darker and hazy",), seeds=(0,), eps=0.1).values()
    assert difference > 1e-3


def test_an_average_that_keeps_nothing_is_the_net_itself():
    table = moving_average(seeds=(0,), decay=0.0, steps=3)
    assert table["with the net's"] == table["trained"]
    assert table["before"] != table["trained"]


def test_an_average_that_keeps_all_stays_untrained():
    (untrained,) = moving_average(seeds=(0,), decay=1.0, steps=3)["before"]
    model, data = mlp(0, depth=2, norm=BatchNorm), changed_digits("unchanged", 0)
    assert untrained == accuracy(model, data.x_test, data.y_test)


def test_an_equal_average_of_one_snapshot_is_that_snapshot():
    table = moving_average(seeds=(0,), decay=None, start=2, every=3, steps=5)
    assert table["with the net's"] == table["trained"]


def test_an_equal_average_weighs_its_snapshots_alike(monkeypatch):
    seen = []

    def fit(model, *rest, on_step, **options):
        for step, value in ((1, 99.0), (2, 1.0), (3, 99.0), (4, 5.0)):
            model[0].weight[...] = value
            on_step(step, model)

    def watch(model, batches):
        seen.append(model[0].weight.mean())
        return model

    monkeypatch.setattr(changes, "fit", fit)
    monkeypatch.setattr(changes, "recalibrate", watch)
    moving_average(seeds=(8,), decay=None, every=2, steps=4)
    assert seen == [3.0]


def test_alternating_batches_hold_one_domain_each_in_turn():
    drawn = islice(changes._alternating(20, 5, np.random.default_rng(0)), 6)
    assert [set(rows // 20) for rows in drawn] == [{0}, {1}] * 3


@pytest.mark.parametrize("how", ["alternating", "mixed"])
def test_two_domains_report_both(how):
    row = two_domains(rows=(how,), seeds=(0, 1), steps=2)[how]
    assert row["shared"].shape == row["own"].shape == (2, 2)


def test_frozen_norms_keep_their_running_statistics_and_learn(monkeypatch):
    seen, learn = {}, changes.learn

    def watch(model, *rest):
        before = model.state_dict()
        right = learn(model, *rest)
        seen[model[1].training] = before, model.state_dict()
        return right

    monkeypatch.setattr(changes, "learn", watch)
    fine_tuning(seeds=(7,), change="inverted", batch_size=4, steps=3)
    for training, (before, after) in seen.items():
        same = np.array_equal(before["1.running_mean"], after["1.running_mean"])
        assert same is not training
        assert not np.array_equal(before["1.weight"], after["1.weight"])
    assert set(seen) == {True, False}


def test_recalibration_after_fine_tuning_looks_at_the_changed_images(
    monkeypatch,
):
    seen = []
    monkeypatch.setattr(changes, "recalibrate", lambda model, given: seen.extend(given))
    fine_tuning(rows=("not frozen, recalibrated",), seeds=(9,), steps=2)
    assert_array_equal(np.concatenate(seen)[:5], changed_digits("mirrored", 9).x_train[:5])


def test_before_fine_tuning_the_net_is_the_trained_one():
    data = changed_digits("mirrored", 0)
    table = fine_tuning(rows=("before",), seeds=(0,))
    assert table["before"] == [accuracy(trained(0), data.x_test, data.y_test)]
