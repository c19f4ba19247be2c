"""How fast the NumPy batch norm is, and how much memory it takes: ``make bench``.

Forward and backward pass in training, float32, one thread, beside the form that courses
write, that form with the fewest passes, and torch's. All run in turn, in another order
each round, and only the time of the processor counts, so that the ratios also hold on a
machine with other things to do.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import random
import time
import tracemalloc

import numpy as np
import torch

from bn_lib.functional import batch_norm, batch_norm_backward

# Shape, and the ratios to reach: to the form that courses write, to torch.
GOALS = {
    (64, 64, 28, 28): (0.6, 1.0),
    (32, 256, 14, 14): (0.6, 1.2),
    (8192, 256): (0.7, 2.0),
    (256, 1024): (0.8, 2.0),
}
EPS = 1e-5


def library(x, gamma, beta, dout):
    y, cache = batch_norm(x, None, None, gamma, beta, training=True, eps=EPS)
    return y, *batch_norm_backward(dout, cache)


def textbook(x, gamma, beta, dout):
    """Take the gradient of xhat first, then the formula, as courses write it."""
    y, xhat, rstd, gamma, axes = _forward(x, gamma, beta)
    g = dout * gamma
    along_xhat = xhat * (g * xhat).mean(axis=axes, keepdims=True)
    dx = rstd * (g - g.mean(axis=axes, keepdims=True) - along_xhat)
    return y, dx, (dout * xhat).sum(axis=axes), dout.sum(axis=axes)


def fewest_passes(x, gamma, beta, dout):
    """Leave gamma outside, so that the two sums serve dx as well."""
    y, xhat, rstd, gamma, axes = _forward(x, gamma, beta)
    m = x.size // gamma.size
    dgamma = (dout * xhat).sum(axis=axes, keepdims=True)
    dbeta = dout.sum(axis=axes, keepdims=True)
    dx = gamma * rstd / m * (m * dout - dbeta - xhat * dgamma)
    return y, dx, dgamma.ravel(), dbeta.ravel()


def _forward(x, gamma, beta):
    axes = (0, *range(2, x.ndim))
    per_channel = (1, -1, *[1] * (x.ndim - 2))  # (C,) -> (1, C, 1, 1)
    gamma, beta = gamma.reshape(per_channel), beta.reshape(per_channel)
    mean = x.mean(axis=axes, keepdims=True)
    rstd = 1 / np.sqrt(x.var(axis=axes, keepdims=True) + EPS)
    xhat = (x - mean) * rstd
    return gamma * xhat + beta, xhat, rstd, gamma, axes


def pytorch(x, gamma, beta, dout):
    x, gamma, beta = leaves = [
        torch.from_numpy(array).requires_grad_() for array in (x, gamma, beta)
    ]
    y = torch.nn.functional.batch_norm(x, None, None, gamma, beta, training=True, eps=EPS)
    return y, *torch.autograd.grad(y, leaves, torch.from_numpy(dout))


def inputs(shape):
    """Return x, gamma, beta and dout."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal(2**20, dtype=np.float32)
    sizes = (shape, shape[1], shape[1], shape)
    return [np.resize(rng.permutation(values), size) for size in sizes]


def seconds(functions, arguments, rounds):
    """Return the time of each function in each round, shape (rounds, functions)."""
    times = np.empty((rounds + 1, len(functions)))
    order = list(range(len(functions)))
    for turn in times:
        random.shuffle(order)
        for i in order:
            functions[i](*arguments)  # each finds the caches as it left them itself
            start = time.process_time()
            functions[i](*arguments)
            turn[i] = time.process_time() - start
    return times[1:]  # the first round warms up


def peak(arguments):
    """Return the memory that the library takes, in arrays of the size of x."""
    tracemalloc.start()
    library(*arguments)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / arguments[0].nbytes


def compare():
    """Print how the library stands beside the textbook's two forms and torch's."""
    print("batch norm, forward and backward, float32, one thread, medians\n")
    print("           shape       ms   x textbook (goal)   x fewest passes", end="")
    print("   x torch (goal)   peak arrays")
    for shape, goals in GOALS.items():
        arguments = inputs(shape)
        rounds = 30 * max(1, 2**21 // arguments[0].size)
        times = seconds((library, textbook, fewest_passes, pytorch), arguments, rounds)
        milliseconds = 1e3 * np.median(times[:, 0])
        book, fewest, torchs = np.median(times[:, :1] / times[:, 1:], axis=0)
        print(
            f"{'x'.join(map(str, shape)):>16} {milliseconds:8.2f} "
            f"{book:12.2f} ({goals[0]}) {fewest:17.2f} {torchs:12.2f} ({goals[1]}) "
            f"{peak(arguments):13.2f}"
        )


def grow(megabytes=(1, 10, 100, 1000)):
    """Print that the time grows with the number of values, and no faster."""
    print("\nnanoseconds a value, by the size of x\n")
    print("      MB   (N, 64, 28, 28)   (N, 256)")
    for size in megabytes:
        # x, dout, y, xhat and dx, and some room.
        if 6e6 * size > os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"):
            print(f"{size:8} skipped: takes {6 * size} MB of free memory")
            continue
        row = []
        for example in ((64, 28, 28), (256,)):
            examples = round(size * 1e6 / 4 / np.prod(example))
            arguments = inputs((examples, *example))
            times = seconds((library,), arguments, rounds=max(2, 100 // size))
            row.append(1e9 * np.median(times) / arguments[0].size)
            del arguments
        print(f"{size:8} {row[0]:17.2f} {row[1]:10.2f}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    compare()
    grow()
