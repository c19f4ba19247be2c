"""The exercises, held to answers that learners would write by hand."""

import numpy as np
import torch

from bn_lib import functional
from bn_lib.course.exercise import check
from tests.chapters.learners import ExerciseTests, Learners

LEARNERS = Learners("alternatives")
EXERCISES, right = LEARNERS.exercises, LEARNERS.right
wrong, wrong_table = LEARNERS.wrong, LEARNERS.wrong_table


# How many values a mean runs over

right("alternatives.values", (200, 150, 25, 50))
right("alternatives.values", [200.0, 150.0, 25.0, 50.0])
right("alternatives.values", np.array([200, 150, 25, 50]))
right("alternatives.values", lambda: (8 * 25, 6 * 25, 25, 2 * 25))
wrong_table(
    "alternatives.values",
    {
        ("means-counted",): [(6, 8, 48, 24), (6, 150, 25, 50), (200, 150, 48, 24)],
        ("positions-forgotten",): [(8, 6, 1, 2), (200, 150, 1, 2)],
        ("one-position-axis",): [(40, 30, 5, 10), (200, 150, 5, 50)],
        ("another-norm",): [
            (150, 200, 25, 50),
            (25, 150, 200, 50),
            (200, 150, 50, 25),
            (200, 25, 150, 50),
        ],
        ("all-values",): [(1200, 150, 25, 50), (200, 1200, 25, 50)],
        ("groups-not-channels",): [(200, 150, 25, 75)],
        ("over-samples",): [(200, 150, 25, 400)],
        ("another-norm", "over-samples"): [(200, 150, 200, 400)],
        ("another-norm", "groups-not-channels"): [(150, 200, 25, 75)],
        ("means-counted", "positions-forgotten"): [(6, 8, 1, 2)],
        ("wrong-type",): [(200, 150, 25)],
    },
)


# Four norms from one function


@right("alternatives.norm")
def norm_by_cases(x, kind, groups):
    if kind == "batch":
        return functional.normalize(x, (0, 2, 3))[0]
    if kind == "layer":
        return functional.normalize(x, (1, 2, 3))[0]
    if kind == "instance":
        return functional.normalize(x, (2, 3))[0]
    n, c, h, w = x.shape
    y, _ = functional.normalize(x.reshape(n, groups, c // groups, h, w), (2, 3, 4))
    return y.reshape(n, c, h, w)


@right("alternatives.norm")
def norm_by_hand(x, kind, G):
    axes = {"batch": (0, 2, 3), "layer": (1, 2, 3), "instance": (2, 3)}
    shape = x.shape
    if kind == "group":
        x = x.reshape(shape[0], G, -1)
    over = axes.get(kind, 2)
    y = (x - x.mean(over, keepdims=True)) / x.std(over, keepdims=True)
    return y.reshape(shape)


@right("alternatives.norm")
def norm_as_group_norm(x, kind, groups):
    """Take layer and instance norm as group norm of 1 and of C groups."""
    if kind == "batch":
        return functional.normalize(x, (0, 2, 3))[0]
    groups = {"layer": 1, "instance": x.shape[1]}.get(kind, groups)
    z = x.reshape(len(x) * groups, -1)
    return functional.normalize(z, 1)[0].reshape(x.shape)


@right("alternatives.norm")
def norm_group_by_group(x, kind, groups):
    if kind != "group":
        return norm_by_cases(x, kind, groups)
    parts = np.split(x, groups, axis=1)
    return np.concatenate([functional.normalize(p, (1, 2, 3))[0] for p in parts], axis=1)


@right("alternatives.norm")
def norm_in_torch(x, kind, groups):
    x = torch.tensor(x)
    if kind == "group":
        return torch.nn.functional.group_norm(x, groups)
    if kind == "layer":
        return torch.nn.functional.layer_norm(x, x.shape[1:])
    if kind == "instance":
        return torch.nn.functional.instance_norm(x)
    return torch.nn.functional.batch_norm(x, None, None, training=True)


def _norm(**changed):
    """Write the function with other ways for some of the kinds, each of x and groups."""

    def answer(x, kind, groups):
        if kind in changed:
            return changed[kind](x, groups)
        return norm_by_cases(x, kind, groups)

    return answer


def _over(*axes):
    return lambda x, groups: functional.normalize(x, axes)[0]


def _grouped(*axes, shape=lambda n, c, h, w, g: (n, g, c // g, h, w)):
    """Return a group norm over other axes, or of another reshape."""
    return lambda x, groups: functional.normalize(x.reshape(shape(*x.shape, groups)), axes)[
        0
    ].reshape(x.shape)


def _every(way):
    return lambda x, kind, groups: way(norm_by_cases, x, kind, groups)


def _interleaved(x, groups):
    parts = [x[:, g::groups] for g in range(groups)]
    y = np.empty_like(x)
    for g, part in enumerate(parts):
        y[:, g::groups] = functional.normalize(part, (1, 2, 3))[0]
    return y


def _hand(center, spread):
    """Write all four with a mean and a divisor of one's own."""

    def answer(x, kind, groups):
        n, c, h, w = x.shape
        z, axes = x, {"batch": (0, 2, 3), "layer": (1, 2, 3)}.get(kind, (2, 3))
        if kind == "group":
            z, axes = x.reshape(n, groups, c // groups, h, w), (2, 3, 4)
        return ((z - center(z, axes)) / spread(z, axes)).reshape(x.shape)

    return answer


def _mean(z, axes):
    return z.mean(axes, keepdims=True)


wrong_table(
    "alternatives.norm",
    {
        ("layer-norm",): [_norm(batch=_over(1, 2, 3))],
        ("instance-norm",): [_norm(batch=_over(2, 3))],
        ("per-pixel",): [
            _norm(batch=_over(0)),
            _norm(layer=_over(1)),
            _norm(group=_grouped(2)),
        ],
        ("over-samples",): [
            _norm(layer=_over(0, 1, 2, 3)),
            _norm(instance=_over(0, 2, 3)),
            _norm(group=_grouped(0, 2, 3, 4)),
            _norm(layer=_over(0, 2, 3), instance=_over(0, 2, 3), group=_over(0, 2, 3)),
            _norm(layer=_over(0, 1, 2)),
        ],
        ("global-statistics",): [_norm(batch=_over(0, 1, 2, 3))],
        ("channels-mixed",): [
            _norm(instance=_over(1, 2, 3)),
            _norm(instance=_grouped(2, 3, 4)),
            _norm(batch=_grouped(0, 2, 3, 4)),
        ],
        ("channels-apart",): [
            _norm(layer=_over(2, 3)),
            _norm(group=_over(2, 3)),
            _norm(layer=_over(2, 3), group=_over(2, 3)),
        ],
        ("groups-ignored",): [
            _norm(group=_over(1, 2, 3)),
            _norm(group=lambda x, g: _grouped(2, 3, 4)(x, 2)),
        ],
        ("another-norm",): [_norm(layer=_grouped(2, 3, 4))],
        ("channels-last-axes",): [
            _norm(batch=_over(0, 1, 2)),
            _norm(instance=_over(1, 2)),
            _norm(batch=_over(0, 1, 2), instance=_over(1, 2)),
        ],
        ("wrong-axis",): [
            _norm(instance=_over(2)),
            _norm(instance=_over(3)),
            _norm(batch=_over(0, 2)),
            _norm(layer=_over(1, 2)),
            _norm(group=_grouped(2, 3)),
        ],
        ("groups-not-channels",): [
            _norm(
                group=_grouped(2, 3, 4, shape=lambda n, c, h, w, g: (n, c // g, g, h, w))
            ),
        ],
        ("groups-interleaved",): [_norm(group=_interleaved)],
        ("axis-not-moved",): [
            _norm(
                group=_grouped(1, 2, 4, shape=lambda n, c, h, w, g: (n, h, w, g, c // g))
            ),
        ],
        ("unbiased-variance",): [
            _hand(_mean, lambda z, a: z.std(a, keepdims=True, ddof=1))
        ],
        ("missing-root",): [_hand(_mean, lambda z, a: z.var(a, keepdims=True))],
        ("not-divided",): [_hand(_mean, lambda z, a: 1.0)],
        ("mean-not-subtracted",): [
            _hand(lambda z, a: 0.0, lambda z, a: np.sqrt((z**2).mean(a, keepdims=True))),
            _hand(lambda z, a: 0.0, lambda z, a: z.std(a, keepdims=True)),
        ],
        ("wrong-sign",): [_every(lambda norm, *given: -norm(*given))],
        ("batch-not-used", "channels-mixed"): [_norm(batch=_over(1, 3))],
        ("instance-norm", "over-samples"): [
            _norm(batch=_over(2, 3), instance=_over(0, 2, 3)),
        ],
        ("layer-norm", "over-samples"): [
            _norm(batch=_over(1, 2, 3), layer=_over(0, 2, 3)),
        ],
        ("wrong-type",): [_norm(batch=lambda x, g: functional.normalize(x, (0, 2, 3)))],
        ("wrong-shape",): [
            _norm(group=lambda x, g: x.reshape(len(x), g, -1)),
        ],
        ("raised",): [lambda x, kind, groups: x.normalize(kind)],
        ("returned-nothing",): [_norm(layer=lambda x, g: None)],
        ("unknown",): [_norm(layer=lambda x, g: np.sign(_over(1, 2, 3)(x, g)))],
    },
)


@wrong("alternatives.norm", "changed-input")
def norm_in_place(x, kind, groups):
    y = norm_by_cases(x, kind, groups)
    x -= x.mean()
    return y


# Batch norm without the padding


@right("alternatives.masked")
def masked_in_place_of_zeros(x, real):
    y = np.zeros_like(x)
    y[real] = functional.normalize(x[real], 0)[0]
    return y


@right("alternatives.masked")
def masked_with_nan(x, real):
    z = np.where(real[..., None], x, np.nan)
    y = (z - np.nanmean(z, axis=(0, 1))) / np.sqrt(np.nanvar(z, axis=(0, 1)) + 1e-5)
    return np.nan_to_num(y)


@right("alternatives.masked")
def masked_by_counting(x, mask):
    m = mask[:, :, np.newaxis].astype(float)
    count = m.sum()
    mean = (x * m).sum(axis=(0, 1)) / count
    var = (m * (x - mean) ** 2).sum(axis=(0, 1)) / count
    return m * (x - mean) / (var + 1e-5) ** 0.5


@right("alternatives.masked")
def masked_in_loops(x, real):
    found = [x[n, t] for n in range(x.shape[0]) for t in range(x.shape[1]) if real[n, t]]
    mean, std = np.mean(found, axis=0), np.std(found, axis=0)
    return np.where(real[:, :, None], (x - mean) / std, 0)


@right("alternatives.masked")
def masked_by_where(x, real):
    where = np.broadcast_to(real[:, :, None], x.shape)
    mean = x.mean(axis=(0, 1), where=where)
    return where * (x - mean) / x.std(axis=(0, 1), where=where)


@right("alternatives.masked")
def masked_in_torch(x, real):
    x, real = torch.tensor(x), torch.tensor(real)
    tokens = x[real]
    y = (x - tokens.mean(0)) / (tokens.var(0, unbiased=False) + 1e-5).sqrt()
    return y * real.unsqueeze(-1)


def _masked(mean=None, var=None, end=lambda y, m: y * m, made=None):
    """Write it with another mean, variance, formula or end; each gets x and the mask."""

    def answer(x, real):
        m, tokens = real[:, :, None], x[real]
        mu = tokens.mean(0) if mean is None else mean(x, m)
        v = tokens.var(0) if var is None else var(x, m)
        make = made or (lambda x, mu, v: (x - mu) / np.sqrt(v + 1e-5))
        return end(make(x, mu, v), m)

    return answer


def _sequence_means(x, m):
    return (x * m).sum(1) / m.sum(1)


def _sequence_vars(x, m):
    away = (x - _sequence_means(x, m)[:, None]) * m
    return (away**2).sum(1) / m.sum(1)


wrong_table(
    "alternatives.masked",
    {
        ("padding-counted",): [
            _masked(lambda x, m: x.mean((0, 1)), lambda x, m: x.var((0, 1))),
            _masked(lambda x, m: x.mean((0, 1))),
            _masked(var=lambda x, m: x.var((0, 1))),
            _masked(lambda x, m: (x * m).mean((0, 1)), lambda x, m: (x * m).var((0, 1))),
            _masked(lambda x, m: (x * m).mean((0, 1))),
            _masked(
                lambda x, m: x.mean((0, 1)),
                lambda x, m: (m * (x - x.mean((0, 1))) ** 2).sum((0, 1)) / m.sum(),
            ),
        ],
        ("padding-not-zero",): [
            _masked(lambda x, m: x.sum((0, 1)) / m.sum()),
            _masked(lambda x, m: x[x[:, :, 0] != 0].mean(0)),
        ],
        ("mask-inverted",): [
            _masked(lambda x, m: x[~m[:, :, 0]].mean(0), lambda x, m: x[~m[..., 0]].var(0)),
            _masked(end=lambda y, m: y * ~m),
        ],
        ("padding-left",): [_masked(end=lambda y, m: y)],
        ("padding-counted", "padding-left"): [
            _masked(
                lambda x, m: x.mean((0, 1)), lambda x, m: x.var((0, 1)), lambda y, m: y
            ),
        ],
        ("per-sequence",): [
            _masked(
                lambda x, m: _sequence_means(x, m)[:, None],
                lambda x, m: _sequence_vars(x, m)[:, None],
            ),
        ],
        ("mean-of-means",): [
            _masked(lambda x, m: _sequence_means(x, m).mean(0)),
            _masked(
                lambda x, m: _sequence_means(x, m).mean(0),
                lambda x, m: _sequence_vars(x, m).mean(0),
            ),
        ],
        ("per-position",): [_masked(lambda x, m: (x * m).sum(0) / m.sum(0).clip(1))],
        ("layer-norm",): [
            _masked(
                lambda x, m: x.mean(2, keepdims=True), lambda x, m: x.var(2, keepdims=True)
            ),
        ],
        ("global-statistics",): [
            _masked(lambda x, m: x[m[..., 0]].mean(), lambda x, m: x[m[..., 0]].var()),
            _masked(lambda x, m: x[m[..., 0]].mean()),
        ],
        ("unbiased-variance",): [_masked(var=lambda x, m: x[m[..., 0]].var(0, ddof=1))],
        ("variance-not-centered",): [_masked(var=lambda x, m: (x[m[..., 0]] ** 2).mean(0))],
        ("missing-root",): [_masked(made=lambda x, mu, v: (x - mu) / v)],
        ("not-divided",): [_masked(made=lambda x, mu, v: x - mu)],
        ("mean-not-subtracted",): [_masked(made=lambda x, mu, v: x / np.sqrt(v))],
        ("brackets",): [_masked(made=lambda x, mu, v: x - mu / np.sqrt(v))],
        ("wrong-sign",): [
            _masked(made=lambda x, mu, v: (x + mu) / np.sqrt(v)),
            _masked(made=lambda x, mu, v: (mu - x) / np.sqrt(v)),
        ],
        ("wrong-shape",): [lambda x, real: functional.normalize(x[real], 0)[0]],
        ("raised",): [_masked(end=lambda y, m: y * m[:, :, 0])],
        ("unknown",): [_masked(made=lambda x, mu, v: np.tanh(x - mu))],
    },
)


@wrong("alternatives.masked", "changed-input")
def masked_after_clearing_the_padding(x, real):
    x[~real] = 0
    return masked_in_place_of_zeros(x, real)


# RMS norm


@right("alternatives.rms-norm")
def rms_on_one_line(x, gamma, eps):
    return x / (np.mean(np.square(x), -1, keepdims=True) + eps) ** 0.5 * gamma


@right("alternatives.rms-norm")
def rms_with_a_new_axis(x, g, eps):
    rms = np.sqrt(np.mean(x * x, axis=2) + eps)
    return g * (x / rms[:, :, None])


@right("alternatives.rms-norm")
def rms_token_by_token(x, gamma, eps):
    y = np.zeros(x.shape)
    for n in range(x.shape[0]):
        for t in range(x.shape[1]):
            token = x[n, t]
            y[n, t] = gamma * token / np.sqrt(token @ token / len(token) + eps)
    return y


@right("alternatives.rms-norm")
def rms_by_the_length(x, gamma, eps):
    length = np.linalg.norm(x, axis=-1, keepdims=True)
    return gamma * x / np.sqrt(length**2 / x.shape[-1] + eps)


@right("alternatives.rms-norm")
def rms_by_mean_and_variance(x, gamma, eps):
    square = x.var(-1, keepdims=True) + x.mean(-1, keepdims=True) ** 2
    return gamma * x / np.sqrt(square + eps)


@right("alternatives.rms-norm")
def rms_in_torch(x, gamma, eps):
    x = torch.tensor(x)
    return torch.tensor(gamma) * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)


def _rms(rms=None, end=lambda x, rms, gamma: gamma * x / rms, eps_in=True):
    """Write it with another divisor of x and eps, or another last line."""

    def answer(x, gamma, eps):
        own = rms or (lambda x, eps: np.sqrt((x**2).mean(-1, keepdims=True) + eps))
        return end(x, own(x, eps), gamma)

    return answer


def _ln(x, gamma, eps):
    centered = x - x.mean(-1, keepdims=True)
    return gamma * centered / np.sqrt(x.var(-1, keepdims=True) + eps)


wrong_table(
    "alternatives.rms-norm",
    {
        ("std-not-rms",): [
            _rms(lambda x, eps: np.sqrt(x.var(-1, keepdims=True) + eps)),
        ],
        ("mean-left-out",): [
            _ln,
            _rms(end=lambda x, rms, g: g * (x - x.mean(-1, keepdims=True)) / rms),
        ],
        ("root-forgotten",): [
            _rms(lambda x, eps: (x**2).mean(-1, keepdims=True) + eps),
            _rms(lambda x, eps: (x**2).mean(-1, keepdims=True)),
        ],
        ("eps-outside-root",): [
            _rms(lambda x, eps: np.sqrt((x**2).mean(-1, keepdims=True)) + eps),
        ],
        ("eps-forgotten",): [_rms(lambda x, eps: np.sqrt((x**2).mean(-1, keepdims=True)))],
        ("eps-not-in-square",): [
            _rms(lambda x, eps: np.sqrt((x**2).mean(-1, keepdims=True) + eps**2)),
        ],
        ("not-averaged",): [
            _rms(lambda x, eps: np.sqrt((x**2).sum(-1, keepdims=True) + eps)),
        ],
        ("eps-forgotten", "not-averaged"): [
            _rms(lambda x, eps: np.linalg.norm(x, axis=-1, keepdims=True)),
        ],
        ("eps-forgotten", "std-not-rms"): [_rms(lambda x, eps: x.std(-1, keepdims=True))],
        ("mean-not-rms",): [
            _rms(lambda x, eps: np.abs(x).mean(-1, keepdims=True) + eps),
            _rms(lambda x, eps: x.mean(-1, keepdims=True)),
        ],
        ("largest-not-rms",): [_rms(lambda x, eps: np.abs(x).max(-1, keepdims=True))],
        ("tokens-together",): [
            _rms(lambda x, eps: np.sqrt((x**2).mean((1, 2), keepdims=True) + eps)),
            _rms(lambda x, eps: np.sqrt((x**2).mean(1, keepdims=True) + eps)),
        ],
        ("over-samples",): [
            _rms(lambda x, eps: np.sqrt((x**2).mean(0, keepdims=True) + eps)),
            _rms(lambda x, eps: np.sqrt((x**2).mean((0, 1)) + eps)),
            _rms(lambda x, eps: np.sqrt((x**2).mean() + eps)),
        ],
        ("parameters-forgotten",): [_rms(end=lambda x, rms, gamma: x / rms)],
        ("gamma-not-once",): [
            _rms(end=lambda x, rms, gamma: x / rms + gamma),
            _rms(end=lambda x, rms, gamma: x / rms / gamma),
            _rms(end=lambda x, rms, gamma: (1 + gamma) * x / rms),
        ],
        ("multiplied-by-rms",): [_rms(end=lambda x, rms, gamma: gamma * x * rms)],
        ("parameters-forgotten", "root-forgotten"): [
            _rms(
                lambda x, eps: (x**2).mean(-1, keepdims=True) + eps, lambda x, r, g: x / r
            ),
        ],
        ("scale-remains",): [
            _rms(end=lambda x, rms, gamma: gamma * x / rms**1.5),
        ],
        ("library-norm",): [
            lambda x, gamma, eps: functional.rms_norm(x, x.shape[-1], gamma, eps=eps)[0],
        ],
        ("wrong-shape",): [lambda x, gamma, eps: np.sqrt((x**2).mean(-1) + eps)],
        ("raised",): [lambda x, gamma, eps: gamma * x / np.sqrt((x**2).mean(-1) + eps)],
        ("unknown",): [_rms(end=lambda x, rms, gamma: gamma * np.abs(x) / rms)],
    },
)


# A norm for a job


@right("alternatives.choose")
def choose_by_four_returns(sequence, style, batch_size, shifted):
    if sequence:
        return "layer"
    if style:
        return "instance"
    if batch_size <= 4 or shifted:
        return "group"
    return "batch"


@right("alternatives.choose")
def choose_by_elif(sequence, style, n, shifted):
    if sequence is True:
        norm = "layer"
    elif style is True:
        norm = "instance"
    elif n < 5 or shifted is True:
        norm = "group"
    else:
        norm = "batch"
    return norm


@right("alternatives.choose")
def choose_from_the_end(sequence, style, batch_size, shifted):
    norm = "batch"
    if shifted or batch_size in (1, 2, 3, 4):
        norm = "group"
    if style:
        norm = "instance"
    if sequence:
        norm = "layer"
    return norm


@right("alternatives.choose")
def choose_with_long_names(sequence, style, batch_size, shifted):
    norm = choose_by_four_returns(sequence, style, batch_size, shifted)
    return f"{norm.title()}Norm"


@right("alternatives.choose")
def choose_with_short_names(sequence, style, batch_size, shifted):
    names = {"layer": "LN", "instance": "IN", "group": "GN", "batch": "BN"}
    return names[choose_by_four_returns(sequence, style, batch_size, shifted)]


@right("alternatives.choose")
def choose_by_the_first_yes(sequence, style, batch_size, shifted):
    questions = [sequence, style, batch_size <= 4 or shifted, True]
    return ["layer", "instance", "group", "batch"][questions.index(True)]


def _choose(*rules, last="batch"):
    """Ask other rules: pairs of a condition of the facts and a norm."""

    def answer(sequence, style, batch_size, shifted):
        for condition, norm in rules:
            if condition(sequence, style, batch_size, shifted):
                return norm
        return last

    return answer


_SEQUENCE = (lambda q, s, n, d: q, "layer")
_STYLE = (lambda q, s, n, d: s, "instance")
_SMALL = (lambda q, s, n, d: n <= 4 or d, "group")


def _small(condition):
    return _choose(_SEQUENCE, _STYLE, (condition, "group"))


wrong_table(
    "alternatives.choose",
    {
        ("another-threshold",): [
            _small(lambda q, s, n, d: n < 4 or d),
            _small(lambda q, s, n, d: n <= 2 or d),
            _small(lambda q, s, n, d: n == 2 or d),
            _small(lambda q, s, n, d: n <= 8 or d),
            _small(lambda q, s, n, d: n < 16 or d),
            _small(lambda q, s, n, d: n < 32 or d),
        ],
        ("batch-size-ignored",): [_small(lambda q, s, n, d: d)],
        ("condition-inverted",): [
            _small(lambda q, s, n, d: n > 4 or d),
            _small(lambda q, s, n, d: n <= 4 or not d),
            _choose((lambda q, s, n, d: not q, "layer"), _STYLE, _SMALL),
        ],
        ("both-asked",): [_small(lambda q, s, n, d: n <= 4 and d)],
        ("shifted-ignored",): [_small(lambda q, s, n, d: n <= 4)],
        ("style-ignored",): [_choose(_SEQUENCE, _SMALL)],
        ("sequence-ignored",): [_choose(_STYLE, _SMALL)],
        ("order-of-questions",): [
            _choose(_STYLE, _SEQUENCE, _SMALL),
            _choose(_SMALL, _SEQUENCE, _STYLE),
            _choose(_SEQUENCE, _SMALL, _STYLE),
            _choose(_STYLE, _SMALL, _SEQUENCE),
            _choose(_SMALL, _STYLE, _SEQUENCE),
        ],
        ("norms-swapped",): [
            _choose((_SEQUENCE[0], "batch"), _STYLE, _SMALL),
            _choose((_SEQUENCE[0], "instance"), (_STYLE[0], "layer"), _SMALL),
            _choose(_SEQUENCE, (_STYLE[0], "group"), _SMALL),
            _choose(_SEQUENCE, _STYLE, (_SMALL[0], "layer")),
            _choose(_SEQUENCE, _STYLE, _SMALL, last="layer"),
        ],
        ("always-one",): [_choose(), _choose(last="layer"), _choose(last="group")],
        ("another-threshold", "style-ignored"): [
            _choose(_SEQUENCE, (lambda q, s, n, d: n < 4 or d, "group")),
        ],
        ("another-threshold", "order-of-questions"): [
            _choose(_STYLE, _SEQUENCE, (lambda q, s, n, d: n < 4 or d, "group")),
        ],
        ("not-a-norm",): [
            _choose((_SEQUENCE[0], "rms"), _STYLE, _SMALL),
            _choose(last="no norm"),
        ],
        ("returned-nothing",): [lambda q, s, n, d: "layer" if q else None],
        ("wrong-type",): [lambda q, s, n, d: {"norm": "batch"}],
    },
)


class TestExercises(ExerciseTests):
    learners = LEARNERS


# What the exercises say is so


def test_the_counts_are_those_of_the_norms():
    x = np.random.default_rng(0).normal(size=(8, 6, 5, 5))
    given = ((x, (0, 2, 3)), (x, (1, 2, 3)), (x, (2, 3)))
    given += ((x.reshape(8, 3, 2, 5, 5), (2, 3, 4)),)
    counts = [x.size // functional.normalize(*one)[1].mean.size for one in given]
    assert tuple(counts) == EXERCISES["alternatives.values"].answer()


def test_the_norms_are_those_of_the_library():
    norm = EXERCISES["alternatives.norm"].answer
    x = np.random.default_rng(0).normal(1.0, 2.0, size=(3, 6, 4, 2))
    of_library = {
        "batch": functional.batch_norm(x, None, None, training=True),
        "layer": functional.layer_norm(x, x.shape[1:]),
        "instance": functional.instance_norm(x),
        "group": functional.group_norm(x, 2),
    }
    for kind, (y, _) in of_library.items():
        np.testing.assert_allclose(norm(x, kind, 2), y, err_msg=kind)


def test_rms_norm_is_that_of_the_library():
    rng = np.random.default_rng(0)
    x, gamma = rng.normal(size=(2, 3, 5)), rng.normal(size=5)
    y, _ = functional.rms_norm(x, 5, gamma, eps=0.1)
    found = EXERCISES["alternatives.rms-norm"].answer(x, gamma, 0.1)
    np.testing.assert_allclose(found, y)


def test_masked_batch_norm_is_batch_norm_of_the_real_tokens():
    exercise = EXERCISES["alternatives.masked"]
    for case in exercise.cases:
        x, real = exercise.inputs(case).values()
        y = exercise.answer(x, real)
        expected, _ = functional.batch_norm(x[real], None, None, training=True)
        np.testing.assert_allclose(y[real], expected)
        np.testing.assert_array_equal(y[~real], 0)


def test_a_chosen_norm_is_told_by_its_number_and_another_name_by_itself():
    verdict = check("alternatives.choose", _choose(_SEQUENCE, _STYLE))
    assert "1 layer, 2 instance, 3 group, 4 batch" in verdict.messages["english"]
    verdict = check("alternatives.choose", _choose(last="no norm"))
    assert "'no norm'" in verdict.messages["hinglish"]
