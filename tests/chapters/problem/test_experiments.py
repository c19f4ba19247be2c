from copy import deepcopy
from functools import partial
from itertools import combinations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bn_lib.chapters.problem.experiments import (
    centering,
    deep_linear,
    drift,
    first_record,
    gradient_change,
    input_percentiles,
    layer_growth,
    signal,
    travel,
)
from bn_lib.data import load_digits
from bn_lib.layers import BatchNorm, Linear, Sequential
from bn_lib.models import mlp
from bn_lib.training import cross_entropy

SHORT = {"steps": 4, "every": 2, "depth": 2, "width": 6, "seeds": (3, 4)}


def batch(rng):
    x = rng.normal(size=(12, 64))
    return x, partial(cross_entropy, labels=rng.integers(10, size=12))


def test_drift_has_one_entry_for_each_seed_record_and_layer():
    for row in drift(**SHORT).values():
        for column in ("incoming", "sums", "inputs"):
            assert row[column].shape == (2, 3, 2, 3, 6)
            assert travel(row[column]).shape == (2, 2)
        assert row["gradient_change"].shape == (2, 3, 2, 3)
        assert row["loss"].shape == (2, 3)
        assert row["accuracy"].shape == (2,)


def test_without_batch_norm_the_sums_are_the_inputs():
    table = drift(**SHORT)
    assert_array_equal(table["plain"]["sums"], table["plain"]["inputs"])
    assert np.abs(table["BN"]["sums"] - table["BN"]["inputs"]).max() > 0.1


def test_what_comes_into_the_first_layer_never_moves():
    for row in drift(**SHORT).values():
        incoming = row["incoming"]
        assert_array_equal(travel(incoming)[:, 0], 0.0)
        assert (travel(incoming)[:, 1] > 0.0).all()
        assert_array_equal(incoming[:, 0], row["sums"][:, 0])


def test_centered_pixels_have_no_mean_image_that_small_weights_pass_on():
    def first_medians(centered):
        sums = drift(**SHORT, centered=centered)["plain"]["sums"]
        return np.abs(sums[:, 0, 0, 1])  # of the first layer, before training

    assert first_medians(centered=True).mean() < first_medians(centered=False).mean() / 3


def test_different_seeds_give_different_runs():
    inputs = drift(**SHORT)["plain"]["inputs"]
    assert np.abs(inputs[0] - inputs[1]).max() > 0.01


def moved_by(shift):
    """Percentiles of one unit, -1, 0 and 1 at first, then moved by `shift`."""
    start = np.array([-1.0, 0.0, 1.0])[:, None]
    return np.stack([start, start + shift])[None, :, None]  # (1, 2, 1, 3, 1)


def test_a_distribution_that_moves_by_its_half_width_travels_one():
    assert_allclose(travel(moved_by(1.0)), [[1.0]], atol=1e-12)


def test_a_distribution_that_stays_travels_nothing():
    assert_array_equal(travel(moved_by(0.0)), [[0.0]])


def test_travel_may_end_at_another_record_for_each_seed():
    record = np.array([-1.0, 0.0, 1.0])[:, None] + np.arange(4.0)[:, None, None]
    q = np.stack([record, record])[:, :, None]  # (2, 4, 1, 3, 1): a half-width each
    assert_allclose(travel(q, np.array([1, 2])), [[1.0], [2.0]])
    assert_allclose(travel(q), [[3.0], [3.0]])


LOSS = np.array([[2.0, 1.0, 3.0, 0.5], [2.0, 1.5, 0.9, 0.5]])


def test_the_first_record_that_reaches_a_loss_is_found_for_each_seed():
    assert_array_equal(first_record(LOSS, 1.0), [1, 2])


def test_a_loss_that_a_seed_never_reaches_says_so():
    with pytest.raises(ValueError, match=r"reach a loss of 0\.1, got 0\.5"):
        first_record(LOSS, 0.1)


def test_the_loss_at_the_start_is_that_of_the_untrained_net():
    chance = drift(**SHORT, std=1e-9)["plain"]["loss"][:, 0]
    assert_allclose(chance, np.log(10), rtol=1e-6)


def test_more_probes_change_the_gradients_alone():
    one, three = (drift(**SHORT, probes=n)["BN"] for n in (1, 3))
    assert_array_equal(one["inputs"], three["inputs"])
    assert np.abs(one["gradient_change"] - three["gradient_change"]).max() > 1e-3


def test_the_deep_linear_net_learns_and_changes_its_gradients():
    for row in deep_linear(depth=3, steps=40, every=20, seeds=(3,)).values():
        assert row["gradient_change"].shape == (1, 2, 2, 3)
        assert row["loss"][0, -1] < row["loss"][0, 0]


def test_percentiles_after_batch_norm_ignore_the_size_of_the_weights():
    rng = np.random.default_rng(0)
    model = mlp(rng, depth=2, width=5, std=1.0, norm=BatchNorm)
    x = rng.normal(size=(30, 64))
    _, _, before = input_percentiles(model, model, x)
    model[0].weight *= 100.0
    _, sums, after = input_percentiles(model, model, x)
    # eps is the only difference.
    assert_allclose(after, before, atol=1e-4)
    assert np.abs(sums[0]).max() > 100.0


@pytest.mark.parametrize("norm", [None, BatchNorm])
def test_measuring_leaves_the_model_as_it_was(norm):
    rng = np.random.default_rng(0)
    model = mlp(rng, activation="sigmoid", norm=norm, width=8).eval()
    x, loss = batch(rng)
    before = deepcopy(model.state_dict())
    gradient_change(model, x, loss, lr=0.5)
    input_percentiles(model, deepcopy(model), x)
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


def test_a_signal_of_zero_weights_is_zero():
    assert_array_equal(signal(std=0.0, depth=3, seeds=(0,))["plain"]["signal"], [[0, 0, 0]])


def test_the_weights_std_multiplies_the_signal_once_a_layer():
    small, large = (signal(std=s, depth=4, seeds=(1,))["plain"] for s in (0.1, 0.2))
    # ReLU without bias: doubling all weights doubles each layer once more.
    assert_allclose(large["signal"] / small["signal"], [[2, 4, 8, 16]], rtol=1e-9)
    assert_allclose(large["cosine"], small["cosine"], rtol=1e-9)


def test_small_weights_shrink_the_signal_forward_and_the_gradient_backward():
    row = signal(std=0.01, depth=6, seeds=(0,))["plain"]
    assert layer_growth(row["signal"]) < 0.1
    assert layer_growth(row["gradient"]) > 10


def test_the_growth_per_layer_is_the_geometric_mean():
    sizes = np.array([[1.0, 10.0, 4.0], [3.0, 1.0, 27.0]])
    assert_allclose(layer_growth(sizes), [2.0, 3.0])


def test_batch_norm_fixes_the_size_of_what_an_activation_receives_up_to_eps():
    weak = {"rows": ("BN",), "std": 1e-4, "depth": 3, "seeds": (0,)}
    assert_allclose(signal(**weak, eps=1e-20)["BN"]["received"], 1.0, rtol=1e-9)
    assert signal(**weak)["BN"]["received"].max() < 0.1


def test_the_mean_cosine_is_that_over_all_pairs_of_samples():
    net = {"std": 1.0, "depth": 1, "width": 5, "batch_size": 4}
    cosine = signal(**net, rows=("plain",), seeds=(2,))["plain"]["cosine"]
    data, rng = load_digits(centered=True), np.random.default_rng(2)
    model = mlp(rng, depth=1, width=5, std=1.0)
    batch = rng.choice(len(data.x_train), 4, replace=False)
    y = np.maximum(data.x_train[batch] @ model[0].weight.T, 0.0)
    pairs = [
        y[i] @ y[j] / (np.linalg.norm(y[i]) * np.linalg.norm(y[j]))
        for i, j in combinations(range(4), 2)
    ]
    assert_allclose(cosine, [[np.mean(pairs)]], rtol=1e-12)


def drawn_pixels(net, seed=2):
    data, rng = load_digits(centered=True), np.random.default_rng(seed)
    model = mlp(rng, depth=net["depth"], width=net["width"], std=net["std"])
    return model, data.x_train[rng.choice(len(data.x_train), net["batch_size"], False)]


def test_the_line_is_the_sum_of_squared_shares_in_the_variance():
    net = {"std": 1.0, "depth": 1, "width": 5, "batch_size": 8}
    found = signal(**net, rows=("plain",), seeds=(2,))["plain"]["line"]
    model, x = drawn_pixels(net)
    shares = np.linalg.eigvalsh(np.cov(np.maximum(x @ model[0].weight.T, 0.0).T))
    assert_allclose(found, [[np.sum((shares / shares.sum()) ** 2)]], rtol=1e-9)


def test_the_likeness_is_the_correlation_of_cosines_with_those_of_the_pixels():
    net = {"std": 1.0, "depth": 1, "width": 5, "batch_size": 8}
    found = signal(**net, rows=("plain",), seeds=(2,))["plain"]["likeness"]
    model, x = drawn_pixels(net)

    def cosines(y):
        return [
            y[i] @ y[j] / (np.linalg.norm(y[i]) * np.linalg.norm(y[j]))
            for i, j in combinations(range(8), 2)
        ]

    outputs = np.maximum(x @ model[0].weight.T, 0.0)
    assert_allclose(found, [[np.corrcoef(cosines(outputs), cosines(x))[0, 1]]], rtol=1e-9)


def test_each_way_to_feed_the_pixels_trains_another_net():
    table = centering(lr=0.1, steps=10, every=10, seeds=(0,))
    assert len({row["accuracy"][0] for row in table.values()}) == len(table) == 4


def test_a_training_on_raw_pixels_that_diverged_counts_as_chance():
    broken = {"lr": 1e6, "steps": 20, "every": 10, "seeds": (0,)}
    assert_array_equal(centering(rows=("plain",), **broken)["plain"]["accuracy"], [0.1])


def test_units_that_are_off_for_every_image_are_dead():
    table = centering(lr=1.0, steps=60, every=60, seeds=(0,))
    dead = {name: row["dead"][0] for name, row in table.items()}
    assert dead["plain"] > 0.3
    assert dead["BN"] == 0.0
    sigmoid = centering(rows=("plain",), activation="sigmoid", steps=1, every=1, seeds=(0,))
    assert sigmoid["plain"]["dead"] == 0.0
