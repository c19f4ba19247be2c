"""The exercises, held to answers that learners would write by hand."""

import numpy as np
import torch

from bn_lib import functional
from bn_lib.course.exercise import check
from bn_lib.layers import BatchNorm, Dropout, Linear, ReLU, Residual, Sequential
from tests.chapters.learners import ExerciseTests, Learners

LEARNERS = Learners("placement")
EXERCISES, right = LEARNERS.exercises, LEARNERS.right
wrong, wrong_table = LEARNERS.wrong, LEARNERS.wrong_table


class TestExercises(ExerciseTests):
    """What is true of the exercises of every chapter."""

    learners = LEARNERS


def _relu(x):
    return np.maximum(x, 0)


# A bias before BN, and with a ReLU between

BEFORE, BETWEEN = [-1.5, -0.5, 0, 0.5, 1.5], [-0.5, -0.5, -0.5, -0.5, 2]
right("placement.bias", (BEFORE, BETWEEN))
right("placement.bias", [np.float32(BEFORE), tuple(BETWEEN)])
right("placement.bias", np.array([BEFORE, BETWEEN]))
right("placement.bias", (torch.tensor(BEFORE), torch.tensor(BETWEEN)))
right("placement.bias", lambda: (BEFORE, BETWEEN))

for _mistakes, _before in {
    ("bias-after-norm",): [-5.5, -4.5, -4, -3.5, -2.5],
    ("unbiased-variance",): [-1.34, -0.45, 0, 0.45, 1.34],
    ("variance-not-centered",): [-1.25, -0.42, 0, 0.42, 1.25],
    ("not-divided",): [-9, -3, 0, 3, 9],
    ("missing-root",): [-0.25, -0.083, 0, 0.083, 0.25],
    ("mean-not-subtracted",): [-13 / 6, -7 / 6, -4 / 6, -1 / 6, 5 / 6],
    ("mean-not-subtracted", "not-divided"): [-13, -7, -4, -1, 5],
    ("brackets",): [-13 + 2 / 3, -7 + 2 / 3, -4 + 2 / 3, -1 + 2 / 3, 5 + 2 / 3],
    ("wrong-sign",): [1.5, 0.5, 0, -0.5, -1.5],
    ("not-the-variance",): [0, 1 / 3, 0.5, 2 / 3, 1],
    ("relu-after-norm",): [0, 0, 0, 0.5, 1.5],
    ("relu-not-there",): [-0.69, -0.69, -0.69, 0.17, 1.89],
}.items():
    wrong("placement.bias", *_mistakes)((_before, BETWEEN))
for _mistakes, _between in {
    ("relu-forgotten",): BEFORE,
    ("relu-after-norm",): [0, 0, 0, 0.5, 1.5],
    ("relu-without-bias",): [-0.69, -0.69, -0.69, 0.17, 1.89],
    ("bias-after-norm",): [-4.69, -4.69, -4.69, -3.83, -2.11],
    ("not-divided",): [-1, -1, -1, -1, 4],
    ("missing-root",): [-0.25, -0.25, -0.25, -0.25, 1],
    ("mean-not-subtracted",): [0, 0, 0, 0, 2.5],
    ("mean-not-subtracted", "not-divided"): [0, 0, 0, 0, 5],
    ("divided-by-root-five",): [-0.4472, -0.4472, -0.4472, -0.4472, 1.7889],
    ("brackets",): [-0.5, -0.5, -0.5, -0.5, 4.5],
    ("not-the-variance",): [0, 0, 0, 0, 1],
    ("wrong-sign",): [-1.07, -0.85, -0.21, 0.43, 1.71],
    ("not-the-relu",): [1.75, 0.25, -0.5, -1.25, -0.25],
}.items():
    wrong("placement.bias", *_mistakes)((BEFORE, _between))
wrong("placement.bias", "gradients-swapped")((BETWEEN, BEFORE))
wrong("placement.bias", "bias-after-norm", "relu-forgotten")(
    ([-5.5, -4.5, -4, -3.5, -2.5], BEFORE)
)
wrong("placement.bias", "wrong-shape")(([[v] for v in BEFORE], BETWEEN))


# The bias before BN, deleted


@right("placement.without-bias")
def without_bias_feature_by_feature(bias, running_mean, running_var):
    moved = [m - b for m, b in zip(running_mean, bias, strict=True)]
    return moved, list(running_var)


@right("placement.without-bias")
def without_bias_on_a_copy(b, mean, var):
    mean = mean.copy()
    mean -= b
    return [mean, var.copy()]


@right("placement.without-bias")
def without_bias_in_torch(bias, running_mean, running_var):
    return torch.tensor(running_mean).sub(torch.tensor(bias)), torch.tensor(running_var)


@right("placement.without-bias")
def without_bias_from_the_outputs(bias, running_mean, running_var):
    """Find the mean that gives the same output, for some x."""
    x, std = np.ones_like(bias), np.sqrt(running_var + 1e-5)
    y = (x + bias - running_mean) / std
    return x - y * std, running_var


WITHOUT_BIAS = {
    ("wrong-sign",): [
        lambda b, mean, var: (mean + b, var),
        lambda b, mean, var: (b - mean, var),
    ],
    ("mean-without-bias",): [
        lambda b, mean, var: (mean, var),
        lambda b, mean, var: (mean - mean.mean(), var),
    ],
    ("mean-set-to-zero",): [lambda b, mean, var: (np.zeros_like(mean), var)],
    ("old-mean-lost",): [
        lambda b, mean, var: (-b, var),
        lambda b, mean, var: (b, var),
    ],
    ("mean-with-variance",): [
        lambda b, mean, var: (mean - b / np.sqrt(var + 1e-5), var),
        lambda b, mean, var: ((mean - b) / np.sqrt(var), var),
        lambda b, mean, var: (mean - b * var**3, var),
    ],
    ("bias-by-momentum",): [
        lambda b, mean, var: (0.9 * mean + 0.1 * (mean - b), var),
        lambda b, mean, var: (mean - 0.1 * b, var),
    ],
    ("bias-scaled",): [
        lambda b, mean, var: (mean - 2 * b, var),
        lambda b, mean, var: (mean * b, var),
    ],
    ("variance-moved",): [
        lambda b, mean, var: (mean - b, var - b),
        lambda b, mean, var: (mean - b, var - b**2),
        lambda b, mean, var: (mean - b, np.ones_like(var)),
        lambda b, mean, var: (mean - b, np.sqrt(var)),
        lambda b, mean, var: (mean - b, var + b.var()),
        lambda b, mean, var: (mean - b, var + mean - b),
    ],
    ("gradients-swapped",): [lambda b, mean, var: (var, mean - b)],
    ("wrong-sign", "variance-moved"): [lambda b, mean, var: (mean + b, var + b)],
    ("mean-without-bias", "variance-moved"): [lambda b, mean, var: (mean, var - b)],
    ("mean-set-to-zero", "variance-moved"): [
        lambda b, mean, var: (0 * mean, np.ones_like(var))
    ],
    ("unknown",): [lambda b, mean, var: (mean - b**2, var)],
}
wrong_table("placement.without-bias", WITHOUT_BIAS)


@wrong("placement.without-bias", "changed-input")
def without_bias_in_place(bias, running_mean, running_var):
    running_mean -= bias
    return running_mean, running_var


# A network


@right("placement.forward")
def forward_step_by_step(x, linear1, norm1, linear2, norm2, head):
    h = linear1(x)
    h = norm1(h)
    h = np.where(h > 0, h, 0)
    h = linear2(h)
    h = norm2(h)
    h[h < 0] = 0
    return head(h)


@right("placement.forward")
def forward_in_a_loop(x, *layers):
    for linear, norm in zip(layers[0:4:2], layers[1:4:2], strict=True):
        z = norm(linear(x))
        x = (z + abs(z)) / 2
    return layers[-1](x)


@right("placement.forward")
def forward_on_one_line(a, l1, n1, l2, n2, h):
    return h(_relu(n2(l2(_relu(n1(l1(a)))))))


@right("placement.forward")
def forward_with_relu_of_torch(x, linear1, norm1, linear2, norm2, head):
    x = torch.relu(torch.tensor(norm1(linear1(torch.tensor(x)))))
    return torch.tensor(head(torch.tensor(norm2(linear2(x))).clamp(min=0)))


@right("placement.forward")
def forward_as_lists(x, linear1, norm1, linear2, norm2, head):
    def relu(rows):
        return [[max(0.0, value) for value in row] for row in rows]

    return head(relu(norm2(linear2(relu(norm1(linear1(x.tolist())))))))


@right("placement.forward")
def forward_with_copies_of_the_sign(x, linear1, norm1, linear2, norm2, head):
    z = norm1(linear1(x))
    z = norm2(linear2(z * (z > 0)))
    return head(z.clip(0))


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


# Arguments: x, the two linear layers, the two norms, and the head.
FORWARD = {
    ("relu-before-norm",): [
        lambda x, l1, n1, l2, n2, h: h(n2(_relu(l2(n1(_relu(l1(x))))))),
        lambda x, l1, n1, l2, n2, h: h(_relu(n2(l2(n1(_relu(l1(x))))))),
        lambda x, l1, n1, l2, n2, h: h(_relu(n2(_relu(l2(_relu(n1(_relu(l1(x))))))))),
    ],
    ("norm-before-linear",): [
        lambda x, l1, n1, l2, n2, h: h(_relu(l2(n2(_relu(l1(n1(x))))))),
        lambda x, l1, n1, l2, n2, h: h(l2(_relu(n2(l1(_relu(n1(x))))))),
        lambda x, l1, n1, l2, n2, h: h(_relu(l2(n2(_relu(n1(l1(x))))))),
    ],
    ("norm-forgotten",): [
        lambda x, l1, n1, l2, n2, h: h(_relu(l2(_relu(l1(x))))),
        lambda x, l1, n1, l2, n2, h: h(_relu(l2(_relu(n1(l1(x)))))),
        lambda x, l1, n1, l2, n2, h: h(_relu(n2(l2(_relu(l1(x)))))),
    ],
    ("linear-forgotten",): [
        lambda x, l1, n1, l2, n2, h: h(_relu(n2(_relu(n1(x))))),
        lambda x, l1, n1, l2, n2, h: h(_relu(n2(_relu(n1(l1(x)))))),
    ],
    ("relu-forgotten",): [
        lambda x, l1, n1, l2, n2, h: h(n2(l2(n1(l1(x))))),
        lambda x, l1, n1, l2, n2, h: h(_relu(n2(l2(n1(l1(x)))))),
        lambda x, l1, n1, l2, n2, h: h(n2(l2(_relu(n1(l1(x)))))),
    ],
    ("not-the-relu",): [
        lambda x, l1, n1, l2, n2, h: h(np.tanh(n2(l2(np.tanh(n1(l1(x))))))),
        lambda x, l1, n1, l2, n2, h: h(_sigmoid(n2(l2(_sigmoid(n1(l1(x))))))),
        lambda x, l1, n1, l2, n2, h: h(abs(n2(l2(abs(n1(l1(x))))))),
    ],
    ("wrong-layer",): [
        lambda x, l1, n1, l2, n2, h: h(_relu(n1(l2(_relu(n1(l1(x))))))),
        lambda x, l1, n1, l2, n2, h: h(_relu(n2(l2(_relu(n2(l1(x))))))),
        lambda x, l1, n1, l2, n2, h: h(_relu(n1(l2(_relu(n2(l1(x))))))),
        lambda x, l1, n1, l2, n2, h: h(_relu(n1(l1(_relu(n1(l1(x))))))),
        lambda x, l1, n1, l2, n2, h: h(_relu(n1(l1(_relu(n2(l2(x))))))),
        lambda x, l1, n1, l2, n2, h: h(_relu(n2(l1(_relu(n1(l1(x))))))),
    ],
    ("layer-skipped",): [
        lambda x, l1, n1, l2, n2, h: h(_relu(n2(l2(x)))),
        lambda x, l1, n1, l2, n2, h: h(_relu(n1(l1(x)))),
    ],
    ("head-forgotten",): [lambda x, l1, n1, l2, n2, h: _relu(n2(l2(_relu(n1(l1(x))))))],
    ("after-head",): [
        lambda x, l1, n1, l2, n2, h: _relu(h(_relu(n2(l2(_relu(n1(l1(x)))))))),
        lambda x, l1, n1, l2, n2, h: n2(h(_relu(n2(l2(_relu(n1(l1(x)))))))),
        lambda x, l1, n1, l2, n2, h: _sigmoid(h(_relu(n2(l2(_relu(n1(l1(x)))))))),
    ],
    ("relu-forgotten", "after-head"): [
        lambda x, l1, n1, l2, n2, h: _relu(h(n2(l2(_relu(n1(l1(x))))))),
    ],
    ("norm-forgotten", "relu-forgotten"): [
        lambda x, l1, n1, l2, n2, h: h(n2(l2(_relu(l1(x))))),
    ],
    ("relu-before-norm", "head-forgotten"): [
        lambda x, l1, n1, l2, n2, h: n2(_relu(l2(n1(_relu(l1(x)))))),
    ],
    ("layer-unused",): [
        lambda x, l1, n1, l2, n2, h: h(l2(l1(x))),
        lambda x, l1, n1, l2, n2, h: h(x),
    ],
    ("raised",): [lambda x, l1, n1, l2, n2, h: h(l1(x).relu())],
    ("wrong-type",): [lambda x, l1, n1, l2, n2, h: (h, l1(x))],
}
wrong_table("placement.forward", FORWARD)


# A residual block


@right("placement.block")
def block_step_by_step(x, linear1, norm1, linear2, norm2):
    out = linear1(x)
    out = norm1(out)
    out[out < 0] = 0
    out = linear2(out)
    out = norm2(out)
    out += x
    out[out < 0] = 0
    return out


@right("placement.block")
def block_with_identity(x, conv1, bn1, conv2, bn2):
    identity = x
    z = bn2(conv2(np.clip(bn1(conv1(x)), 0, None)))
    return ((z + identity) > 0) * (z + identity)


@right("placement.block")
def block_with_relu_of_torch(x, linear1, norm1, linear2, norm2):
    x = torch.tensor(x)
    inner = torch.tensor(norm1(linear1(x))).relu()
    return torch.relu(torch.tensor(norm2(linear2(inner))) + x)


@right("placement.block")
def block_from_its_own_functions(x, linear1, norm1, linear2, norm2):
    def branch(x):
        return norm2(linear2(_relu(norm1(linear1(x)))))

    return np.where(branch(x) > -x, x + branch(x), 0.0)


# Arguments: x, the linear layers and the norms.
BLOCK = {
    ("skip-forgotten",): [lambda x, l1, n1, l2, n2: _relu(n2(l2(_relu(n1(l1(x))))))],
    ("relu-before-adding",): [
        lambda x, l1, n1, l2, n2: x + _relu(n2(l2(_relu(n1(l1(x)))))),
        lambda x, l1, n1, l2, n2: _relu(x + _relu(n2(l2(_relu(n1(l1(x))))))),
    ],
    ("norm-after-adding",): [
        lambda x, l1, n1, l2, n2: _relu(n2(x + l2(_relu(n1(l1(x)))))),
        lambda x, l1, n1, l2, n2: n2(_relu(x + l2(_relu(n1(l1(x)))))),
    ],
    ("last-relu-left-out",): [lambda x, l1, n1, l2, n2: x + n2(l2(_relu(n1(l1(x)))))],
    ("inner-relu-left-out",): [lambda x, l1, n1, l2, n2: _relu(x + n2(l2(n1(l1(x)))))],
    ("inner-relu-left-out", "last-relu-left-out"): [
        lambda x, l1, n1, l2, n2: x + n2(l2(n1(l1(x))))
    ],
    ("skip-forgotten", "last-relu-left-out"): [
        lambda x, l1, n1, l2, n2: n2(l2(_relu(n1(l1(x)))))
    ],
    ("skip-not-once",): [
        lambda x, l1, n1, l2, n2: _relu(x + n2(l2(_relu(n1(l1(x))))) + x),
        lambda x, l1, n1, l2, n2: _relu(x + n2(l2(_relu(n1(l1(x)))))) + x,
    ],
    ("skip-too-early",): [
        lambda x, l1, n1, l2, n2: _relu(n2(l2(_relu(x + n1(l1(x)))))),
        lambda x, l1, n1, l2, n2: _relu(x + n2(l2(_relu(x + n1(l1(x)))))),
    ],
    ("skip-not-x",): [
        lambda x, l1, n1, l2, n2: _relu(
            _relu(n1(l1(x))) + n2(l2(_relu(n1(l1(x))))),
        ),
        lambda x, l1, n1, l2, n2: _relu(l1(x) + n2(l2(_relu(n1(l1(x)))))),
    ],
    ("multiplied",): [lambda x, l1, n1, l2, n2: _relu(x * n2(l2(_relu(n1(l1(x))))))],
    ("wrong-sign",): [lambda x, l1, n1, l2, n2: _relu(n2(l2(_relu(n1(l1(x))))) - x)],
    ("pre-activation",): [
        lambda x, l1, n1, l2, n2: x + l2(_relu(n2(l1(_relu(n1(x)))))),
        lambda x, l1, n1, l2, n2: _relu(x + l2(_relu(n2(l1(_relu(n1(x))))))),
    ],
    ("relu-before-norm",): [
        lambda x, l1, n1, l2, n2: _relu(x + n2(l2(n1(_relu(l1(x)))))),
        lambda x, l1, n1, l2, n2: _relu(x + n2(_relu(l2(n1(_relu(l1(x))))))),
        lambda x, l1, n1, l2, n2: _relu(x + n2(l2(_relu(n1(_relu(l1(x))))))),
    ],
    ("norm-before-linear",): [
        lambda x, l1, n1, l2, n2: _relu(x + l2(n2(_relu(l1(n1(x)))))),
    ],
    ("norm-forgotten",): [
        lambda x, l1, n1, l2, n2: _relu(x + l2(_relu(l1(x)))),
        lambda x, l1, n1, l2, n2: _relu(x + l2(_relu(n1(l1(x))))),
    ],
    ("linear-forgotten",): [lambda x, l1, n1, l2, n2: _relu(x + n2(_relu(n1(l1(x)))))],
    ("wrong-layer",): [
        lambda x, l1, n1, l2, n2: _relu(x + n1(l2(_relu(n1(l1(x)))))),
        lambda x, l1, n1, l2, n2: _relu(x + n2(l2(_relu(n2(l1(x)))))),
        lambda x, l1, n1, l2, n2: _relu(x + n1(l1(_relu(n1(l1(x)))))),
    ],
    ("layer-skipped",): [lambda x, l1, n1, l2, n2: _relu(x + n2(l2(x)))],
    ("not-the-relu",): [
        lambda x, l1, n1, l2, n2: np.minimum(x + n2(l2(np.minimum(n1(l1(x)), 0))), 0),
    ],
    ("skip-blocked",): [
        lambda x, l1, n1, l2, n2: _relu(n2(l2(_relu(n1(l1(x))))) ** 3),
    ],
    ("layer-unused",): [
        lambda x, l1, n1, l2, n2: _relu(x + l2(_relu(l1(x))) ** 2),
        lambda x, l1, n1, l2, n2: _relu(x),
    ],
    ("wrong-shape",): [
        lambda x, l1, n1, l2, n2: _relu(np.c_[x, n2(l2(_relu(n1(l1(x)))))]),
    ],
    ("norm-forgotten", "last-relu-left-out"): [
        lambda x, l1, n1, l2, n2: x + n2(l2(_relu(l1(x))))
    ],
    ("unknown",): [
        lambda x, l1, n1, l2, n2: _relu(x + np.sin(n2(l2(_relu(n1(l1(x))))))),
    ],
}
wrong_table("placement.block", BLOCK)


@wrong("placement.block", "changed-input")
def block_in_place(x, linear1, norm1, linear2, norm2):
    x += norm2(linear2(_relu(norm1(linear1(x)))))
    return _relu(x)


# The variance after dropout


@right("placement.dropout-variance")
def variance_by_what_is_added(mean, var, rate):
    return var + rate / (1 - rate) * (mean**2 + var)


@right("placement.dropout-variance")
def variance_of_two_kinds(m, v, p):
    """Add the variances of what is kept, and of the two means."""
    kept = m / (1 - p)
    return (1 - p) * (v / (1 - p) ** 2 + (kept - m) ** 2) + p * (0 - m) ** 2


@right("placement.dropout-variance")
def variance_without_scaling_first(mean, var, rate):
    keep = 1.0 - rate
    dropped = keep * (var + np.square(mean)) - (keep * mean) ** 2
    return np.array(dropped / keep**2)


@right("placement.dropout-variance")
def variance_in_torch(mean, var, rate):
    mean, var = torch.tensor([mean, var])
    return (var + mean**2) / (1 - rate) - mean.square()


# Arguments: mean, variance, rate.
DROPOUT_VARIANCE = {
    ("not-rescaled",): [
        lambda m, v, p: (1 - p) * (v + m**2) - ((1 - p) * m) ** 2,
        lambda m, v, p: (1 - p) * v + p * (1 - p) * m**2,
    ],
    ("mean-ignored",): [lambda m, v, p: v / (1 - p)],
    ("mean-ignored", "not-rescaled"): [lambda m, v, p: (1 - p) * v],
    ("mean-ignored", "rate-not-keep"): [lambda m, v, p: v / p],
    ("rate-ignored",): [lambda m, v, p: v],
    ("rate-not-keep",): [lambda m, v, p: (v + m**2) / p - m**2],
    ("multiplied-by-keep",): [lambda m, v, p: (v + m**2) * (1 - p) - m**2],
    ("variance-not-centered",): [lambda m, v, p: (v + m**2) / (1 - p)],
    ("variance-not-centered", "rate-not-keep"): [lambda m, v, p: (v + m**2) / p],
    ("divided-twice",): [
        lambda m, v, p: (v + m**2) / (1 - p) ** 2 - m**2,
        lambda m, v, p: v / (1 - p) ** 2,
    ],
    ("mean-not-kept",): [
        lambda m, v, p: (v + m**2) / (1 - p) - (m / (1 - p)) ** 2,
        lambda m, v, p: (v + m**2) / (1 - p) - (m * (1 - p)) ** 2,
    ],
    ("std-not-variance",): [lambda m, v, p: ((v + m**2) / (1 - p) - m**2) ** 0.5],
    ("mean-not-squared",): [
        lambda m, v, p: (v + m) / (1 - p) - m,
        lambda m, v, p: (v + m) / (1 - p) - m**2,
    ],
    ("only-what-is-added",): [lambda m, v, p: p / (1 - p) * (v + m**2)],
    ("wrong-sign",): [
        lambda m, v, p: (v + m**2) / (1 - p) + m**2,
        lambda m, v, p: (v - m**2) / (1 - p) - m**2,
    ],
    ("variance-ignored",): [lambda m, v, p: m**2 / (1 - p) - m**2],
    ("rate-ignored", "mean-ignored"): [lambda m, v, p: 2 * v],
    ("unknown",): [lambda m, v, p: v + p / (1 - p) * m**2 + p * v],
    ("wrong-type",): [lambda m, v, p: (m, v / (1 - p), "p")],
}
wrong_table("placement.dropout-variance", DROPOUT_VARIANCE)


# What the exercises say is so


def test_the_numbers_of_the_bias_are_those_of_batch_norm():
    x = np.array([[-9.0], [-3.0], [0.0], [3.0], [9.0]])
    before, between = (
        functional.batch_norm(z, None, None, training=True, eps=1e-12)[0].ravel()
        for z in (x - 4, np.maximum(x - 4, 0))
    )
    np.testing.assert_allclose((before, between), EXERCISES["placement.bias"].answer())
    without = functional.batch_norm(x, None, None, training=True, eps=1e-12)[0].ravel()
    np.testing.assert_allclose(without, before)


def test_without_the_bias_a_layer_of_torch_gives_the_same_in_eval():
    torch.manual_seed(0)
    linear, norm = torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3)
    norm(linear(3 * torch.randn(50, 4) + 1))
    net = torch.nn.Sequential(linear, norm).eval()
    x = torch.randn(7, 4)
    expected = net(x)
    given = (linear.bias, norm.running_mean, norm.running_var)
    moved = EXERCISES["placement.without-bias"].answer(*(a.detach() for a in given))
    linear.bias = None
    norm.running_mean, norm.running_var = moved
    torch.testing.assert_close(net(x), expected)


def _layers(rng):
    norms = BatchNorm(4), BatchNorm(4)
    for norm in norms:
        norm.weight[...], norm.bias[...] = rng.normal(size=(2, 4))
    return Linear(4, 4, rng=rng), norms[0], Linear(4, 4, rng=rng), norms[1]


def test_a_network_and_a_block_are_those_of_the_library():
    rng = np.random.default_rng(0)
    x, layers, head = rng.normal(size=(6, 4)), _layers(rng), Linear(4, 2, rng=rng)
    linear1, norm1, linear2, norm2 = layers
    calls = [layer.forward for layer in layers]
    net = Sequential(linear1, norm1, ReLU(), linear2, norm2, ReLU(), head)
    found = EXERCISES["placement.forward"].answer(x, *calls, head.forward)
    np.testing.assert_allclose(found, net.forward(x))
    residual = Sequential(Residual(linear1, norm1, ReLU(), linear2, norm2), ReLU())
    found = EXERCISES["placement.block"].answer(x, *calls)
    np.testing.assert_allclose(found, residual.forward(x))
    norm2.weight[...] = norm2.bias[...] = 0
    x = np.abs(x)
    np.testing.assert_array_equal(EXERCISES["placement.block"].answer(x, *calls), x)


def test_the_variance_is_that_of_dropout():
    rng = np.random.default_rng(0)
    for mean, var, rate in ((1.7, 0.6, 0.2), (-0.8, 2.3, 0.7), (0.0, 1.0, 0.5)):
        x = rng.normal(mean, var**0.5, size=400_000)
        y = Dropout(rate, rng).forward(x)
        expected = EXERCISES["placement.dropout-variance"].answer(mean, var, rate)
        np.testing.assert_allclose(y.var(), expected, rtol=0.02)
        np.testing.assert_allclose(y.mean(), mean, atol=0.02)


def test_a_wrong_order_is_told_as_a_choice_and_not_as_an_error():
    verdict = check(
        "placement.forward",
        lambda x, l1, n1, l2, n2, head: head(n2(_relu(l2(n1(_relu(l1(x))))))),
    )
    assert "works too" in verdict.messages["english"]
