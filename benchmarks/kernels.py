"""How fast the NumPy batch norm is: ``make bench``.

Forward and backward pass in training, float32, one thread, beside a textbook's version
and torch's. All run in turn, round after round, so that a ratio holds on a noisy machine.
"""

import time
import tracemalloc

import numpy as np
import torch

from bn_lib.functional import batch_norm, batch_norm_backward

# Shape, and the ratios to reach: to the textbook, to torch.
GOALS = {
    (64, 64, 28, 28): (0.6, 1.0),
    (32, 256, 14, 14): (0.6, 1.2),
    (8192, 256): (0.7, 2.0),
    (256, 1024): (0.8, 2.0),
}
ROUNDS = 31
EPS = 1e-5


def ours(x, gamma, beta, dout):
    y, cache = batch_norm(x, None, None, gamma, beta, training=True, eps=EPS)
    return y, *batch_norm_backward(dout, cache)


def textbook(x, gamma, beta, dout):
    axes = (0, *range(2, x.ndim))
    wide = (1, -1, *[1] * (x.ndim - 2))
    m = x.size // x.shape[1]
    mean = x.mean(axis=axes, keepdims=True)
    var = x.var(axis=axes, keepdims=True)
    xhat = (x - mean) / np.sqrt(var + EPS)
    y = gamma.reshape(wide) * xhat + beta.reshape(wide)
    dgamma = (dout * xhat).sum(axis=axes)
    dbeta = dout.sum(axis=axes)
    terms = m * dout - dbeta.reshape(wide) - xhat * dgamma.reshape(wide)
    dx = gamma.reshape(wide) / (m * np.sqrt(var + EPS)) * terms
    return y, dx, dgamma, dbeta


def pytorch(x, gamma, beta, dout):
    leaves = [torch.from_numpy(a).requires_grad_() for a in (x, gamma, beta)]
    y = torch.nn.functional.batch_norm(
        leaves[0], None, None, *leaves[1:], training=True, eps=EPS
    )
    return y, *torch.autograd.grad(y, leaves, torch.from_numpy(dout))


def inputs(shape):
    rng = np.random.default_rng(0)
    sizes = (shape, shape[1], shape[1], shape)
    return [rng.normal(size=size).astype(np.float32) for size in sizes]


def times(functions, arguments, rounds=ROUNDS):
    """Return the seconds of each function in each round, shape (functions, rounds)."""
    seconds = np.empty((len(functions), rounds + 1))
    for turn in range(rounds + 1):
        for i, function in enumerate(functions):
            start = time.perf_counter()
            function(*arguments)
            seconds[i, turn] = time.perf_counter() - start
    return seconds[:, 1:]  # the first round warms up


def peak(arguments):
    """Return the memory at the peak, in arrays of the size of x."""
    ours(*arguments)
    tracemalloc.start()
    ours(*arguments)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / arguments[0].nbytes


def main():
    torch.set_num_threads(1)
    print(f"forward and backward, float32, one thread, median of {ROUNDS} rounds")
    print(f"{'shape':>18} {'ms':>7} {'× textbook':>16} {'× torch':>16} {'peak arrays':>12}")
    for shape, goals in GOALS.items():
        arguments = inputs(shape)
        mine, book, theirs = times((ours, textbook, pytorch), arguments)
        ratios = [np.median(mine / other) for other in (book, theirs)]
        cells = [f"{r:.2f} (≤ {g})" for r, g in zip(ratios, goals, strict=True)]
        shown = "×".join(map(str, shape))
        print(
            f"{shown:>18} {1e3 * np.median(mine):7.2f} {cells[0]:>16} {cells[1]:>16} "
            f"{peak(arguments):12.2f}"
        )
    print("\nns a value, by the size of x, for (N, 64, 28, 28)")
    for images in (5, 50, 500, 5000):
        arguments = inputs((images, 64, 28, 28))
        (mine,) = times((ours,), arguments, rounds=3 if images > 100 else ROUNDS)
        size = arguments[0].nbytes / 1e6
        print(f"{size:8.0f} MB {1e9 * np.median(mine) / arguments[0].size:8.2f}")


if __name__ == "__main__":
    main()
