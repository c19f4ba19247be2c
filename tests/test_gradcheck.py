import numpy as np
import pytest

from bn_lib.functional import (
    batch_norm,
    batch_norm_backward,
    normalize,
    normalize_backward,
    rms_norm,
    rms_norm_backward,
)
from bn_lib.gradcheck import gradcheck, numerical_gradient


def batch(*shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape)


def bn(x, gamma, beta):
    return batch_norm(x, None, None, gamma, beta, training=True)


def normalize_columns(x):
    return normalize(x, 0)


def backward_with_constant_statistics(dout, cache):
    """Pretend that mean and variance do not depend on x: a classic mistake."""
    x = cache
    return dout / np.sqrt(x.var(axis=0) + 1e-5)


def test_numerical_gradient_of_a_square_is_twice_the_input():
    x, dout = batch(3, 2), batch(3, 2, seed=2)
    result = numerical_gradient(np.square, x, dout)
    np.testing.assert_allclose(result, 2 * x * dout, rtol=1e-7)


def test_numerical_gradient_of_a_matrix_product_keeps_the_shape_of_its_input():
    x, w, dout = batch(4, 3), batch(3, 2, seed=2), batch(4, 2, seed=3)
    result = numerical_gradient(lambda x: x @ w, x, dout)
    np.testing.assert_allclose(result, dout @ w.T, rtol=1e-7)


def test_numerical_gradient_takes_any_memory_layout_and_leaves_x_alone():
    x = batch(3, 4).T
    before = x.copy()
    result = numerical_gradient(np.square, x, np.ones(x.shape))
    np.testing.assert_allclose(result, 2 * x, rtol=1e-7)
    assert np.array_equal(x, before)


def test_numerical_gradient_names_the_shape_it_expected():
    with pytest.raises(ValueError, match=r"shape \(3,\), as f\(x\), got \(2,\)"):
        numerical_gradient(np.square, np.ones(3), np.ones(2))


@pytest.mark.parametrize("x", [np.ones(3, np.float32), np.ones(3, int), [1.0, 2.0]])
def test_only_float64_is_accepted(x):
    with pytest.raises(
        TypeError, match=r"expected a float64 array.*x.astype\(np.float64\)"
    ):
        numerical_gradient(np.square, x, np.ones(3))
    with pytest.raises(TypeError, match="expected a float64 array"):
        gradcheck(normalize_columns, normalize_backward, x)


def test_the_right_backward_passes_for_every_input():
    gamma, beta = batch(3, seed=2), batch(3, seed=3)
    report = gradcheck(bn, batch_norm_backward, batch(6, 3), gamma, beta)
    assert report.passed, report
    assert len(report.errors) == len(report.sizes) == 3
    assert min(report.sizes) > 0.1, "hardly a gradient to compare"


def test_statistics_treated_as_constants_are_caught():
    def forward(x):
        return normalize_columns(x)[0], x

    report = gradcheck(forward, backward_with_constant_statistics, batch(6, 3))
    assert not report.passed
    assert report.errors[0] > 0.1


def test_a_wrong_parameter_gradient_is_pinned_to_its_input():
    def backward(dout, cache):
        dx, dgamma, dbeta = batch_norm_backward(dout, cache)
        return dx, dgamma / len(dout), dbeta

    report = gradcheck(bn, backward, batch(6, 3), batch(3, seed=2), batch(3, seed=3))
    assert [error <= report.tol for error in report.errors] == [True, False, True]


@pytest.mark.parametrize("shape", [(5, 3), (40, 8), (4, 3, 4, 4)])
@pytest.mark.parametrize("scale", [1, 100])
def test_x_from_the_usual_seed_is_judged_with_a_dout_of_its_own(shape, scale):
    x = scale * batch(*shape, seed=0)
    axes = (0, *range(2, len(shape)))

    def forward(x):
        return normalize(x, axes)

    right = gradcheck(forward, normalize_backward, x)
    assert right.passed, right
    assert right.vanishing == ()
    assert not gradcheck(forward, lambda dout, cache: 0 * dout, x).passed


def test_a_report_tells_that_a_batch_of_two_leaves_batch_norm_almost_no_gradient():
    x = np.array([[0.0, 1.0, -2.0], [1.0, 3.0, 2.0]])
    pair = gradcheck(normalize_columns, normalize_backward, x)
    four = gradcheck(normalize_columns, normalize_backward, batch(4, 3))
    assert (pair.vanishing, four.vanishing) == ((0,), ())
    assert "too small to judge" in str(pair)
    assert "too small to judge" not in str(four)


def test_an_absolute_tolerance_misses_a_doubled_gradient_at_batch_two():
    def doubled(dout, cache):
        return 2 * normalize_backward(dout, cache)

    def gap(x):
        dout = batch(*x.shape, seed=5)
        numerical = numerical_gradient(lambda x: normalize(x, 0)[0], x, dout)
        return np.abs(doubled(dout, normalize(x, 0)[1]) - numerical).max()

    assert gap(np.array([[0.0, -2.0], [1.0, 2.0]])) < 5e-4
    assert gap(batch(4, 2)) > 0.1


def test_a_gradient_of_exactly_zero_passes():
    report = gradcheck(
        lambda x, b: normalize(x + b, 0), _with_zero_bias, batch(6, 3), np.ones(3)
    )
    assert report.passed, report
    assert report.sizes[1] < 1e-8
    assert report.vanishing == (1,)


def _with_zero_bias(dout, cache):
    return normalize_backward(dout, cache), np.zeros(3)


def test_a_missing_gradient_may_stand_only_for_a_missing_parameter():
    x, gamma = batch(4, 3), batch(3, seed=2)
    report = gradcheck(lambda x: rms_norm(x, 3), rms_norm_backward, x)
    assert report.passed, report
    report = gradcheck(lambda x, g: rms_norm(x, 3, g), rms_norm_backward, x, gamma)
    assert report.passed, report


@pytest.mark.parametrize(
    ("gradients", "message"),
    [
        ((np.ones((4, 3)),), "each of 2 inputs, got 1"),
        ((np.ones((4, 3)), np.ones(3), np.ones(3)), "each of 2 inputs, got 3"),
        ((np.ones((4, 3)), None), r"shape \(3,\) for input 1, got None"),
        ((np.ones((4, 3)), np.ones(4)), r"shape \(3,\) for input 1, got shape \(4,\)"),
    ],
)
def test_gradients_that_do_not_match_the_inputs_are_named(gradients, message):
    def forward(x, w):
        return x * w, None

    with pytest.raises(ValueError, match=message):
        gradcheck(forward, lambda dout, cache: gradients, batch(4, 3), np.ones(3))


def test_nan_never_passes():
    report = gradcheck(
        lambda x: (x**2, x), lambda dout, x: dout * np.full_like(x, np.nan), batch(4, 3)
    )
    assert not report.passed


def test_the_random_dout_comes_from_the_given_rng():
    def sizes(seed):
        rng = np.random.default_rng(seed)
        return gradcheck(normalize_columns, normalize_backward, batch(4, 3), rng=rng).sizes

    assert sizes(1) == sizes(1) != sizes(2)
