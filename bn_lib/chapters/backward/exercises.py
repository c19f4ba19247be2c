"""Exercises of the chapter on the backward pass: right answers, and lines that go wrong."""

import numpy as np

from bn_lib.course.exercise import Exercise
from bn_lib.course.observation import same
from bn_lib.course.probe import alike, huge, unlike

__all__ = []  # `check` finds every Exercise; a right answer is printed as it stands


def two():
    xhat = [[-1.0], [1.0]]
    dx = [[0.0], [0.0]]
    return xhat, dx


TWO = Exercise(
    two,
    outputs=("xhat", "dx"),
    # Of several ways to the same numbers, only what is true of all of them is told.
    probes=(
        ("sum-not-zero", "dx", lambda run: not same(run().sum(axis=0), np.zeros(1))),
        ("direction-left", "dx", lambda run: same(run().sum(axis=0), np.zeros(1))),
    ),
    mistakes="""
    unbiased-variance    1.0 -> 0.7071 | 0.71
    wrong-sign           xhat = [[1.0], [-1.0]]
    divided-by-four      1.0 -> 0.5
    not-divided          1.0 -> 2.0
    mean-not-subtracted  xhat = [[1.5], [3.5]]
    mean-not-subtracted, not-divided  xhat = [[3.0], [7.0]]
    not-the-variance     xhat = [[0.0], [1.0]]
    brackets             xhat = [[0.5], [4.5]]
    constant-statistics  dx = [[2.5], [0.5]] | [[5.0], [1.0]]
    gradients-swapped    return dx, xhat
    """,
)


def parameter_gradients(dout, xhat):
    dgamma = (dout * xhat).sum(axis=(0, 2, 3))
    dbeta = dout.sum(axis=(0, 2, 3))
    return dgamma, dbeta


def _images(shape):
    """Return the gradient and the normalized values of images."""

    def inputs(rng):
        x, dout = rng.normal(size=shape), rng.normal(1.0, 1.0, size=shape)
        axes = {"axis": (0, 2, 3), "keepdims": True}
        xhat = (x - x.mean(**axes)) / x.std(**axes)
        return {"dout": dout + 0.7 * xhat, "xhat": xhat}

    return inputs


PARAMETERS = Exercise(
    parameter_gradients,
    outputs=("dgamma", "dbeta"),
    cases={
        # Only where C = H = W does a sum over other axes have the right shape.
        "dout (2, 3, 3, 3)": _images((2, 3, 3, 3)),
        "dout (2, 3, 4, 5)": _images((2, 3, 4, 5)),
    },
    probes=(
        ("dgamma-without-xhat", "dgamma", alike({}, {"xhat": lambda xhat: xhat[::-1]})),
        ("dbeta-with-xhat", "dbeta", unlike({}, {"xhat": lambda xhat: xhat[::-1]})),
    ),
    from_scratch=True,
    mistakes="""
    wrong-axis           (0, 2, 3) -> 0 | 1 | (2, 3) | (0, 1) | None
                         (0, 2, 3) -> (0, 1, 2) | (0, 1, 3) | (1, 2, 3) | (0, 2) | (0, 3)
    gradients-swapped    return dbeta, dgamma
    dgamma-without-xhat  dgamma = dout.sum(axis=(0, 2, 3))
    dbeta-with-xhat      dbeta = (dout * xhat).sum(axis=(0, 2, 3))
    sum-before-product   dgamma = dout.sum(axis=(0, 2, 3)) * xhat.sum(axis=(0, 2, 3))
    not-summed           .sum(axis=(0, 2, 3)) ->
    mean-of-parameters   .sum( -> .mean(
    wrong-sign           dgamma = -(dout * xhat).sum(axis=(0, 2, 3))
                         dbeta = -dout.sum(axis=(0, 2, 3))
    """,
)


# Mistakes in dx that any norm can make, and mistakes in the gradients of gamma and beta.
DX = """
    constant-statistics   along_ones = 0; along_xhat = 0
    constant-variance     along_xhat = 0
    constant-mean         along_ones = 0
    gamma-forgotten       g -> dout
                          g = dout
    gamma-not-once        g -> (g * gamma)
                          g = dout / gamma
    rstd-forgotten        dx = g - along_ones - along_xhat
                          dx = rstd * (g - along_ones) - along_xhat
                          dx = rstd * (g - along_xhat) - along_ones
                          dx = rstd * g - along_ones - along_xhat
    rstd-power            rstd -> rstd**2 | rstd**3 | 1 / rstd
                          along_ones -> rstd * along_ones
                          along_xhat -> rstd * along_xhat | rstd**2 * along_xhat
                          along_xhat -> along_xhat / rstd**2
    dx-zero               dx = 0 * g
    direction-forgotten   along_xhat = xhat * g * xhat
    factor-of-two         along_ones -> 2 * along_ones | along_ones / 2
                          along_xhat -> 2 * along_xhat | along_xhat / 2
    wrong-sign            - -> +
                          rstd -> -rstd
"""
PARAMETERS_OF_ROWS = """
    wrong-sign            dgamma = -(dout * xhat).sum(axis=0)
                          dbeta = -dout.sum(axis=0)
    gradients-swapped     return dx, dbeta, dgamma | dgamma, dbeta, dx | dbeta, dgamma, dx
    gamma-in-parameters   sum(axis=0) -> sum(axis=0) * gamma
    dgamma-without-xhat   dgamma = dout.sum(axis=0)
    dbeta-with-xhat       dbeta = (dout * xhat).sum(axis=0)
    sum-before-product    dgamma = dout.sum(axis=0) * xhat.sum(axis=0)
    not-summed            .sum(axis=0) ->
    mean-of-parameters    .sum(axis=0) -> .mean(axis=0)
"""
PROBES = (
    ("gamma-forgotten", "dx", alike({}, {"gamma": huge})),
    ("rstd-forgotten", "dx", alike({}, {"rstd": huge})),
    ("gamma-in-parameters", "dgamma dbeta", unlike({}, {"gamma": huge})),
    ("rstd-in-parameters", "dgamma dbeta", unlike({}, {"rstd": huge})),
    ("dgamma-without-xhat", "dgamma", alike({}, {"xhat": lambda xhat: xhat[::-1]})),
    ("dbeta-with-xhat", "dbeta", unlike({}, {"xhat": lambda xhat: xhat[::-1]})),
)


def batch_norm_backward(dout, xhat, rstd, gamma):
    dgamma = (dout * xhat).sum(axis=0)
    dbeta = dout.sum(axis=0)
    g = dout * gamma  # the gradient that arrives at xhat
    along_ones = g.mean(axis=0)
    along_xhat = xhat * (g * xhat).mean(axis=0)
    dx = rstd * (g - along_ones - along_xhat)
    return dx, dgamma, dbeta


def _gradient(shape, eps, sign=1, dtype=np.float64):
    """Return the inputs of a backward case; dout leans on the mean and on xhat."""

    def inputs(rng):
        x = rng.normal(1.5, 0.7, size=shape)
        rstd = 1 / np.sqrt(x.var(0) + eps)
        xhat = (x - x.mean(0)) * rstd
        dout = rng.normal(1.0, 1.0, size=shape) + 0.7 * xhat
        gamma = sign * rng.uniform(1.5, 2.5, size=shape[1])
        given = {"dout": dout, "xhat": xhat, "rstd": rstd, "gamma": gamma}
        return {name: value.astype(dtype) for name, value in given.items()}

    return inputs


FULL = Exercise(
    batch_norm_backward,
    outputs=("dx", "dgamma", "dbeta"),
    cases={
        "dout (4, 4), eps 0.5": _gradient((4, 4), 0.5),
        "dout (6, 3), eps 1e-5": _gradient((6, 3), 1e-5),
        "dout (5, 2), float32": _gradient((5, 2), 0.5, -1, np.float32),
    },
    probes=(
        ("sum-not-zero", "dx", lambda run: not same(run().sum(axis=0), 0 * run()[0])),
        *PROBES,
    ),
    from_scratch=True,
    mistakes=f"""
    {DX}{PARAMETERS_OF_ROWS}
    sum-in-dx             mean(axis=0) -> sum(axis=0) | mean(axis=0) / len(g)
                          rstd -> rstd * len(g) | rstd / len(g)
                          (g - -> (g / len(g) -
    unbiased-variance     mean(axis=0) -> sum(axis=0) / (len(g) - 1)
    wrong-count           mean(axis=0) -> sum(axis=0) / g.shape[1]
    projection-by-length  ).mean(axis=0) -> ).sum(axis=0) / (xhat**2).sum(axis=0)
    direction-forgotten   along_xhat = (g * xhat).mean(axis=0) | (g * xhat**2).mean(axis=0)
                          along_xhat = xhat * g.mean(axis=0)
    wrong-axis            (axis=0) -> () | (axis=1) | (axis=1, keepdims=True)
    rstd-in-parameters    sum(axis=0) -> sum(axis=0) * rstd | sum(axis=0) / rstd
    """,
)


def layer_norm_backward(dout, xhat, rstd, gamma):
    dgamma = (dout * xhat).sum(axis=0)  # each parameter acts on every row
    dbeta = dout.sum(axis=0)
    g = dout * gamma  # gamma first: it differs within a row
    along_ones = g.mean(axis=1, keepdims=True)
    along_xhat = xhat * (g * xhat).mean(axis=1, keepdims=True)
    dx = rstd * (g - along_ones - along_xhat)
    return dx, dgamma, dbeta


def _of_rows(shape, eps):
    """Return the inputs of layer norm's backward: each row has its statistics."""

    def inputs(rng):
        x = rng.normal(1.5, 0.7, size=shape)
        rstd = 1 / np.sqrt(x.var(axis=1, keepdims=True) + eps)  # (N, 1)
        xhat = (x - x.mean(axis=1, keepdims=True)) * rstd
        dout = rng.normal(1.0, 1.0, size=shape) + 0.7 * xhat
        gamma = rng.uniform(1.5, 2.5, size=shape[1])
        return {"dout": dout, "xhat": xhat, "rstd": rstd, "gamma": gamma}

    return inputs


LAYER_NORM = Exercise(
    layer_norm_backward,
    outputs=("dx", "dgamma", "dbeta"),
    cases={
        "dout (4, 4), eps 0.5": _of_rows((4, 4), 0.5),
        "dout (3, 6), eps 1e-5": _of_rows((3, 6), 1e-5),
    },
    probes=(
        ("sum-not-zero", "dx", lambda run: not same(run().sum(axis=1), 0 * run()[:, 0])),
        *PROBES,
    ),
    from_scratch=True,
    mistakes=f"""
    {DX}{PARAMETERS_OF_ROWS}
    sum-in-dx             mean(axis=1, keepdims=True) -> sum(axis=1, keepdims=True)
    batch-norm            (axis=1, keepdims=True) -> (axis=0)
    gamma-too-late        g = dout; dx = gamma * rstd * (g - along_ones - along_xhat)
    wrong-axis            sum(axis=0) -> sum(axis=1) | sum()
    """,
)
