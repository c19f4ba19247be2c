"""Exercises of the chapter on train and eval: right answers, and lines that go wrong."""

import numpy as np

from bn_lib.course.exercise import Exercise
from bn_lib.course.probe import alike, both, huge, unlike
from bn_lib.layers import (
    BatchNorm,
    Dropout,
    GroupNorm,
    Layer,
    LayerNorm,
    Linear,
    ReLU,
    Sequential,
)

__all__ = []  # `check` finds every Exercise; a right answer is printed as it stands


def shares():
    start = 0.75**3
    first = 0.25 * 0.75**2
    updates = 11  # 0.75**10 is still 0.056
    return start, first, updates


SHARES = Exercise(
    shares,
    outputs=("start", "first", "updates"),
    mistakes="""
    momentum-reversed   start = 0.25**3
                        first = 0.75 * 0.25**2
                        updates = 3
    one-update-off      start = 0.75**2 | 0.75**4
                        first = 0.25 * 0.75 | 0.25 * 0.75**3
                        updates = 10 | 12
    shares-subtracted   start = 1 - 3 * 0.25
                        updates = 4
    rest-of-the-share   first = 1 - 0.25 * 0.75**2
    one-update-only     start = 0.75
                        first = 0.25
    plain-average       first = 1 / 3
    not-times-momentum  first = 0.75**2
    not-a-whole-number  updates = np.log(0.05) / np.log(0.75)
    other-momentum      updates = 29
    another-limit       updates = 9 | 17
    """,
)


def warm(values, start, momentum):
    running, share = start, 1.0
    for value in values:
        running = (1 - momentum) * running + momentum * value
        share = (1 - momentum) * share  # of the start
    return (running - share * start) / (1 - share)


def _statistics(updates, start, momentum, shape=(3,)):
    """Return a case: batch statistics, and a running one that starts somewhere."""
    return lambda rng: {
        "values": list(rng.uniform(3.0, 8.0, (updates, *shape))),
        "start": np.full(shape, start),
        "momentum": momentum,
    }


def _from_first(values, momentum):
    """Start at the first batch, and go on with the others."""
    running = values[0]
    for value in values[1:]:
        running = (1 - momentum) * running + momentum * value
    return running


def _moved(values):
    """Return other statistics in the same order."""
    return [value**2 for value in values]


def _each_time(values, start, momentum):
    """Take the start out after each update, and go on with what is left."""
    running, share = start, 1.0
    for value in values:
        share = (1 - momentum) * share
        running = (1 - momentum) * running + momentum * value
        running = (running - share * start) / (1 - share)
    return running


_WARM = "(running - share * start) / (1 - share)"
_REVERSED = "running = momentum * running + (1 - momentum) * value"

WARM = Exercise(
    warm,
    outputs=("running",),
    cases={
        "5 updates, start 1": _statistics(5, 1.0, 0.1),
        "3 updates, start 0": _statistics(3, 0.0, 0.3),
        "1 update, start 1": _statistics(1, 1.0, 0.2),
        "8 updates, start 2": _statistics(8, 2.0, 0.25, shape=(2,)),
    },
    probes=(
        ("values-ignored", "running", alike({}, {"values": _moved})),
        (
            "start-is-left",
            "running",
            both(
                unlike({}, {"values": _moved}),
                unlike({}, {"start": lambda start: start + 100}),
            ),
        ),
        ("momentum-ignored", "running", alike({}, {"momentum": 0.6})),
    ),
    mistakes=f"""
    not-corrected        return running
    start-is-left        return running / (1 - share)
    shares-not-one       return running - share * start
                         return (running - share * start) * (1 - share)
                         return (running - share * start) / share
    start-not-by-share   return (running + share * start) / (1 - share)
                         return (running - (1 - share) * start) / (1 - share)
                         return (running - start) / (1 - share)
    share-not-a-power    share = 1 - momentum
                         share = share - momentum
                         return (running - (1 - momentum) * start) / momentum
    one-update-off       running, share = start, 1 - momentum
                         running, share = start, 1 / (1 - momentum)
    momentum-reversed    {_REVERSED}
                         share = momentum * share
                         {_REVERSED}; share = momentum * share
    plain-average        return np.mean(values, axis=0)
                         return (start + np.sum(values, axis=0)) / (len(values) + 1)
                         return np.median(values, axis=0)
    last-batch-alone     return 1.0 * value
                         return momentum * value
    started-at-first     return _from_first(values, momentum)
    corrected-each-time  return _each_time(values, start, momentum)
    features-mixed       return ({_WARM}).mean()
                         return np.full_like(start, ({_WARM}).mean())
    """,
)


def fold(weight, bias, gamma, beta, running_mean, running_var, eps):
    scale = gamma / np.sqrt(running_var + eps)
    folded_weight = scale[:, None] * weight  # one row for each output
    folded_bias = scale * (bias - running_mean) + beta
    return folded_weight, folded_bias


def _linear_and_norm(outputs, inputs, eps):
    """Return a linear layer, and the BN behind it; nothing is 0 or 1."""
    return lambda rng: {
        "weight": rng.normal(size=(outputs, inputs)),
        "bias": rng.uniform(1.2, 2.5, outputs),
        "gamma": rng.choice([-1, 1], outputs) * rng.uniform(1.3, 2.2, outputs),
        "beta": rng.uniform(-3.0, -1.5, outputs),
        "running_mean": rng.uniform(3.0, 5.0, outputs),
        "running_var": rng.uniform(0.3, 0.8, outputs),
        "eps": eps,
    }


_SCALES = {
    "eps-forgotten": ("gamma / np.sqrt(running_var)",),
    "eps-outside-root": ("gamma / (np.sqrt(running_var) + eps)",),
    "eps-not-in-var": (
        "gamma / np.sqrt(running_var + eps**2)",
        "gamma / (np.sqrt(running_var) + np.sqrt(eps))",
    ),
    "missing-root": ("gamma / (running_var + eps)",),
    "missing-root, eps-forgotten": ("gamma / running_var",),
    "root-twice": ("gamma / (running_var + eps) ** 0.25",),
    "multiplied-by-std": ("gamma * np.sqrt(running_var + eps)",),
    "multiplied-by-std, eps-forgotten": ("gamma * np.sqrt(running_var)",),
    "multiplied-by-std, missing-root": ("gamma * (running_var + eps)",),
    "gamma-left-out": ("1 / np.sqrt(running_var + eps)",),
    "gamma-left-out, eps-forgotten": ("1 / np.sqrt(running_var)",),
    "not-divided": ("gamma + 0.0",),
    "gamma-divides": ("1 / (gamma * np.sqrt(running_var + eps))",),
    "parameters-swapped": ("beta / np.sqrt(running_var + eps)",),
}
_SCALE_LINES = "\n".join(
    f"{mistake}  scale = {scale}" for mistake, scales in _SCALES.items() for scale in scales
)

FOLD = Exercise(
    fold,
    outputs=("weight", "bias"),
    cases={
        "weight (3, 3), eps 0.1": _linear_and_norm(3, 3, 0.1),
        "weight (4, 2), eps 0.1": _linear_and_norm(4, 2, 0.1),
        "weight (2, 5), eps 0.5": _linear_and_norm(2, 5, 0.5),
    },
    probes=(
        ("eps-forgotten", "weight bias", alike({}, {"eps": 50.0})),
        ("gamma-left-out", "weight bias", alike({}, {"gamma": huge})),
        ("variance-left-out", "weight bias", alike({}, {"running_var": huge})),
        ("mean-in-weight", "weight", unlike({}, {"running_mean": huge})),
        ("bias-in-weight", "weight", unlike({}, {"bias": huge})),
        ("bias-in-weight", "weight", unlike({}, {"beta": huge})),
        ("running-mean-left-out", "bias", alike({}, {"running_mean": huge})),
        ("old-bias-lost", "bias", alike({}, {"bias": huge})),
        ("beta-left-out", "bias", alike({}, {"beta": huge})),
        ("weight-in-bias", "bias", unlike({}, {"weight": huge})),
    ),
    mistakes=f"""
    {_SCALE_LINES}
    columns-not-rows    folded_weight = scale * weight
    weight-not-scaled   folded_weight = 1.0 * weight
    weight-divided      folded_weight = weight / scale[:, None]
    weight-transposed   folded_weight = (scale[:, None] * weight).T
    wrong-sign          folded_bias = scale * (bias + running_mean) + beta
                        folded_bias = scale * (running_mean - bias) + beta
                        folded_bias = scale * (bias - running_mean) - beta
    running-mean-left-out  folded_bias = scale * bias + beta
    old-bias-lost       folded_bias = beta - scale * running_mean
    beta-left-out       folded_bias = scale * (bias - running_mean)
    beta-left-out, old-bias-lost  folded_bias = -scale * running_mean
    bias-not-scaled     folded_bias = bias - scale * running_mean + beta
    mean-not-scaled     folded_bias = scale * bias - running_mean + beta
    bias-not-scaled, mean-not-scaled  folded_bias = bias - running_mean + beta
    bias-not-scaled, running-mean-left-out    folded_bias = bias + beta
    bias-not-scaled, running-mean-left-out, beta-left-out  folded_bias = 1.0 * bias
    old-bias-lost, running-mean-left-out      folded_bias = 1.0 * beta
    beta-scaled         folded_bias = scale * (bias - running_mean + beta)
                        folded_bias = scale * (bias - running_mean) + gamma * beta
    parameters-swapped  folded_bias = scale * (bias - running_mean) + gamma
    gradients-swapped   return folded_bias, folded_weight
    """,
)


def recalibrate(model, norms, batches):
    model = model.eval()  # dropout stays off
    for norm in norms:
        norm.running_mean = np.zeros_like(norm.running_mean)  # NaN would stay
        norm.running_var = np.ones_like(norm.running_var)
        norm.num_batches_tracked = np.array(0)
        norm.momentum = None  # all batches so far count alike
        norm.training = True
    for x in batches:
        model(x)
    return model.eval()


def _model_and_batches(count, spoil=None):
    """Return a case: a net whose statistics are those of other data, and new batches."""

    def inputs(rng):
        first, second = BatchNorm(4), BatchNorm(3)
        drop = Dropout(0.5, np.random.default_rng(7))
        layers = (Linear(5, 4, rng=rng), first, ReLU(), drop, Linear(4, 3, rng=rng), second)
        model = Sequential(*layers)
        for _ in range(6):
            model(rng.normal(3.0, 2.0, size=(6, 5)))
        if spoil is not None:
            first.running_mean[1] = second.running_var[0] = spoil
        batches = [rng.normal(-1.0, 1 + i, size=(8, 5)) for i in range(count)]
        return {"model": model, "norms": [first, second], "batches": batches}

    return inputs


def _recalibrated(answer, model, norms, batches):
    """Play an answer, and yield the statistics, the modes and what eval mode gives."""
    given = answer(model, norms, batches)
    names = ("mean 1", "mean 2", "var 1", "var 2", "modes", "y")
    if given is ...:
        yield from ((name, ...) for name in names)
        return
    if isinstance(given, Layer):  # perhaps a copy
        model = given
        norms = [layer for layer in model.modules() if isinstance(layer, BatchNorm)]
    for name in ("mean", "var"):
        for number, norm in enumerate(norms, start=1):
            yield f"{name} {number}", getattr(norm, f"running_{name}").copy()
    yield "modes", [int(layer.training) for layer in model.modules()]
    yield "y", model.eval()(np.linspace(-2, 2, 10).reshape(2, 5))


_KEPT = "norm.running_mean = 1 * norm.running_mean; norm.running_var = 1 * norm.running_var"
_COUNT = "norm.num_batches_tracked = 1 * norm.num_batches_tracked"

RECALIBRATE = Exercise(
    recalibrate,
    outputs=("mean", "var", "modes", "y"),
    cases={
        "4 batches": _model_and_batches(4),
        "3 batches": _model_and_batches(3),
        "4 batches, statistics with NaN": _model_and_batches(4, spoil=np.nan),
    },
    tells={"4 batches, statistics with NaN": "nan-is-left"},
    play=_recalibrated,
    mistakes=f"""
    norms-in-eval       norm.training = False
                        {_KEPT}; norm.training = False
    momentum-kept       norm.momentum = 0.1
    momentum-kept, statistics-kept  {_KEPT}; norm.momentum = 0.1
    last-batch-alone    norm.momentum = 1.0
    count-kept          {_COUNT}
    count-kept, statistics-kept  {_KEPT}; {_COUNT}
    dropout-on          model = model.train()
    left-in-train       return model
                        return model.train()
    one-batch-only      batches = batches[:1]; norm.training = True
    last-batch-alone    batches = batches[-1:]; norm.training = True
    """,
)


def freeze(layers):
    for layer in layers.values():
        is_batch_norm = isinstance(layer, BatchNorm)
        layer.training = not is_batch_norm
        layer.requires_grad = not is_batch_norm
    return layers


_MAKERS = {
    "Linear": lambda: Linear(4, 4),
    "BatchNorm": lambda: BatchNorm(4),
    "ReLU": ReLU,
    "Dropout": lambda: Dropout(0.5, np.random.default_rng(7)),
    "LayerNorm": lambda: LayerNorm(4),
    "GroupNorm": lambda: GroupNorm(2, 4),
}


def _layers(**kinds):
    """Return a case: layers in train mode whose parameters all learn."""

    def inputs(rng):
        layers = {name: _MAKERS[kind]() for name, kind in kinds.items()}
        for layer in layers.values():
            layer.requires_grad = True
        return {"layers": layers}

    return inputs


def _flags(answer, layers):
    """Play an answer, and yield the two flags of every layer."""
    given = answer(layers)
    if given is ...:
        yield from (("training", ...), ("requires_grad", ...))
        return
    if isinstance(given, dict):  # perhaps of copies
        layers = given
    for name in ("training", "requires_grad"):
        yield name, [int(bool(getattr(layer, name))) for layer in layers.values()]


def _renamed(layers):
    """Return the same layers under names that tell nothing."""
    return {f"part{i}": layer for i, layer in enumerate(layers.values())}


_BY_NAME = '"bn" in name'
_NORMS = '"Norm" in type(layer).__name__'
_ITEMS = "[name for name in layers if layers[name] is layer][0]"

FREEZE = Exercise(
    freeze,
    outputs=("training", "requires_grad"),
    cases={
        "linear, bn, dropout": _layers(
            linear1="Linear", bn1="BatchNorm", relu1="ReLU", drop="Dropout", head="Linear"
        ),
        "three kinds of norm": _layers(
            embed="Linear",
            norm1="LayerNorm",
            shortcut="BatchNorm",
            norm2="GroupNorm",
            bn_head="Linear",
            last="BatchNorm",
        ),
    },
    play=_flags,
    probes=(
        ("told-by-layer-name", "training requires_grad", unlike({}, {"layers": _renamed})),
    ),
    mistakes=f"""
    follows-the-batch   layer.training = True
    parameters-learn    layer.requires_grad = True
    dropout-frozen      layer.training = not isinstance(layer, (BatchNorm, Dropout))
    everything-in-eval  layer.training = False
    nothing-learns      layer.requires_grad = False
    other-norms-frozen  is_batch_norm = {_NORMS}
                        layer.training = {_NORMS.replace("in", "not in", 1)}
                        layer.requires_grad = {_NORMS.replace("in", "not in", 1)}
    told-by-layer-name  is_batch_norm = "bn" in {_ITEMS}
                        is_batch_norm = {_ITEMS}.startswith("bn")
                        is_batch_norm = "bn" in {_ITEMS} or "norm" in {_ITEMS}
    flags-inverted      layer.training = is_batch_norm
                        layer.requires_grad = is_batch_norm
    """,
)
