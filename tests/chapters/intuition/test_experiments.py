import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from bn_lib.chapters.intuition.experiments import (
    along_gradient,
    curves,
    hidden_rate,
    landscape,
    moves,
    scaled,
    shrunk,
    weight_decay,
)
from bn_lib.chapters.intuition.layers import Noise
from bn_lib.course.experiment import fit
from bn_lib.gradcheck import numerical_gradient
from bn_lib.layers import BatchNorm, Linear, Sequential
from bn_lib.models import mlp
from bn_lib.training import cross_entropy

SMALL = {"depth": 2, "width": 8}


def test_noise_is_new_at_each_step_and_gone_in_eval():
    noise = Noise(np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(5, 4))
    assert np.abs(noise(x) - noise(x)).max() > 0.01
    assert_array_equal(noise.eval()(x), x)


def test_noise_shifts_all_samples_of_a_unit_together():
    y = Noise(np.random.default_rng(0))(np.zeros((2000, 50)))
    assert np.abs(y).max() <= 0.6
    assert np.ptp(y, axis=0).max() <= 0.2
    assert np.std(y.mean(axis=0)) > 0.2  # U(-0.5, 0.5) has 0.29


def test_noise_scales_the_samples_of_a_unit_around_its_own_factor():
    large = np.full((2000, 50), 1e6)
    scale = Noise(np.random.default_rng(0))(large) / large
    assert_allclose(scale.std(axis=0), 0.1, rtol=0.1)
    unit = scale.mean(axis=0)
    assert 0.99 < unit.min() < 1.05
    assert 1.2 < unit.max() < 1.26


def test_the_backward_of_noise_agrees_with_numerical_differences():
    x, dout = np.random.default_rng(1).normal(size=(2, 5, 4))

    def repeated(values):
        return Noise(np.random.default_rng(7))(values)

    noise = Noise(np.random.default_rng(7))
    noise(x)
    expected = numerical_gradient(repeated, x, dout)
    assert_allclose(noise.backward(dout), expected, rtol=1e-6, atol=1e-9)


def test_along_the_gradient_stands_the_loss_that_a_step_leads_to():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(6, 3)), rng.integers(0, 4, 6)
    model = Sequential(Linear(3, 4, rng=rng))
    before = model.state_dict()
    found = along_gradient(model, x, y, (0.1,))
    for name, value in model.state_dict().items():
        assert_array_equal(value, before[name])

    def loss_and_gradient():
        loss, dlogits = cross_entropy(model(x), y)
        model.backward(dlogits)
        return loss, np.concatenate([g.ravel() for g in model.gradients().values()])

    loss, start = loss_and_gradient()
    for name, value in model.parameters().items():
        value -= 0.1 * model.gradients()[name]
    stepped, there = loss_and_gradient()
    distance = np.linalg.norm(there - start)
    expected = (abs(stepped - loss), distance, distance / np.linalg.norm(start), loss)
    assert_allclose(found, expected, rtol=1e-12)


def test_looking_along_the_gradient_does_not_disturb_the_training():
    often = landscape(**SMALL, steps=9, every=2, seeds=(0,))
    seldom = landscape(**SMALL, steps=9, every=8, seeds=(0,))
    for net in ("plain", "BN"):
        assert often[net]["loss"].shape == (1, 5)
        assert_array_equal(often[net]["loss"][:, 4], seldom[net]["loss"][:, 1])


def test_curves_have_one_point_for_each_measurement():
    table = curves(**SMALL, rows=("plain", "BN + noise"), steps=10, every=4)
    assert list(table) == ["plain", "BN + noise"]
    assert table["plain"].shape == (3, 2)


def test_noise_is_off_and_out_of_the_statistics_when_accuracy_is_measured():
    # After a step of 0 the net is the same but for the statistics stored in the step.
    still = curves(rows=("BN", "BN + noise"), lr=0.0, steps=1, every=1, seeds=(0,))
    assert_array_equal(still["BN + noise"], still["BN"])


def test_noise_changes_the_training():
    table = curves(**SMALL, rows=("BN", "BN + noise"), steps=8, every=4)
    assert np.abs(table["BN"] - table["BN + noise"]).max() > 0.01


def test_inputs_move_by_the_noise_alone_where_nothing_is_learned():
    still = moves(**SMALL, lr=0.0, steps=20, seeds=(0,))
    for row in ("plain", "BN"):
        assert still[row]["step"] == still[row]["whole"] == 0.0
    # Two draws from U(-0.5, 0.5) are 1/3 apart on average; the std is about 1.13.
    assert_allclose(still["BN + noise"]["step"], 1 / 3 / 1.13, rtol=0.2)


def test_inputs_move_further_in_the_whole_training_than_in_a_step():
    row = moves(**SMALL, rows=("plain",), steps=20, seeds=(0, 1))["plain"]
    assert row["step"].shape == (2,)
    assert (row["whole"] > 2 * row["step"]).all()


def test_a_training_that_diverged_counts_as_chance():
    deep = {"depth": 10, "width": 64, "rows": ("plain",), "seeds": (0,)}
    assert_array_equal(curves(**deep, lr=1e6, steps=20, every=10)["plain"], [[0.1, 0.1]])


def test_a_plain_relu_net_whose_biases_are_zero_grows_with_each_layer():
    change = scaled(**SMALL, seeds=(0, 1))["plain"]["output_change"]
    assert change.shape == (2, 2)
    assert_allclose(change, 9.0)


def test_a_factor_of_one_changes_nothing():
    for row in scaled(**SMALL, factor=1.0, seeds=(0,)).values():
        assert_allclose(row["gradient_ratio"], 1.0, rtol=1e-12)
        assert_array_equal(row["output_change"], 0.0)


def test_tiny_weights_change_the_output_only_through_eps():
    tiny = {"rows": ("BN",), "shrink": 1e-3, "seeds": (0,)}
    assert scaled(**SMALL, **tiny)["BN"]["output_change"].max() > 0.1
    assert scaled(**SMALL, **tiny, eps=1e-20)["BN"]["output_change"].max() < 1e-9


def test_equal_rates_are_ordinary_training():
    model = mlp(3, **SMALL, norm=BatchNorm)
    history = fit(model, 3, steps=10, batch_size=60, lr=0.2)
    error = hidden_rate(**SMALL, rows=("BN",), hidden_lr=0.2, lr=0.2, steps=10, seeds=(3,))
    assert_allclose(error["BN"], 1 - history.test_accuracy, rtol=1e-12)


def test_a_far_too_large_step_only_makes_weights_before_batch_norm_long():
    options = {"hidden_lr": 100.0, "depth": 2, "width": 20, "steps": 60, "seeds": (0,)}
    error = hidden_rate(**options)
    assert error["BN"] < 0.2
    assert error["plain"] > 0.7


def test_no_decay_and_no_growth_are_the_same_training():
    table = weight_decay(**SMALL, decay=0.0, steps=5, seeds=(0,))
    for row in ("BN, decay", "BN, growing rate"):
        assert_array_equal(table[row]["loss"], table["BN"]["loss"])


def test_a_growing_rate_leads_where_decay_leads():
    table = weight_decay(**SMALL, decay=0.3, steps=10, seeds=(0,))
    decayed, instead, without = (
        table[row]["loss"] for row in ("BN, decay", "BN, growing rate", "BN")
    )
    assert np.abs(without - decayed).max() > 0.01
    assert_allclose(instead, decayed, atol=1e-4)  # eps is the only difference


def test_decay_and_a_growing_rate_end_with_the_same_effective_rate():
    table = weight_decay(**SMALL, decay=0.3, steps=10, seeds=(0,))
    decayed, instead, without = (
        table[row]["effective_lr"] for row in ("BN, decay", "BN, growing rate", "BN")
    )
    # The last step shrinks the weights by 3%, and no later rate makes up for it.
    assert_allclose(instead, decayed, rtol=0.04)
    assert (decayed > 1.5 * without).all()


def test_the_effective_rate_is_lr_over_the_squared_length_of_the_weights():
    row = weight_decay(**SMALL, steps=5, seeds=(0,))["BN"]
    assert_allclose(row["effective_lr"], 0.1 / row["weight_norm"] ** 2, rtol=1e-12)


def test_decay_multiplies_the_weights_where_the_gradient_is_nothing():
    rows = ("plain", "plain, decay")
    still = weight_decay(**SMALL, rows=rows, lr=1e-12, decay=1e10, steps=3, seeds=(0,))
    without, decayed = (still[row]["weight_norm"] for row in rows)
    assert_allclose(decayed / without, 0.99**3, rtol=1e-9)


def test_the_angle_settles_where_the_law_says_with_batch_norm_alone():
    net = {"width": 20, "lr": 0.3, "decay": 0.1, "steps": 300, "seeds": (0,)}
    table = weight_decay(**net, rows=("plain, decay", "BN, decay"))
    predicted = np.sqrt(2 * 0.3 * 0.1)
    assert_allclose(table["BN, decay"]["angle"], predicted, rtol=0.1)
    assert (table["plain, decay"]["angle"] < 0.7 * predicted).all()


def test_smaller_weights_leave_the_batch_norm_net_as_it_is():
    row = shrunk(**SMALL, rows=("BN, batch statistics",), steps=50)["BN, batch statistics"]
    assert row["logits"].max() < 1e-3
    assert_array_equal(row["classes"], 0.0)


def test_smaller_weights_change_logits_more_than_classes_in_the_plain_net():
    row = shrunk(rows=("plain",), seeds=(0,))["plain"]
    assert row["logits"].min() > 0.5
    assert row["classes"].max() < 0.1


def test_with_stored_statistics_smaller_weights_change_the_classes():
    row = shrunk(**SMALL, rows=("BN, stored statistics",), steps=50)
    assert row["BN, stored statistics"]["classes"].mean() > 0.3


def test_a_factor_of_one_changes_no_logit():
    for row in shrunk(**SMALL, factor=1.0, steps=5, seeds=(0,)).values():
        assert_array_equal(row["logits"], 0.0)
