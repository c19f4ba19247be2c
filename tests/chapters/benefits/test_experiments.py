import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from bn_lib.chapters.benefits.experiments import (
    at_chosen_rate,
    gradient,
    growth,
    partly_trained,
    steps_to_target,
    trained,
)
from bn_lib.chapters.benefits.layers import FrozenLinear
from bn_lib.layers import BatchNorm
from bn_lib.models import mlp

QUICK = {"depth": 1, "width": 20, "target": 0.5, "limit": 20, "seeds": (0, 1)}


def test_a_frozen_net_offers_only_gamma_and_beta():
    model = mlp(0, depth=2, width=8, norm=BatchNorm, linear=FrozenLinear)
    assert list(model.parameters()) == ["1.weight", "1.bias", "4.weight", "4.bias"]
    assert all(isinstance(model[int(name[0])], BatchNorm) for name in model.parameters())


def test_steps_are_counted_in_looks_up_to_the_limit():
    for steps in steps_to_target(**QUICK, lr=0.1).values():
        assert steps.shape == (2,)
        assert set(steps) <= {5, 10, 15, 20}


def test_the_target_is_reached_at_the_first_look_that_shows_it():
    # Any accuracy is at least 0.
    for steps in steps_to_target(**QUICK | {"target": 0.0}, every=10).values():
        assert_array_equal(steps, [10, 10])


def test_a_target_out_of_reach_counts_as_the_limit():
    for steps in steps_to_target(**QUICK | {"target": 1.1}).values():
        assert_array_equal(steps, [20, 20])


def test_a_search_that_diverged_counts_as_the_limit():
    deep = {"depth": 4, "width": 30, "std": 5.0, "lr": 1e6}
    table = steps_to_target(**QUICK | deep | {"target": 0.0}, every=10)
    assert_array_equal(table["plain"], [20, 20])


def test_the_learning_rate_is_chosen_by_the_other_seeds():
    assert_array_equal(at_chosen_rate(np.array([[80, 200], [40, 300]])), [80, 300])
    assert_array_equal(at_chosen_rate(np.array([[10, 90], [30, 25]])), [30, 90])


def test_of_two_rates_that_suit_the_others_alike_the_smaller_is_chosen():
    assert_array_equal(at_chosen_rate(np.array([[10, 20, 20], [30, 20, 20]]))[0], 10)


def test_a_single_rate_leaves_no_choice():
    assert_array_equal(at_chosen_rate(np.array([[80, 200, 40]])), [80, 200, 40])


def test_a_diverged_run_counts_as_chance():
    net = {"depth": 4, "width": 30, "std": 5.0, "rows": ("plain",), "seeds": (0,)}
    row = trained(**net, lr=1e6, steps=20)["plain"]
    assert_array_equal(row["accuracy"], [0.1])
    assert not np.isfinite(row["train_loss"]).any()


def test_overfitting_shows_as_a_gap_of_both_losses():
    few = {"depth": 2, "width": 30, "samples": 30, "batch_size": 10, "steps": 200}
    row = trained(**few, rows=("BN",), seeds=(0,))["BN"]
    assert row["train_loss"][0] < 0.1 < row["test_loss"][0]


def test_ghost_batches_make_another_training_than_the_whole_batch():
    table = trained(depth=1, width=20, steps=10, seeds=(0,))
    assert abs(table["ghost BN"]["test_loss"] - table["BN"]["test_loss"])[0] > 1e-3


def test_what_learns_is_what_was_asked_for():
    small = {"depth": 1, "width": 20, "steps": 30, "seeds": (0,)}
    still = partly_trained(**small, lr=1e-12)
    moved = partly_trained(**small)
    assert len({values.item() for values in still.values()}) == 1
    assert all(moved[row] > still[row] for row in moved)
    assert moved["gamma, beta and head"] > moved["gamma and beta"]


def test_the_norms_that_learn_are_counted_from_the_lowest():
    small = {"depth": 2, "width": 60, "steps": 80, "seeds": (0,)}
    none, one, both, every = (
        partly_trained(**small, rows=("gamma and beta",), learning_norms=few)[
            "gamma and beta"
        ]
        for few in (0, 1, 2, None)
    )
    assert_array_equal(both, every)
    assert none + 0.1 < one < both - 0.1


def test_the_gradient_of_every_block_is_kept_and_that_of_the_top():
    squared = gradient(rows=("BN",), depth=6, width=10, batch_size=20)["BN"]
    assert squared.shape == (3, 7)
    # The sum of 200 squares of standard normal numbers, sd 20.
    assert_allclose(squared[:, -1], 200, atol=100)


def test_a_skip_adds_the_gradient_that_goes_around():
    small = {"rows": ("plain",), "depth": 6, "batch_size": 20, "seeds": (0, 1)}
    chain, skips = (gradient(**small, skips=value)["plain"] for value in (False, True))
    assert_array_equal(chain[:, -1], skips[:, -1])
    assert (skips[:, 0] > 4 * chain[:, 0]).all()


def test_growth_is_the_geometric_mean_over_the_blocks_that_count():
    squared = np.array([[1000.0, 100.0, 8.0, 2.0, 2.0], [1e5, 1e3, 18.0, 3.0, 2.0]])
    assert_allclose(growth(squared, lowest=2), [2.0, 3.0])
