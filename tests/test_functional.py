import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bn_lib import functional as F

# Everything here is float64; a sum of some hundred terms loses a few digits of 16.
EXACT = {"rtol": 1e-10, "atol": 1e-12}
SHAPE = (4, 6, 3, 5)  # (N, C, H, W)


@dataclass(frozen=True, eq=False)
class Norm:
    """One norm with its extra arguments filled in, and the axes it averages over."""

    name: str
    args: tuple
    width: tuple
    axes: tuple
    options: tuple = ()
    shifts: bool = True

    def __call__(self, x, *parameters, **options):
        forward = getattr(F, self.name)
        return forward(x, *self.args, *parameters, **(dict(self.options) | options))

    def backward(self, dout, cache):
        return getattr(F, f"{self.name}_backward")(dout, cache)

    def parameters(self, rng):
        gamma, beta = rng.normal(1, 0.5, self.width), rng.normal(size=self.width)
        return (gamma, beta) if self.shifts else (gamma,)


TRAIN, EVAL = (("training", True),), (("training", False),)
RUNNING = (np.linspace(-1, 1, 6), np.linspace(0.5, 2, 6))
BATCH = Norm("batch_norm", (None, None), (6,), (0, 2, 3), TRAIN)
FROZEN = Norm("batch_norm", RUNNING, (6,), (), EVAL)
LAYER = Norm("layer_norm", ((3, 5),), (3, 5), (2, 3))
INSTANCE = Norm("instance_norm", (), (6,), (2, 3))
GROUP = Norm("group_norm", (2,), (6,), (2, 3))
RMS = Norm("rms_norm", ((3, 5),), (3, 5), (2, 3), shifts=False)
CENTERED = [BATCH, LAYER, INSTANCE, GROUP]
NORMS = [*CENTERED, RMS, FROZEN]


def name(norm):
    return f"{norm.name}{'_eval' if norm is FROZEN else ''}"


each_norm = pytest.mark.parametrize("norm", NORMS, ids=name)
each_centered = pytest.mark.parametrize("norm", CENTERED, ids=name)


def draw(rng, shape=SHAPE):
    return rng.normal(2, 3, size=shape)


def grouped(norm, array):
    """The array with the axes of group_norm split, and the axes to average over."""
    if norm is GROUP:
        return array.reshape(4, 2, 3, 3, 5), (2, 3, 4)
    return array, norm.axes


def numerical_gradient(f, x, dout, h=1e-6):
    """Gradient of sum(f(x) * dout) by central differences."""
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        gradient[index] = np.sum((f(x + step) - f(x - step)) * dout) / (2 * h)
    return gradient


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# What the numbers are


@each_centered
def test_output_has_mean_0_and_variance_1_over_the_axes(norm, rng):
    y, axes = grouped(norm, norm(draw(rng), eps=1e-12)[0])
    assert_allclose(y.mean(axis=axes), 0, atol=1e-12)
    assert_allclose(y.var(axis=axes), 1, rtol=1e-10)


def test_rms_norm_makes_the_mean_square_1(rng):
    y, _ = RMS(draw(rng), eps=1e-12)
    assert_allclose((y**2).mean(axis=RMS.axes), 1, rtol=1e-10)


def test_eps_is_added_to_the_variance_inside_the_root():
    x = np.array([[-1.0], [1.0]])
    xhat, cache = F.normalize(x, axes=0, eps=3.0)
    assert_allclose(xhat, x / 2, rtol=1e-15)
    assert_allclose(cache.rstd, 0.5, rtol=1e-15)


def test_running_statistics_follow_the_convention_of_torch():
    mean, var = np.array([10.0]), np.array([20.0])
    x = np.array([[1.0], [2.0], [3.0], [6.0]])  # mean 3, squared deviations 14
    y, _ = F.batch_norm(x, mean, var, training=True, momentum=0.25)
    assert_allclose(mean, 0.75 * 10 + 0.25 * 3, rtol=1e-15)
    assert_allclose(var, 0.75 * 20 + 0.25 * 14 / 3, rtol=1e-15)
    assert_allclose(y, (x - 3) / np.sqrt(14 / 4 + 1e-5), rtol=1e-14)


def test_running_statistics_stay_put_in_eval(rng):
    mean, var = RUNNING[0].copy(), RUNNING[1].copy()
    F.batch_norm(draw(rng), mean, var, training=False)
    assert_array_equal(mean, RUNNING[0])
    assert_array_equal(var, RUNNING[1])


def test_eval_is_one_affine_map_per_channel(rng):
    gamma, beta = FROZEN.parameters(rng)
    x = draw(rng)
    y, cache = FROZEN(x, gamma, beta)
    a = gamma / np.sqrt(RUNNING[1] + 1e-5)
    b = beta - a * RUNNING[0]
    per_channel = (slice(None), None, None)
    assert_allclose(y, a[per_channel] * x + b[per_channel], **EXACT)
    dout = draw(rng)
    dx, _, _ = FROZEN.backward(dout, cache)
    assert_allclose(dx, dout * a[per_channel], **EXACT)


def test_eval_does_not_see_the_batch(rng):
    x = draw(rng)
    together, _ = FROZEN(x)
    alone = [FROZEN(x[[i]])[0] for i in range(4)]
    assert_array_equal(together, np.concatenate(alone))


def test_gamma_and_beta_can_undo_the_normalization(rng):
    x = draw(rng)
    axes = BATCH.axes
    y, _ = BATCH(x, np.sqrt(x.var(axis=axes) + 1e-5), x.mean(axis=axes))
    assert_allclose(y, x, **EXACT)


def test_instance_norm_is_group_norm_with_one_channel_each(rng):
    x = draw(rng)
    assert_allclose(F.group_norm(x, 6)[0], INSTANCE(x)[0], **EXACT)


def test_one_group_is_layer_norm_over_the_whole_example(rng):
    x = draw(rng)
    assert_allclose(F.group_norm(x, 1)[0], F.layer_norm(x, (6, 3, 5))[0], **EXACT)


def test_negative_and_unordered_axes_mean_the_same(rng):
    x = draw(rng)
    expected, _ = F.normalize(x, (0, 2, 3))
    assert_array_equal(F.normalize(x, (-1, 0, 2))[0], expected)
    assert_array_equal(F.normalize(x, 1)[0], F.normalize(x, (-3,))[0])


# Gradients


@each_norm
def test_gradients_match_numerical_differences(norm, rng):
    x, dout = draw(rng), draw(rng)
    given = norm.parameters(rng)
    _, cache = norm(x, *given)
    gradients = norm.backward(dout, cache)
    for i, (value, mine) in enumerate(zip((x, *given), gradients, strict=False)):

        def output(changed, i=i):
            inputs = [x, *given]
            inputs[i] = changed
            return norm(*inputs)[0]

        # Central differences with h = 1e-6 are good to about 1e-9 of values near 10.
        expected = numerical_gradient(output, value, dout)
        assert_allclose(mine, expected, rtol=1e-6, atol=1e-7)


@each_centered
def test_dx_sums_to_zero_over_the_axes(norm, rng):
    _, cache = norm(draw(rng), *norm.parameters(rng))
    dx, axes = grouped(norm, norm.backward(draw(rng), cache)[0])
    assert_allclose(dx.sum(axis=axes), 0, atol=1e-12)


@pytest.mark.parametrize("norm", [*CENTERED, RMS], ids=name)
def test_dx_is_orthogonal_to_xhat_as_eps_goes_to_0(norm, rng):
    _, cache = norm(draw(rng), *norm.parameters(rng), eps=1e-14)
    dx, axes = grouped(norm, norm.backward(draw(rng), cache)[0])
    inner = np.sum(dx * cache.normalized.xhat, axis=axes)
    # xhat has mean square var / (var + eps), which misses 1 by about 1e-15.
    assert_allclose(inner, 0, atol=1e-11)


@each_centered
def test_adding_a_constant_changes_nothing(norm, rng):
    x, dout = draw(rng), draw(rng)
    (y, cache), (shifted, other) = norm(x), norm(x + 7.5)
    assert_allclose(shifted, y, **EXACT)
    dx, other_dx = norm.backward(dout, cache)[0], norm.backward(dout, other)[0]
    assert_allclose(other_dx, dx, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("norm", [*CENTERED, RMS], ids=name)
def test_scaling_x_changes_only_the_gradient_as_eps_goes_to_0(norm, rng):
    x, dout = draw(rng), draw(rng)
    (y, cache), (scaled, other) = norm(x, eps=1e-14), norm(4 * x, eps=1e-14)
    assert_allclose(scaled, y, **EXACT)
    dx, other_dx = norm.backward(dout, cache)[0], norm.backward(dout, other)[0]
    assert_allclose(4 * other_dx, dx, rtol=1e-9, atol=1e-12)


def test_two_values_leave_no_gradient(rng):
    pairs = rng.normal(size=8) + np.array([[-1.0], [1.0]])
    _, cache = F.normalize(pairs, axes=0, eps=1e-14)
    dx = F.normalize_backward(draw(rng, (2, 8)), cache)
    assert_allclose(dx, 0, atol=1e-12)
    _, cache = F.normalize(draw(rng, (4, 8)), axes=0, eps=1e-14)
    assert np.abs(F.normalize_backward(draw(rng, (4, 8)), cache)).max() > 0.1


@each_norm
def test_a_missing_parameter_has_no_gradient(norm, rng):
    given = norm.parameters(rng)
    for kept in range(len(given) + 1):
        _, cache = norm(draw(rng), *given[:kept])
        _, *gradients = norm.backward(draw(rng), cache)
        assert [g is None for g in gradients] == [i >= kept for i in range(2)]


# Precision


@pytest.mark.parametrize(
    ("dtype", "offset", "rtol"),
    # Half a unit in the last place of the mean, squared, against a variance of 1.
    [(np.float64, 1e8, 1e-7), (np.float32, 3000, 1e-5), (np.float32, 1e4, 1e-5)],
)
def test_the_variance_survives_a_large_offset(dtype, offset, rtol, rng):
    x = (rng.normal(size=(1000, 3)) + offset).astype(dtype)
    exact = x - dtype(offset)  # no rounding: neighbours subtract exactly
    _, cache = F.normalize(x, axes=0)
    assert_allclose(cache.var[0], exact.astype(np.float64).var(axis=0), rtol=rtol)


def test_a_long_float32_column_keeps_its_mean(rng):
    x = np.full((400_000, 2), 3000, np.float32)
    x[::2] += 2
    mean, var = np.zeros(2), np.zeros(2)
    F.batch_norm(x, mean, var, training=True, momentum=1.0)
    assert_allclose(mean, 3001, rtol=1e-7)
    assert_allclose(var, 1, rtol=1e-5)


@each_norm
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_dtype_of_x_is_kept(norm, dtype, rng):
    x = draw(rng).astype(dtype)
    # eps as an np.float64 must not widen the result either.
    y, cache = norm(x, *norm.parameters(rng), eps=np.float64(1e-5))
    dx, dgamma, _ = norm.backward(x, cache)
    assert y.dtype == dx.dtype == dtype
    assert dgamma.dtype == np.float64


@each_norm
def test_float16_is_computed_in_float32(norm, rng):
    # float16 ends at 65504, so squares and sums of these values leave its range.
    x = (300 * draw(rng)).astype(np.float16)
    dout = (300 * draw(rng)).astype(np.float16)
    given = [p.astype(np.float32) for p in norm.parameters(rng)]
    y, cache = norm(x, *given)
    expected, exact = norm(x.astype(np.float64), *given)
    assert_allclose(y, expected, rtol=1e-3, atol=1e-3)
    gradients = norm.backward(dout, cache)
    expected = norm.backward(dout.astype(np.float64), exact)
    for mine, theirs in zip(gradients, expected, strict=True):
        if theirs is not None:
            # float32 accumulation would show up as 1e-3 relative or as inf.
            scale = np.abs(theirs).max()
            assert_allclose(mine, theirs, rtol=1e-3, atol=1e-4 * scale)


def test_parameters_get_gradients_in_their_own_dtype(rng):
    x = draw(rng).astype(np.float16)
    gamma, beta = np.ones(6, np.float32), np.zeros(6, np.float64)
    y, cache = BATCH(x, gamma, beta)
    dx, dgamma, dbeta = BATCH.backward(x, cache)
    dtypes = (y.dtype, dx.dtype, dgamma.dtype, dbeta.dtype)
    assert dtypes == (np.float16, np.float16, np.float32, np.float64)


@each_norm
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_an_eps_that_vanishes_in_the_computation_is_refused(norm, dtype):
    x = np.full(SHAPE, 0.5, dtype)
    with pytest.raises(ValueError, match="positive in float32, got 1e-50, which vanishes"):
        norm(x, eps=1e-50)


@each_norm
@pytest.mark.parametrize(
    ("dtype", "eps"), [(np.float32, np.finfo(np.float32).tiny), (np.float64, 1e-50)]
)
def test_the_smallest_eps_keeps_a_constant_input_finite(norm, dtype, eps, rng):
    y, cache = norm(np.full(SHAPE, 0.5, dtype), eps=eps)
    dx, _, _ = norm.backward(draw(rng).astype(dtype), cache)
    assert np.isfinite(y).all()
    assert np.isfinite(dx).all()


# Large arrays, which are worked on tile by tile


def formula(x, dout, axes, eps=1e-5):
    """Normalized values and gradient of x, as the formulas say it."""
    mean = x.mean(axis=axes, keepdims=True)
    rstd = 1 / np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    xhat = (x - mean) * rstd
    along_ones = dout.mean(axis=axes, keepdims=True)
    along_xhat = (dout * xhat).mean(axis=axes, keepdims=True)
    return xhat, rstd * (dout - along_ones - xhat * along_xhat)


LARGE = {
    "one axis": ((600_001,), (0,)),
    "one feature": ((70_001, 1), (0,)),
    "few features": ((50_001, 3), (0,)),
    "more rows than a tile": ((2101, 257), (0,)),
    "more features than a tile": ((3, 200_003), (0,)),
    "one row": ((1, 40_001), (0,)),
    "long examples": ((3, 200_003), (1,)),
    "short examples": ((20_001, 3), (1,)),
    "one channel": ((13, 1, 61, 67), (0, 2, 3)),
    "small images": ((33, 7, 13, 17), (0, 2, 3)),
    "channels of several tiles": ((6, 1031, 11, 9), (0, 2, 3)),
    "channels longer than a tile": ((3, 2, 310, 301), (0, 2, 3)),
    "one large image": ((1, 3, 150, 151), (0, 2, 3)),
    "examples": ((40, 9, 11, 13), (1, 2, 3)),
    "channels of an example": ((40, 9, 11, 13), (2, 3)),
    "everything": ((7, 111, 53), (0, 1, 2)),
    "axes in the middle": ((9, 31, 13, 11), (1, 2)),
    "every other axis": ((9, 31, 13, 11), (1, 3)),
}
each_large = pytest.mark.parametrize(("shape", "axes"), LARGE.values(), ids=LARGE)


@each_large
def test_tiles_give_what_the_formula_gives(shape, axes, rng):
    x, dout = draw(rng, shape), draw(rng, shape)
    expected, expected_dx = formula(x, dout, axes)
    xhat, cache = F.normalize(x, axes)
    assert_allclose(xhat, expected, **EXACT)
    # Two or three values may be close together, and rstd then near 300.
    assert_allclose(F.normalize_backward(dout, cache), expected_dx, rtol=1e-9, atol=1e-10)


@each_large
def test_tiles_scale_and_shift_as_the_formula_does(shape, axes, rng):
    xhat, dout = draw(rng, shape), draw(rng, shape)
    kept = tuple(axis for axis in range(len(shape)) if axis not in axes) or (0,)
    gamma, beta = (draw(rng, tuple(shape[axis] for axis in kept)) for _ in range(2))
    others = tuple(axis for axis in range(len(shape)) if axis not in kept)
    y, cache = F.scale_and_shift(xhat, gamma, beta, kept)
    dxhat, dgamma, dbeta = F.scale_and_shift_backward(dout, cache)
    scale, shift = (np.expand_dims(parameter, others) for parameter in (gamma, beta))
    assert_allclose(y, scale * xhat + shift, **EXACT)
    assert_allclose(dxhat, scale * dout, **EXACT)
    # Sums of some thousand terms near 10 that partly cancel.
    assert_allclose(dgamma, (dout * xhat).sum(axis=others), rtol=1e-9, atol=1e-9)
    assert_allclose(dbeta, dout.sum(axis=others), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("shape", [(8191, 5), (3, 20_001), (33, 7, 13, 17)], ids=str)
def test_batch_norm_in_tiles_is_the_two_steps_one_after_the_other(shape, rng):
    x, dout, C = draw(rng, shape), draw(rng, shape), shape[1]
    axes = (0, *range(2, x.ndim))
    gamma, beta, mean, var = rng.normal(1, 0.5, C), draw(rng, C), np.zeros(C), np.ones(C)
    y, cache = F.batch_norm(x, mean, var, gamma, beta, training=True, momentum=1.0)
    dx, dgamma, dbeta = F.batch_norm_backward(dout, cache)
    assert_allclose(mean, x.mean(axis=axes), **EXACT)
    assert_allclose(var, x.var(axis=axes, ddof=1), **EXACT)
    xhat, normalized = F.normalize(x, axes)
    expected, affine = F.scale_and_shift(xhat, gamma, beta, axes=1)
    assert_allclose(y, expected, **EXACT)
    dxhat, *expected = F.scale_and_shift_backward(dout, affine)
    assert_allclose(dx, F.normalize_backward(dxhat, normalized), rtol=1e-9, atol=1e-10)
    assert_allclose(dgamma, expected[0], rtol=1e-9, atol=1e-9)
    assert_allclose(dbeta, expected[1], rtol=1e-9, atol=1e-9)


BIG = (200, 6, 9, 7)  # as SHAPE, of 75,600 values
LARGE_NORMS = [BATCH, FROZEN, INSTANCE, GROUP]
LARGE_NORMS += [
    Norm("layer_norm", ((9, 7),), (9, 7), (2, 3)),
    Norm("rms_norm", ((9, 7),), (9, 7), (2, 3), shifts=False),
]
each_large_norm = pytest.mark.parametrize("norm", LARGE_NORMS, ids=name)


@each_large_norm
@pytest.mark.parametrize(
    "layout",
    [
        np.asfortranarray,
        lambda array: array[::-1, :, ::-1],
        lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
        lambda array: array.swapaxes(0, 3).copy().swapaxes(0, 3),
    ],
    ids=["columns first", "backwards", "every other", "swapped"],
)
def test_the_order_in_memory_does_not_matter(norm, layout, rng):
    x, dout = (layout(draw(rng, BIG)) for _ in range(2))
    assert not x.flags.c_contiguous
    x.flags.writeable = dout.flags.writeable = False
    given = norm.parameters(rng)
    y, cache = norm(x, *given)
    expected, expected_cache = norm(np.ascontiguousarray(x), *given)
    assert_allclose(y, expected, **EXACT)
    gradients = norm.backward(dout, cache)
    expected = norm.backward(np.ascontiguousarray(dout), expected_cache)
    for mine, theirs in zip(gradients, expected, strict=True):
        assert (mine is theirs) if theirs is None else np.allclose(mine, theirs, **EXACT)


@each_large_norm
def test_large_float16_arrays_are_computed_in_float32(norm, rng):
    x, dout = (draw(rng, BIG).astype(np.float16) for _ in range(2))
    y, cache = norm(x)
    expected, exact = norm(x.astype(np.float32))
    assert_array_equal(y, expected.astype(np.float16))
    dx, _, _ = norm.backward(dout, cache)
    expected, _, _ = norm.backward(dout.astype(np.float32), exact)
    assert_array_equal(dx, expected.astype(np.float16))


def test_nan_stays_in_its_channel_of_a_large_batch(rng):
    x = draw(rng, BIG)
    x[77, 2, 3, 4] = np.nan
    y, cache = BATCH(x)
    expected = np.zeros(BIG, bool)
    expected[:, 2] = True
    assert_array_equal(np.isnan(y), expected)
    assert_array_equal(np.isnan(BATCH.backward(draw(rng, BIG), cache)[0]), expected)


def test_float32_stays_exact_over_a_million_rows_at_3000(rng):
    x = (rng.normal(size=(1_000_000, 2)) + 3000).astype(np.float32)
    dout = rng.normal(size=x.shape).astype(np.float32)
    xhat, cache = F.normalize(x, axes=0)
    dx = F.normalize_backward(dout, cache)
    expected, expected_dx = formula(x.astype(np.float64), dout.astype(np.float64), 0)
    assert_allclose(cache.mean[0], x.mean(axis=0, dtype=np.float64), rtol=1e-10)
    assert_allclose(cache.var[0], x.astype(np.float64).var(axis=0), rtol=1e-6)
    # x - mean is off by what float32 keeps of the mean: half a unit, 1.2e-4, at 3000.
    assert_allclose(xhat, expected, atol=1.3e-4)
    assert_allclose(dx, expected_dx, atol=1.3e-4)


def test_float32_loses_nothing_over_a_million_values_near_0(rng):
    x, dout = (rng.normal(size=(250, 4, 32, 32)).astype(np.float32) for _ in range(2))
    xhat, cache = F.normalize(x, axes=(0, 2, 3))
    dx = F.normalize_backward(dout, cache)
    wide = (x.astype(np.float64), dout.astype(np.float64))
    expected, expected_dx = formula(*wide, (0, 2, 3))
    # A few units in the last place of values up to 5.
    assert_allclose(xhat, expected, atol=1e-6)
    assert_allclose(dx, expected_dx, atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "axis"), [((3, 200_003), 1), ((200_003, 3), 0), ((500, 60), 0)], ids=str
)
def test_a_float32_sum_of_equal_values_keeps_its_digits(shape, axis):
    # Rounding errs the same way each time here, by 1e-5 in a sum of all the values.
    x = np.full(shape, 0.37, np.float32)
    x[::2, ::2] *= -1
    _, cache = F.normalize(x, axis)
    expected = x.var(axis=axis, keepdims=True, dtype=np.float64)
    assert_allclose(cache.var, expected, rtol=5e-7)


def test_float64_stays_exact_over_many_rows_at_1e8(rng):
    x = rng.normal(size=(100_000, 2)) + 1e8
    exact = x - 1e8  # no rounding: neighbours subtract exactly
    xhat, _ = F.normalize(x, axes=0)
    # Half a unit in the last place of the mean, 7.5e-9, against a deviation of 1.
    assert_allclose(xhat, formula(exact, exact, 0)[0], atol=1e-8)


@pytest.mark.parametrize("shape", [(40_001, 3), (9, 5, 40, 40)], ids=str)
def test_a_constant_far_from_0_is_normalized_to_0(shape, rng):
    axes = (0, *range(2, len(shape)))
    xhat, cache = F.normalize(np.full(shape, 3000.1, np.float32), axes, eps=1e-12)
    assert_array_equal(xhat, 0)
    dx = F.normalize_backward(draw(rng, shape).astype(np.float32), cache)
    assert np.isfinite(dx).all()


@pytest.mark.parametrize("shape", [(64, 64, 28, 28), (8192, 256)], ids=str)
def test_a_forward_and_a_backward_pass_need_three_arrays(shape):
    x, dout = np.ones(shape, np.float32), np.ones(shape, np.float32)
    gamma, beta = np.ones(shape[1], np.float32), np.ones(shape[1], np.float32)
    tracemalloc.start()
    y, cache = F.batch_norm(x, None, None, gamma, beta, training=True)
    dx, _, _ = F.batch_norm_backward(dout, cache)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert y.shape == dx.shape == shape
    # y, xhat and dx, and for each row of a tile the statistics.
    assert most < 3.2 * x.nbytes


def test_numpy_is_left_with_the_buffer_it_had(rng):
    x = draw(rng, BIG)
    with np.errstate():
        np.setbufsize(4096)
        _, cache = BATCH(x)
        BATCH.backward(x, cache)
        assert np.getbufsize() == 4096


# Unusual inputs


@each_centered
def test_a_constant_input_gives_beta_and_finite_gradients(norm, rng):
    gamma, beta = norm.parameters(rng)
    y, cache = norm(np.full(SHAPE, 0.3), gamma, beta)
    shift = beta if norm is LAYER else beta[:, None, None]
    # The mean may miss 0.3 in the last place, and rstd is 316 here.
    assert_allclose(y, np.broadcast_to(shift, SHAPE), atol=1e-12)
    assert np.isfinite(norm.backward(draw(rng), cache)[0]).all()


@pytest.mark.parametrize("norm", [LAYER, INSTANCE, GROUP, RMS, FROZEN], ids=name)
def test_one_example_is_enough_without_batch_statistics(norm, rng):
    x = draw(rng)
    assert_allclose(norm(x[:1])[0], norm(x)[0][:1], **EXACT)


def test_one_example_is_enough_for_batch_norm_with_positions(rng):
    x = draw(rng, (1, 6, 3, 5))
    assert_allclose(BATCH(x)[0], INSTANCE(x)[0], **EXACT)


@pytest.mark.parametrize(
    ("norm", "touched"),
    [(BATCH, np.s_[:, 2]), (INSTANCE, np.s_[1, 2]), (GROUP, np.s_[1, :3])],
    ids=["batch_norm", "instance_norm", "group_norm"],
)
def test_nan_spreads_over_its_statistics_and_no_further(norm, touched, rng):
    x = draw(rng)
    x[1, 2, 0, 0] = np.nan
    y, cache = norm(x)
    expected = np.zeros(SHAPE, bool)
    expected[touched] = True
    assert_array_equal(np.isnan(y), expected)
    assert_array_equal(np.isnan(norm.backward(draw(rng), cache)[0]), expected)


def test_nan_reaches_the_running_statistics_of_its_channel(rng):
    x = draw(rng)
    x[1, 2, 0, 0] = np.nan
    mean, var = np.zeros(6), np.ones(6)
    F.batch_norm(x, mean, var, training=True)
    assert_array_equal(np.isnan(mean), np.arange(6) == 2)
    assert_array_equal(np.isnan(var), np.arange(6) == 2)


@each_norm
def test_non_contiguous_arrays_work(norm, rng):
    x, dout = (draw(rng, SHAPE[::-1]).T for _ in range(2))
    assert not x.flags.c_contiguous
    y, cache = norm(x)
    expected, expected_cache = norm(np.ascontiguousarray(x))
    assert_allclose(y, expected, **EXACT)
    dx = norm.backward(dout, cache)[0]
    expected = norm.backward(np.ascontiguousarray(dout), expected_cache)[0]
    assert_allclose(dx, expected, **EXACT)


def test_strided_running_arrays_are_updated_in_place(rng):
    store = np.zeros((6, 2))
    store[:, 1] = 1
    F.batch_norm(draw(rng), store[:, 0], store[:, 1], training=True, momentum=1.0)
    assert np.all(store[:, 0] != 0)
    assert np.all(store[:, 1] > 2)


@each_norm
def test_inputs_are_never_changed(norm, rng):
    x, dout, given = draw(rng), draw(rng), norm.parameters(rng)
    arrays = (x, dout, *given)
    before = [array.copy() for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    _, cache = norm(x, *given)
    norm.backward(dout, cache)
    for array, copy in zip(arrays, before, strict=True):
        assert_array_equal(array, copy)


@each_norm
def test_a_cache_outlives_changes_to_what_made_it(norm, rng):
    x, dout, given = draw(rng), draw(rng), norm.parameters(rng)
    mean, var = (array.copy() for array in RUNNING)
    if norm is FROZEN:
        y, cache = F.batch_norm(x, mean, var, *given, training=False)
    else:
        y, cache = norm(x, *given)
    expected = norm.backward(dout, cache)
    for array in (x, y, mean, var, *given):
        array *= 1000
    for mine, first in zip(norm.backward(dout, cache), expected, strict=True):
        assert_array_equal(mine, first)


def test_the_cache_of_normalize_does_not_share_its_output(rng):
    xhat, cache = F.normalize(draw(rng), axes=0)
    assert not np.shares_memory(xhat, cache.xhat)


# Errors

X = np.random.default_rng(0).normal(size=SHAPE)
ONES, ZEROS = np.ones(6), np.zeros(6)


def batch(x=X, mean=None, var=None, *parameters, training=True, **options):
    return F.batch_norm(x, mean, var, *parameters, training=training, **options)


def read_only():
    array = np.zeros(6)
    array.flags.writeable = False
    return array


OVERLAP = np.ones(7)

VALUE_ERRORS = {
    "eps zero": (lambda: F.normalize(X, 0, eps=0), "eps to be positive.* got 0"),
    "eps negative": (lambda: F.normalize(X, 0, eps=-1e-5), "eps to be positive"),
    "eps infinite": (lambda: batch(eps=np.inf), "eps to be positive and finite"),
    "eps nan": (lambda: F.layer_norm(X, 5, eps=np.nan), "eps to be positive"),
    "eps in eval": (
        lambda: batch(X, ZEROS, ONES, training=False, eps=0),
        "eps to be positive",
    ),
    "axis outside": (lambda: F.normalize(X, 4), "distinct axes .* got 4"),
    "axis twice": (lambda: F.normalize(X, (0, -4)), r"distinct axes .* got \(0, -4\)"),
    "no axis": (lambda: F.normalize(X, ()), r"one or more distinct axes .* got \(\)"),
    "empty normalize": (lambda: F.normalize(X[:0], 0), "at least one value.* empty"),
    "empty batch_norm": (lambda: batch(X[:0]), r"empty shape \(0, 6, 3, 5\)"),
    "empty eval": (lambda: batch(X[:0], ZEROS, ONES, training=False), "empty shape"),
    "empty layer_norm": (lambda: F.layer_norm(X[:0], 5), "empty shape"),
    "empty rms_norm": (lambda: F.rms_norm(X[:0], 5), "empty shape"),
    "empty instance_norm": (lambda: F.instance_norm(X[:0]), "empty shape"),
    "empty group_norm": (lambda: F.group_norm(X[:0], 2), "empty shape"),
    "rank 1": (lambda: batch(X[0, 0, 0]), r"shape \(N, C\), .*, got \(5,\)"),
    "rank 6": (lambda: batch(X[None, None]), r"\(N, C, D, H, W\), got \(1, 1, 4"),
    "group rank 1": (lambda: F.group_norm(X[0, 0, 0], 1), r"\(N, C\), .* got \(5,\)"),
    "instance rank 1": (lambda: F.instance_norm(ONES), r"\(N, C, L\).* got \(6,\)"),
    "instance (N, C)": (
        lambda: F.instance_norm(X[:, :, 0, 0]),
        r"more than one position .* got \(4, 6\), where each value is its own mean",
    ),
    "one position": (
        lambda: F.instance_norm(X[:, :, :1, :1]),
        r"more than one position .* got \(4, 6, 1, 1\)",
    ),
    "one value": (
        lambda: batch(X[:1, :, 0, 0]),
        r"more than one value per channel in training, got x of shape \(1, 6\)",
    ),
    "gamma width": (lambda: batch(X, None, None, np.ones(5)), r"gamma of shape \(6,\)"),
    "beta width": (
        lambda: F.group_norm(X, 2, None, np.ones((6, 1))),
        r"beta of shape \(6,\), got \(6, 1\)",
    ),
    "layer gamma": (
        lambda: F.layer_norm(X, (3, 5), ONES),
        r"gamma of shape \(3, 5\), got \(6,\)",
    ),
    "normalized shape": (
        lambda: F.layer_norm(X, (5, 3)),
        r"end with normalized_shape \(5, 3\), got x of shape \(4, 6, 3, 5\)",
    ),
    "normalized longer": (lambda: F.rms_norm(X, (2, *SHAPE)), "to end with"),
    "normalized empty": (lambda: F.layer_norm(X, ()), r"at least one size, got \(\)"),
    "normalized zero": (lambda: F.layer_norm(X, 0), "to be at least 1, got 0"),
    "groups": (lambda: F.group_norm(X, 4), "divide the 6 channels, got 4"),
    "groups zero": (lambda: F.group_norm(X, 0), "num_groups to be at least 1, got 0"),
    "momentum above": (lambda: batch(momentum=1.1), r"momentum in \[0, 1\], got 1.1"),
    "momentum below": (lambda: batch(momentum=-0.1), r"momentum in \[0, 1\]"),
    "momentum nan": (lambda: batch(momentum=np.nan), r"momentum in \[0, 1\], got nan"),
    "eval without": (
        lambda: batch(training=False),
        "running_mean and running_var with training=False, got None",
    ),
    "no running_var": (lambda: batch(X, ZEROS), "together, got no running_var"),
    "no running_mean": (
        lambda: batch(X, None, ONES, training=False),
        "together, got no running_mean",
    ),
    "running width": (
        lambda: batch(X, np.zeros(5), np.ones(5)),
        r"running_mean of shape \(6,\), got \(5,\)",
    ),
    "running rank": (
        lambda: batch(X, ZEROS, np.ones((1, 6))),
        r"running_var of shape \(6,\), got \(1, 6\)",
    ),
    "running read-only": (
        lambda: batch(X, ZEROS, read_only()),
        "writable running_var with training=True, got a read-only",
    ),
    "running overlap": (
        lambda: batch(X, OVERLAP[1:], OVERLAP[:-1]),
        "in separate memory, got arrays that overlap",
    ),
}

TYPE_ERRORS = {
    "x list": (lambda: F.normalize([[1.0]], 0), "x to be a NumPy array, got list"),
    "x int": (lambda: F.layer_norm(X.astype(int), 5), "float64, got int64"),
    "x complex": (lambda: F.rms_norm(X.astype(complex), 5), "got complex128"),
    "x bool": (lambda: F.group_norm(X > 0, 2), "got bool"),
    "x object": (lambda: F.instance_norm(X.astype(object)), "got object"),
    "x int in batch_norm": (lambda: batch(X.astype(int)), "x of dtype .* got int64"),
    "gamma list": (lambda: batch(X, None, None, [1.0] * 6), "gamma to be a NumPy"),
    "beta int": (
        lambda: F.instance_norm(X, None, ONES.astype(int)),
        "beta of dtype .* got int64",
    ),
    "running int": (
        lambda: batch(X, np.zeros(6, int), np.ones(6, int)),
        "running_mean of dtype .* got int64",
    ),
    "running list": (lambda: batch(X, [0.0] * 6, ONES), "running_mean to be a NumPy"),
    "eps text": (lambda: F.normalize(X, 0, eps="tiny"), "eps to be a real number"),
    "eps bool": (lambda: F.normalize(X, 0, eps=True), "real number, got True"),
    "momentum None": (lambda: batch(momentum=None), "momentum to be a real number"),
    "axes text": (lambda: F.normalize(X, "channel"), "axes to be an int or a tuple"),
    "axes float": (lambda: F.normalize(X, 1.0), "axes to be an int or a tuple"),
    "groups float": (lambda: F.group_norm(X, 2.0), "num_groups to be a positive int"),
    "groups bool": (lambda: F.group_norm(X, True), "positive int, got True"),
    "sizes float": (lambda: F.layer_norm(X, (3, 5.0)), "each size in normalized_shape"),
}


@pytest.mark.parametrize(("call", "message"), VALUE_ERRORS.values(), ids=VALUE_ERRORS)
def test_a_wrong_value_is_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(("call", "message"), TYPE_ERRORS.values(), ids=TYPE_ERRORS)
def test_a_wrong_type_is_explained(call, message):
    with pytest.raises(TypeError, match=message):
        call()


@each_norm
def test_a_wrong_dout_is_explained_and_the_cache_still_works(norm, rng):
    _, cache = norm(draw(rng), *norm.parameters(rng))
    dout = draw(rng)
    expected = norm.backward(dout, cache)
    shapes = r"dout of shape \(4, 6, 3, 5\), .* got \(4, 6, 3, 1\)"
    with pytest.raises(ValueError, match=shapes):
        norm.backward(dout[..., :1], cache)
    with pytest.raises(TypeError, match=r"dout of dtype .* got int64"):
        norm.backward(dout.astype(int), cache)
    with pytest.raises(TypeError, match="dout to be a NumPy array, got float"):
        norm.backward(1.0, cache)
    for mine, first in zip(norm.backward(dout, cache), expected, strict=True):
        assert_array_equal(mine, first)


@each_norm
def test_a_wrong_cache_is_explained(norm):
    with pytest.raises(TypeError, match=r"expected the cache that .* got tuple"):
        norm.backward(X, (X, None))


def test_a_wrong_cache_is_explained_for_the_two_steps():
    with pytest.raises(TypeError, match="cache that normalize returned, got NoneType"):
        F.normalize_backward(X, None)
    with pytest.raises(TypeError, match="cache that scale_and_shift returned"):
        F.scale_and_shift_backward(X, F.normalize(X, 0)[1])
    with pytest.raises(ValueError, match="dout of shape"):
        F.normalize_backward(X[:2], F.normalize(X, 0)[1])


@pytest.mark.parametrize(
    "wrong",
    [
        {"x": X[:1, :, 0, 0]},
        {"x": X[:0]},
        {"x": X[:, :5]},
        {"x": X.astype(int)},
        {"gamma": np.ones(5)},
        {"beta": np.ones(7)},
        {"beta": np.ones(6, int)},
        {"eps": 0.0},
        {"x": X.astype(np.float32), "eps": 1e-50},
        {"momentum": 2.0},
        {"running_var": np.ones(5)},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_running_statistics_are_as_before_an_error(wrong):
    mean, var = RUNNING[0].copy(), RUNNING[1].copy()
    arguments = {"x": X, "running_mean": mean, "running_var": var, "training": True}
    with pytest.raises((ValueError, TypeError)):
        F.batch_norm(**(arguments | wrong))
    assert_array_equal(mean, RUNNING[0])
    assert_array_equal(var, RUNNING[1])


def test_running_statistics_are_as_before_when_they_cannot_hold_the_new_ones():
    mean, var = np.zeros(6, np.float16), np.ones(6, np.float16)
    with pytest.raises(RuntimeWarning, match="overflow"):
        batch(1000 * X, mean, var)
    assert_array_equal(mean, 0)
    assert_array_equal(var, 1)
