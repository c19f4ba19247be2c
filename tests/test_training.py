import subprocess
import sys
import time
from unittest import mock

import numpy as np
import pytest
import torch

from bn_lib.data import load_digits, spirals, two_moons
from bn_lib.layers import BatchNorm, Linear, ReLU, Residual, Sequential, Sigmoid
from bn_lib.training import (
    SGD,
    accuracy,
    batches,
    cross_entropy,
    evaluating,
    progress,
    train,
)


def small_net(seed=0):
    rng = np.random.default_rng(seed)
    return Sequential(Linear(2, 16, rng=rng), BatchNorm(16), ReLU(), Linear(16, 2, rng=rng))


def sigmoid_net(inputs, classes, *, norm, seed):
    rng = np.random.default_rng(seed)
    layers = []
    for width in (inputs, 32, 32, 32):
        layers += [Linear(width, 32, std=0.1, rng=rng)]
        layers += [BatchNorm(32)] if norm else []
        layers += [Sigmoid()]
    return Sequential(*layers, Linear(32, classes, std=0.1, rng=rng))


def moons():
    return two_moons(200, 0.1, np.random.default_rng(0))


def snapshot(model):
    return {name: value.copy() for name, value in model.state_dict().items()}


def assert_same_state(model, before):
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


# Cross-entropy


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_cross_entropy_agrees_with_torch(scale):
    rng = np.random.default_rng(0)
    logits, labels = scale * rng.normal(size=(7, 5)), rng.integers(0, 5, 7)
    loss, dlogits = cross_entropy(logits, labels)
    theirs = torch.tensor(logits, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(theirs, torch.tensor(labels))
    expected.backward()
    np.testing.assert_allclose(loss, expected.item(), rtol=1e-12)
    np.testing.assert_allclose(dlogits, theirs.grad.numpy(), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("offset", [1e3, 1e8])
def test_an_equal_shift_of_all_logits_changes_nothing(offset):
    logits = np.array([[1.0, -2.0, 0.5], [0.0, 0.25, 4.0]])
    loss, dlogits = cross_entropy(logits, np.array([0, 1]))
    moved, dmoved = cross_entropy(logits + offset, np.array([0, 1]))
    np.testing.assert_allclose(moved, loss, rtol=1e-12)
    np.testing.assert_allclose(dmoved, dlogits, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_gradient_has_the_dtype_of_the_logits(dtype):
    loss, dlogits = cross_entropy(
        np.array([[60000, -60000], [3, 3]], dtype), np.array([1, 0])
    )
    assert isinstance(loss, float)
    assert dlogits.dtype == dtype
    # float16 holds 60000 as 60000: half of 120000, half of log 2
    np.testing.assert_allclose(loss, 60000 + np.log(2) / 2, rtol=1e-6)


def test_neither_logits_nor_labels_are_changed():
    logits, labels = np.arange(6.0).reshape(2, 3), np.array([0, 2])
    cross_entropy(logits, labels)
    assert logits.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert labels.tolist() == [0, 2]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_logit_that_is_not_finite_gives_a_nan_loss_without_a_warning(bad):
    loss, _ = cross_entropy(np.array([[bad, 0.0]]), np.array([1]))
    assert np.isnan(loss)


@pytest.mark.parametrize(
    ("logits", "labels", "error", "message"),
    [
        (np.ones(3), np.zeros(3, int), ValueError, r"shape \(N, K\).*got \(3,\)"),
        (np.ones((0, 3)), np.zeros(0, int), ValueError, r"got \(0, 3\)"),
        (np.ones((2, 3), int), np.zeros(2, int), TypeError, "float logits, got int64"),
        (np.ones((2, 3)), np.eye(3, dtype=int)[:2], ValueError, r"one-hot.*argmax"),
        (np.ones((2, 3)), np.zeros(2), TypeError, "integer labels, got float64"),
        (np.ones((2, 3)), np.array([0, 3]), ValueError, "0 to 2, got 0 to 3"),
        (np.ones((2, 3)), np.array([-1, 0]), ValueError, "0 to 2, got -1 to 0"),
    ],
)
def test_cross_entropy_names_what_is_wrong(logits, labels, error, message):
    with pytest.raises(error, match=message):
        cross_entropy(logits, labels)


# Accuracy and modes


def test_accuracy_counts_the_rows_whose_largest_logit_is_right():
    logits = np.array([[0.1, 0.9], [0.8, 0.2], [0.7, 0.3], [0.0, np.nan]])
    assert accuracy(ReLU(), logits, np.array([1, 0, 1, 1])) == 0.5


def test_accuracy_uses_running_statistics_and_leaves_them_alone():
    model, data = small_net(), moons()
    before = snapshot(model)
    whole = accuracy(model, data.x_test, data.y_test)
    one_by_one = [
        accuracy(model, data.x_test[i : i + 1], data.y_test[i : i + 1]) for i in range(200)
    ]
    np.testing.assert_allclose(whole, np.mean(one_by_one), rtol=1e-12)
    assert_same_state(model, before)


def test_every_part_gets_its_own_mode_back():
    frozen = BatchNorm(2).eval()
    model = Sequential(Residual(frozen, ReLU()), Linear(2, 2))
    with evaluating(model):
        assert not any(layer.training for layer in model.modules())
    assert [layer for layer in model.modules() if not layer.training] == [frozen]


def test_modes_come_back_after_an_error_too():
    model = small_net()
    with pytest.raises(ValueError, match="got x of shape"):
        accuracy(model, np.ones((3, 5)), np.zeros(3, int))
    assert all(layer.training for layer in model.layers)


# SGD


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_sgd_walks_exactly_as_torch_does(momentum, weight_decay):
    rng = np.random.default_rng(0)
    layer = Linear(3, 2, rng=rng)
    theirs = torch.nn.Linear(3, 2, dtype=torch.float64)
    theirs.load_state_dict({k: torch.tensor(v) for k, v in layer.state_dict().items()})
    settings = {"lr": 0.3, "momentum": momentum, "weight_decay": weight_decay}
    ours, other = SGD(layer, **settings), torch.optim.SGD(theirs.parameters(), **settings)
    for _ in range(6):
        x, dout = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
        layer.forward(x)
        layer.backward(dout)
        ours.step()
        other.zero_grad()
        (theirs(torch.tensor(x)) * torch.tensor(dout)).sum().backward()
        other.step()
        for name, value in theirs.state_dict().items():
            mine = layer.parameters()[name]
            np.testing.assert_allclose(mine, value.numpy(), rtol=1e-12, err_msg=name)


def test_sgd_keeps_float32_parameters_float32():
    layer = Linear(3, 2, dtype=np.float32)
    layer.backward(layer.forward(np.ones((4, 3), np.float32)))
    SGD(layer, 0.1, momentum=0.9, weight_decay=0.1).step()
    assert layer.weight.dtype == np.float32


def test_a_step_before_any_backward_changes_nothing():
    model = small_net()
    before = snapshot(model)
    with pytest.raises(ValueError, match=r"expected a backward pass.*got none"):
        SGD(model, 0.1, weight_decay=0.1).step()
    assert_same_state(model, before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lr": -0.1}, r"lr in \[0, inf\), got -0.1"),
        ({"lr": np.nan}, "lr in .*got nan"),
        ({"lr": 0.1, "momentum": 1.0}, r"momentum in \[0, 1\), got 1.0"),
        ({"lr": 0.1, "weight_decay": -1}, "weight_decay in .*got -1"),
    ],
)
def test_sgd_refuses_settings_out_of_range(settings, message):
    with pytest.raises(ValueError, match=message):
        SGD(small_net(), **settings)


# train


def test_the_same_rng_gives_the_same_history_and_model():
    runs = []
    for _ in range(2):
        model = small_net()
        history = train(model, moons(), steps=30, batch_size=20, lr=0.5, eval_every=10)
        runs.append((model, history))
    (model, first), (_, second) = runs
    assert np.array_equal(first.loss, second.loss)
    assert np.array_equal(first.test_accuracy, second.test_accuracy)
    assert_same_state(model, runs[1][0].state_dict())


def test_another_rng_gives_another_history():
    def losses(seed):
        rng = np.random.default_rng(seed)
        return train(small_net(), moons(), steps=5, batch_size=20, lr=0.5, rng=rng).loss

    assert not np.array_equal(losses(1), losses(2))


def test_history_says_when_the_accuracy_was_measured_and_ends_with_the_last_step():
    model, data = small_net(), moons()
    history = train(model, data, steps=25, batch_size=20, lr=0.1, eval_every=10)
    assert history.loss.shape == (25,)
    assert history.steps.tolist() == [10, 20, 25]
    assert history.test_accuracy.shape == (3,)
    assert history.test_accuracy[-1] == accuracy(model, data.x_test, data.y_test)
    assert history.diverged is False


def test_measuring_the_accuracy_does_not_disturb_the_training():
    often = train(small_net(), moons(), steps=20, batch_size=20, lr=0.5, eval_every=1)
    once = train(small_net(), moons(), steps=20, batch_size=20, lr=0.5, eval_every=20)
    assert np.array_equal(often.loss, once.loss)


def test_an_epoch_is_a_permutation_without_a_ragged_batch():
    endless = batches(10, 4, np.random.default_rng(0))
    first, second, third = (next(endless) for _ in range(3))
    assert len(first) == len(second) == len(third) == 4
    assert len({*first, *second}) == 8
    assert not np.array_equal(third, first)


@pytest.mark.parametrize(
    ("samples", "batch_size", "message"),
    [
        (3, 4, "at most 3.*got 4"),
        (3, 0, "batch_size to be at least 1"),
        (0, 1, "samples to be at least 1"),
    ],
)
def test_batches_that_would_never_come_are_refused_at_once(samples, batch_size, message):
    with pytest.raises(ValueError, match=message):
        batches(samples, batch_size, np.random.default_rng(0))


def test_the_loss_is_that_before_the_update():
    model, data = small_net(), moons()
    expected, _ = cross_entropy(small_net().forward(data.x_train), data.y_train)
    history = train(model, data, steps=1, batch_size=200, lr=0.5)
    np.testing.assert_allclose(history.loss, [expected], rtol=1e-12)


def test_on_step_sees_each_update():
    seen = []
    weight = small_net().layers[0].weight

    def on_step(step, model):
        seen.append((step, np.array_equal(model.layers[0].weight, weight)))

    train(small_net(), moons(), steps=3, batch_size=20, lr=0.5, on_step=on_step)
    assert seen == [(1, False), (2, False), (3, False)]


def test_the_model_is_left_in_training_mode():
    model = small_net().eval()
    train(model, moons(), steps=1, batch_size=20, lr=0.5)
    assert all(layer.training for layer in model.layers)


def test_momentum_and_weight_decay_reach_the_optimizer():
    settings = {"steps": 5, "batch_size": 20, "lr": 0.1}
    plain = train(small_net(), moons(), **settings).loss
    assert not np.array_equal(
        train(small_net(), moons(), **settings, momentum=0.9).loss, plain
    )
    decayed = train(small_net(), moons(), **settings, weight_decay=0.1).loss
    assert not np.array_equal(decayed, plain)


@pytest.mark.parametrize("norm", [False, True])
def test_divergence_ends_training_quietly_and_is_told(norm):
    rng = np.random.default_rng(0)
    middle = [BatchNorm(4), ReLU()] if norm else [ReLU()]
    model = Sequential(Linear(2, 4, rng=rng), *middle, Linear(4, 2, rng=rng))
    history = train(model, moons(), steps=50, batch_size=20, lr=1e300)
    assert history.diverged is True
    assert 1 <= len(history.loss) < 50
    assert not np.isfinite(history.loss[-1])
    assert np.all(np.isfinite(history.loss[:-1]))
    assert history.steps.tolist() == [len(history.loss) - 1]
    assert np.isfinite(history.test_accuracy[-1])


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"steps": 0}, ValueError, "steps to be at least 1, got 0"),
        ({"steps": 2.5}, TypeError, "steps to be a positive int, got 2.5"),
        ({"batch_size": 201}, ValueError, "at most 200.*got 201"),
        ({"batch_size": 0}, ValueError, "batch_size to be at least 1, got 0"),
        ({"eval_every": 0}, ValueError, "eval_every to be at least 1, got 0"),
        ({"lr": -1.0}, ValueError, "lr in .*got -1.0"),
    ],
)
def test_train_refuses_bad_settings_and_leaves_the_model_alone(settings, error, message):
    model = small_net().eval()
    before = snapshot(model)
    good = {"steps": 5, "batch_size": 20, "lr": 0.1}
    with pytest.raises(error, match=message):
        train(model, moons(), **{**good, **settings})
    assert_same_state(model, before)
    assert not model.training


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_batch_norm_trains_a_sigmoid_net_that_stands_still_without_it(seed):
    data = spirals(600, 3, 0.02, np.random.default_rng(seed))
    reached = {}
    for norm in (False, True):
        model = sigmoid_net(2, 3, norm=norm, seed=seed)
        history = train(model, data, steps=600, batch_size=60, lr=1.0, eval_every=600)
        reached[norm] = history.test_accuracy[-1]
    assert reached[False] < 0.5, reached
    assert reached[True] > 0.8, reached


def test_batch_norm_learns_the_digits_within_a_few_hundred_steps():
    model = sigmoid_net(64, 10, norm=True, seed=0)
    history = train(model, load_digits(), steps=300, batch_size=60, lr=0.5, eval_every=300)
    assert history.test_accuracy[-1] > 0.9


# Progress bar


class Terminal:
    def isatty(self):
        return True


WATCHED = ("JPY_SESSION_NAME", "VSCODE_PID", "COLAB_RELEASE_TAG")


@pytest.fixture
def alone(monkeypatch):
    """An environment that nobody watches: no pytest, no kernel, no terminal."""
    for name in ("PYTEST_VERSION", "BN_LIB_PROGRESS", *WATCHED):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    return monkeypatch


def shows(show=None):
    """Whether a bar is made: the steps here are too few for it to appear."""
    with mock.patch("tqdm.tqdm", mock.MagicMock()) as bar, progress(3, show) as advance:
        advance()
    return bar.called


def test_pytest_silences_the_bar_even_in_a_terminal(alone):
    alone.setattr(sys, "stderr", Terminal())
    assert shows()
    alone.setenv("PYTEST_VERSION", "9")
    assert not shows()


def test_the_bar_shows_in_a_terminal_and_not_in_a_pipe(alone):
    assert not shows()
    alone.setattr(sys, "stderr", Terminal())
    assert shows()


@pytest.mark.parametrize("name", WATCHED)
def test_in_a_kernel_the_bar_shows_only_if_someone_opened_it(alone, name):
    alone.setitem(sys.modules, "ipykernel", sys)
    alone.setattr(sys, "stderr", Terminal())
    assert not shows()
    alone.setenv(name, "1")
    assert shows()
    alone.setenv("PYTEST_VERSION", "9")
    assert not shows()


def test_the_variable_beats_the_guess_and_the_argument_beats_both(alone):
    alone.setenv("BN_LIB_PROGRESS", "1")
    assert shows()
    assert not shows(False)
    alone.setenv("BN_LIB_PROGRESS", "0")
    alone.setattr(sys, "stderr", Terminal())
    assert not shows()
    assert shows(True)


def test_the_bar_counts_the_steps_and_erases_itself(capsys, alone):
    train(
        small_net(),
        moons(),
        steps=3,
        batch_size=20,
        lr=0.1,
        progress=True,
        on_step=lambda *_: time.sleep(0.3),
    )
    out, err = capsys.readouterr()
    assert out == ""
    assert "/3 [" in err
    assert err.endswith("\r")
    assert "\n" not in err


def test_importing_needs_neither_tqdm_nor_torch():
    code = "import sys, bn_lib.training; print({'tqdm', 'torch'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "set()\n"
