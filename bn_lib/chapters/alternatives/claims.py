"""Claims about the alternatives: layer, group, instance and RMS norm, partial BN."""

from bn_lib.chapters.alternatives.experiments import (
    accuracy,
    contrast_change,
    contrast_task,
    gradient_share,
    group_norm_extremes,
    other_mates,
    padding,
    rms_against_layer,
    same_samples,
)
from bn_lib.chapters.alternatives.transformer import transformer
from bn_lib.course.claim import claim

# Outputs that are the same up to the rounding of float64.
SAME = 1e-9


def _learned(norm, batch_size, seeds, lr=0.1, epochs=1, **net):
    """Test accuracy after the epochs, learning rate in proportion to the batch size."""
    training = same_samples(batch_size, epochs, lr)
    return accuracy(rows=(norm,), seeds=seeds, **net, **training)[norm]


SMALL = {
    size: {f"3×100 net, batches of {size}": {"batch_size": size}} for size in (2, 3, 4, 8)
}
LONGER = {"3×100 net, batches of 2, 3 epochs": {"batch_size": 2, "epochs": 3}}
RECALIBRATED = {
    "3×100 net, batches of 2, BN recalibrated": {"batch_size": 2, "recalibrated": True}
}
CONVOLUTIONS = {
    "convolutions, batches of 2": {"batch_size": 2, "net": "patches", "lr": 0.4}
}


@claim(
    at_least=0.07,
    yes=SMALL[2] | SMALL[3] | LONGER | RECALIBRATED,
    no=SMALL[8] | CONVOLUTIONS,
    unclear=SMALL[4],
)
def bn_loses_in_small_batches(seeds, batch_size, recalibrated=False, **training):
    large = _learned("batch", 32, seeds, **training)
    return large - _learned(
        "batch", batch_size, seeds, recalibrated=recalibrated, **training
    )


@claim(
    at_least=-0.035,
    yes={f"{norm} norm, He": {"norm": norm} for norm in ("layer", "group")},
    no={
        "batch norm, He": {"norm": "batch"},
        "no norm, He": {"norm": "plain"},
        "no norm, std 0.01": {"norm": "plain", "std": 0.01},
    },
)
def ln_gn_keep_accuracy_at_batch_2(seeds, norm, std=None):
    small, large = (
        _learned(name, size, seeds, std=std) for name, size in ((norm, 2), ("batch", 32))
    )
    return small - large


@claim(
    at_least=0.07,
    yes=SMALL[2] | SMALL[3] | LONGER | RECALIBRATED,
    no=SMALL[8] | CONVOLUTIONS,
    unclear=SMALL[4],
)
def gn_beats_bn_in_small_batches(seeds, recalibrated=False, **training):
    group = _learned("group", seeds=seeds, **training)
    return group - _learned("batch", seeds=seeds, recalibrated=recalibrated, **training)


@claim(
    within=(0.95, 1.05),
    yes={
        **{f"(N, C), m = {m}": {"batch_size": m, "m": m} for m in (2, 4, 8, 32)},
        "(N, C, 4, 4), N = 2, m = 32": {"batch_size": 2, "m": 32, "positions": (4, 4)},
    },
    kind="law",
)
def share_of_gradient(seeds, batch_size, m, positions=()):
    shares = gradient_share(
        seeds=seeds, positions=positions, batch_sizes=(batch_size,), channels=10_000
    )
    return (1 - shares["left"][:, 0]) * m / 2


@claim(
    at_most=SAME,
    yes={case: {"case": case} for case in ("train", "eval", "train to eval")},
    kind="identity",
)
def ln_ignores_batch_mates(seeds, case):
    return other_mates(rows=("layer",), seeds=seeds)["layer"][case]


@claim(
    at_least=0.05,
    yes={
        "training mode, batch of 32": {"case": "train"},
        "training mode, batch of 360": {"case": "train", "exchanged": 352},
    },
    no={"evaluation mode, batch of 32": {"case": "eval"}},
)
def bn_depends_on_batch_mates(seeds, case, **batch):
    return other_mates(rows=("batch",), seeds=seeds, **batch)["batch"][case]


def _moved(norm, case, seeds):
    return padding(rows=(norm,), seeds=seeds)[norm][case]


COUNTED = {"padding counted": {"norm": "batch"}}
MASKED_OUT = {"padding masked out": {"norm": "masked batch"}}


@claim(
    at_least=0.2,
    yes=COUNTED,
    no=MASKED_OUT,
)
def padding_changes_bn(seeds, norm):
    return _moved(norm, "more padding", seeds)


@claim(
    at_least=0.05,
    yes=COUNTED | MASKED_OUT,
)
def mates_lengths_change_bn(seeds, norm):
    return _moved(norm, "shorter mates", seeds)


@claim(
    at_most=SAME,
    yes={case: {"case": case} for case in ("more padding", "shorter mates")},
    kind="identity",
)
def ln_ignores_padding(seeds, case):
    return _moved("layer", case, seeds)


CHANGES = {
    "contrast × 0.5": {"contrast": 0.5},
    "contrast × 2": {"contrast": 2.0},
    "brightness + 0.2": {"brightness": 0.2},
}


@claim(
    at_most=SAME,
    yes=CHANGES | {"contrast × 0.005": {"contrast": 0.005}},
    kind="identity",
)
def in_removes_contrast(seeds, **change):
    table = contrast_change(rows=("instance",), seeds=seeds, eps=1e-15, **change)
    return table["instance"]


@claim(
    at_least=0.15,
    yes=CHANGES,
)
def bn_keeps_contrast(seeds, **change):
    return contrast_change(rows=("batch",), seeds=seeds, **change)["batch"]


def _instance_lead(seeds, **task):
    table = contrast_task(seeds=seeds, **task)
    return table["instance"] - table["batch"]


@claim(
    at_least=0.2,
    yes={"the whole image dimmed": {}},
    no={"its upper half dimmed": {"rows_dimmed": 4}},
)
def in_cannot_learn_contrast(seeds, **task):
    return -_instance_lead(seeds, task="class", **task)


@claim(
    at_least=0.2,
    yes={
        "contrast × 0.1": {"contrast": 0.1, "brightness": 0.0},
        "brightness + 2": {"contrast": 1.0, "brightness": 2.0},
        "contrast × 0.25, brightness + 1": {"contrast": 0.25, "brightness": 1.0},
    },
    no={
        "nothing changed": {"contrast": 1.0, "brightness": 0.0},
        "contrast × 2": {"contrast": 2.0, "brightness": 0.0},
        "contrast × 0.5": {"contrast": 0.5, "brightness": 0.0},
    },
    unclear={"brightness + 0.7": {"contrast": 1.0, "brightness": 0.7}},
    seeds=range(10),
)
def in_survives_contrast_change(seeds, contrast, brightness):
    return _instance_lead(seeds, contrast=contrast, brightness=brightness)


SMALL_WEIGHTS = {"3 layers, ReLU, std 0.01, lr 0.3": {"std": 0.01, "lr": 0.3}}
SIGMOID = {
    "3 layers, sigmoid, std 0.1, lr 0.5": {
        "activation": "sigmoid",
        "std": 0.1,
        "lr": 0.5,
        "steps": 200,
    }
}
DEEP = {"15 layers, ReLU, He, lr 0.3": {"depth": 15, "lr": 0.3}}
DEEP_SLOW = {"15 layers, ReLU, He, lr 0.03": {"depth": 15, "lr": 0.03}}
LARGE_LR = {"3 layers, ReLU, He, lr 3": {"lr": 3.0}}
WEIGHTS_ABOVE_0 = {"3 layers, ReLU, He + 0.1, lr 0.3": {"mean": 0.1, "lr": 0.3}}


def _gain(norm, best, seeds, **training):
    table = accuracy(rows=("plain", norm, best), seeds=seeds, **training)
    return (table[norm] - table["plain"]) / (table[best] - table["plain"])


@claim(
    at_least=0.7,
    yes=SMALL_WEIGHTS | SIGMOID,
    no=WEIGHTS_ABOVE_0,
    seeds=range(5),
)
def rms_as_good_as_ln(seeds, **training):
    return _gain("rms", "layer", seeds, **training)


@claim(
    at_most=SAME,
    yes={"mean 0": {}},
    kind="identity",
)
def rms_is_ln_at_mean_zero(seeds):
    return [rms_against_layer(seed, offset=0.0) for seed in seeds]


@claim(
    at_least=0.7,
    yes=DEEP,
    no=DEEP_SLOW | LARGE_LR | SMALL_WEIGHTS | SIGMOID,
)
def mean_only_is_enough(seeds, **training):
    return _gain("mean only", "batch", seeds, **training)


@claim(
    at_least=0.7,
    yes=SMALL_WEIGHTS | SIGMOID,
    no=DEEP | LARGE_LR,
    seeds=range(5),
)
def std_only_is_enough(seeds, **training):
    return _gain("std only", "batch", seeds, **training)


@claim(
    at_least=0.1,
    yes=DEEP,
    no=DEEP_SLOW | LARGE_LR | SMALL_WEIGHTS | SIGMOID,
)
def mean_matters_more(seeds, **training):
    table = accuracy(rows=("mean only", "std only"), seeds=seeds, **training)
    return table["mean only"] - table["std only"]


@claim(
    at_most=SAME,
    yes={case: {"case": case} for case in ("one group", "C groups")},
    kind="identity",
)
def gn_extremes(seeds, case):
    return [group_norm_extremes(seed)[case] for seed in seeds]


WARM_UP = 80


@claim(
    at_least=0.1,
    yes={"post-LN, lr 0.01": {"row": "post-LN"}},
    no={
        "pre-LN, lr 0.01": {"row": "pre-LN"},
        "post-LN, lr 0.001": {"row": "post-LN", "lr": 0.001},
    },
)
def warm_up_needed(seeds, row, lr=0.01):
    with_it, without = (
        transformer(rows=(row,), seeds=seeds, warm_up=warm_up, steps=300, lr=lr)[row]
        for warm_up in (WARM_UP, 0)
    )
    return with_it - without


@claim(
    at_least=0.25,
    yes={"lr 0.02, 100 steps": {"lr": 0.02, "warm_up": 0, "steps": 100}},
    no={"lr 0.005, 300 steps, warm-up of 150": {"lr": 0.005, "warm_up": 150, "steps": 300}},
)
def pre_ln_beats_post_ln(seeds, **training):
    table = transformer(seeds=seeds, **training)
    return table["pre-LN"] - table["post-LN"]
