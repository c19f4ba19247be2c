"""Claims of the chapter on inference: running statistics, eval mode, what goes wrong.

All were measured in a 64 → 100 → 100 → 10 ReLU net on the 8×8 digits, unless said
otherwise. Changes are made to the raw images; then the mean image of the unchanged ones
is subtracted.
"""

from bn_lib.chapters.inference.batch_statistics import (
    exponent,
    leak,
    mates,
    noise,
    sorted_batches,
    statistics_size,
)
from bn_lib.chapters.inference.changes import (
    fine_tuning,
    moving_average,
    recalibration,
    two_domains,
    undone,
)
from bn_lib.chapters.inference.running_statistics import (
    alone,
    folded,
    half_life,
    stored_variance,
    swapped_momentum,
    tracking,
)
from bn_lib.course.claim import claim

FIVE = range(5)
# Where sides are close, or a training with batches of 2 makes single seeds vary.
TEN = range(10)
ROUNDING = 1e-10


def _behind(seeds, after, **net):
    """Accuracy with the whole test batch's statistics less that with running ones."""
    row = tracking(seeds=seeds, **net)[after]
    return row["statistics of the batch"] - row["running statistics"]


@claim(
    within=(-0.03, 0.03),
    yes={
        "momentum 0.1, batch 60, lr 0.1": {},
        "momentum 0.1, batch 8, lr 0.05": {"batch_size": 8, "lr": 0.05},
    },
    no={
        "momentum 1, batch 8, lr 0.05": {"batch_size": 8, "lr": 0.05, "momentum": 1.0},
    },
    seeds=FIVE,
)
def running_averages(seeds, **net):
    return _behind(seeds, "200 steps", **net)


@claim(
    at_least=0.1,
    yes={"10 steps, init std 0.01": {"after": "10 steps", "std": 0.01}},
    no={
        "6 steps, He init": {"after": "6 steps"},
        "100 steps, He init": {"after": "100 steps"},
        "100 steps, init std 0.01": {"after": "100 steps", "std": 0.01},
    },
    seeds=FIVE,
)
def warm_up(seeds, after, **net):
    return _behind(seeds, after, **net)


@claim(
    kind="law",
    within=(-0.55, -0.45),
    yes={
        "mean, batch 8 to 256": {"error": "mean error"},
        "variance, batch 8 to 256": {"error": "variance error"},
    },
)
def noise_root_law(seeds, error):
    table = noise(seeds=seeds)
    sizes = [size for size in table.options["batch_sizes"] if size >= 8]
    return exponent(sizes, [table[f"batch {size}"][error] for size in sizes])


@claim(
    kind="law",
    within=(0.9, 1.1),
    yes={f"batch {size}": {"size": size} for size in (2, 4, 8)},
)
def biased_variance(seeds, size):
    return noise(seeds=seeds)[f"batch {size}"]["biased share"] / ((size - 1) / size)


@claim(
    at_least=0.05,
    yes={"batch 2": {"batch": "batch 2"}},
    no={"batch 4": {"batch": "batch 4"}, "batch 8": {"batch": "batch 8"}},
    seeds=TEN,
)
def stored_variance_predictions(seeds, batch):
    return stored_variance(seeds=seeds)[batch]["changed answers"]


@claim(
    at_least=0.04,
    no={f"batch {size}": {"batch": f"batch {size}"} for size in (2, 4, 8)},
    seeds=TEN,
)
def unbiased_accuracy(seeds, batch):
    row = stored_variance(seeds=seeds)[batch]
    return row["unbiased"] - row["biased"]


@claim(
    kind="identity",
    at_most=ROUNDING,
    yes={
        "torch 0.1, Keras 0.9": {"momentum": 0.1},
        "torch 0.01, Keras 0.99": {"momentum": 0.01},
    },
)
def forgetting(seeds, momentum):
    table = half_life(seeds=seeds, momentum=momentum)
    return abs(table["left"] / (1 - momentum) ** table["updates"] - 1)


@claim(
    at_least=0.02,
    yes={"batch 8": {"batch_size": 8}},
    no={"batch 60": {"batch_size": 60}},
)
def momentum_swapped(seeds, batch_size):
    table = swapped_momentum(seeds=seeds, batch_size=batch_size)
    return table["momentum 0.1"] - table["momentum 0.9"]


@claim(
    kind="identity",
    at_most=ROUNDING,
    yes={"alone or in a batch of 360": {}},
)
def running_ignores_mates(seeds):
    return alone(seeds=seeds)["difference"]


@claim(
    kind="identity",
    at_most=ROUNDING,
    yes={"one layer": {"what": "one layer"}, "whole net": {"what": "whole net"}},
)
def folding(seeds, what):
    return folded(seeds=seeds)[what]


@claim(
    at_least=0.04,
    yes={
        "random batch of 4": {"batch": "batch of 4"},
        "random batch of 8": {"batch": "batch of 8"},
        "batch of two classes": {"batch": "batch of two classes"},
        "batch of one class": {"batch": "batch of one class"},
    },
    no={"random batch of 180": {"batch": "batch of 180"}},
)
def forgotten_eval(seeds, batch):
    table = mates(seeds=seeds)
    return table["eval()"]["accuracy"] - table[batch]["accuracy"]


@claim(
    at_least=0.06,
    yes={
        "over 2 samples": {"samples": 2},
        "over 2 samples, lr 1": {"samples": 2, "lr": 1.0},
        "over 2 samples, 2 layers": {"samples": 2, "depth": 2},
        "over all 240 samples": {"samples": 240},
    },
    no={"over all 240 samples, 10 steps": {"samples": 240, "steps": 10}},
    seeds=FIVE,
)
def best_statistics_size(seeds, samples, **training):
    rows = "12 samples", f"{samples} samples"
    table = statistics_size(rows=rows, seeds=seeds, **training)
    middle, other = (table[row]["loss"] for row in rows)
    return other / middle - 1


@claim(
    at_least=0.2,
    yes={
        "one class a batch, no norm": {"other": "plain", "one_class": True},
        "one class a batch, group norm": {"other": "group norm", "one_class": True},
    },
    no={
        "mixed batches, no norm": {"other": "plain", "one_class": False},
        "mixed batches, group norm": {"other": "group norm", "one_class": False},
    },
)
def class_sorted(seeds, other, one_class):
    table = sorted_batches(rows=("BN", other), seeds=seeds, one_class=one_class)
    return table[other]["test"] - table["BN"]["test"]


@claim(
    at_least=0.5,
    yes={"BN, one class a part": {"net": "BN", "one_class": True}},
    no={
        "BN, shuffled parts": {"net": "BN", "one_class": False},
        "group norm, one class a part": {"net": "group norm", "one_class": True},
    },
)
def reads_its_mates(seeds, net, one_class):
    row = leak(rows=(net,), seeds=seeds, one_class=one_class)[net]
    return row["empty with mates"] - row["empty in eval"]


@claim(
    at_least=0.2,
    yes={"BN, one class a part, random labels instead": {}},
    no={
        "BN, one class a part, digits alone instead": {"instead": "none"},
        "BN, shuffled parts, random labels instead": {"one_class": False},
        "group norm, one class a part, random labels instead": {"net": "group norm"},
    },
)
def leak_costs_eval(seeds, net="BN", instead="random labels", one_class=True):
    without, with_it = (
        leak(rows=(net,), seeds=seeds, one_class=one_class, empty=empty)[net]
        for empty in (instead, "labelled")
    )
    return without["digits in eval"] - with_it["digits in eval"]


@claim(
    at_least=0.2,
    yes={
        "mirrored images, batch 2": {},
        "mirrored images, batch 2, recalibrated": {"row": "not frozen, recalibrated"},
    },
    no={
        "mirrored images, batch 4": {"batch_size": 4},
        "mirrored images, batch 16": {"batch_size": 16},
        "darker and hazy images, batch 2": {"change": "darker and hazy"},
        "darker and hazy images, batch 16": {
            "change": "darker and hazy",
            "batch_size": 16,
        },
    },
    unclear={"mirrored images, batch 3": {"batch_size": 3}},
    seeds=TEN,
)
def frozen_fine_tuning(seeds, row="not frozen", **task):
    table = fine_tuning(rows=("frozen", row), seeds=seeds, **task)
    return table["frozen"] - table[row]


@claim(
    kind="identity",
    at_most=1e-8,
    yes={
        "darker and hazy: 0.3 x + 0.5": {"change": "darker and hazy"},
        "more contrast: 3 x − 1": {"change": "more contrast"},
    },
)
def recalibration_undoes_scale(seeds, change):
    return undone(rows=(change,), seeds=seeds)[change]


def _recalibrated(seeds, change, **options):
    """Accuracy after recalibration less that before it."""
    row = recalibration(rows=(change,), seeds=seeds, **options)[change]
    return row["after"] - row["before"]


@claim(
    at_least=0.2,
    yes={
        "a bright bar over the middle": {"change": "bright bar"},
        "blurred twice": {"change": "blurred"},
    },
    no={
        "noise, std 0.2": {"change": "noise 0.2"},
        "noise, std 0.4": {"change": "noise 0.4"},
        "mirrored": {"change": "mirrored"},
        "inverted": {"change": "inverted"},
    },
    seeds=TEN,
)
def recalibration_data(seeds, change):
    return _recalibrated(seeds, change)


@claim(
    at_least=0.1,
    yes={
        "a bright bar, batch of 180": {"change": "bright bar", "batch": "batch of 180"},
        "a bright bar, batch of 8": {"change": "bright bar", "batch": "batch of 8"},
        "blurred twice, batch of 180": {"change": "blurred", "batch": "batch of 180"},
    },
    no={
        "noise, std 0.2, batch of 180": {"change": "noise 0.2", "batch": "batch of 180"},
        "noise, std 0.2, batch of 8": {"change": "noise 0.2", "batch": "batch of 8"},
        "noise, std 0.2, batch of two classes": {
            "change": "noise 0.2",
            "batch": "batch of two classes",
        },
    },
    seeds=FIVE,
)
def test_time_statistics(seeds, change, batch):
    table = mates(seeds=seeds, change=change, batch_sizes=(8, 180), arrangements=2)
    return table[batch]["accuracy"] - table["eval()"]["accuracy"]


@claim(
    at_least=0.1,
    yes={"90% of the weights pruned": {"pruned": 0.9}},
    no={"50% of the weights pruned": {"pruned": 0.5}},
)
def recalibration_weights(seeds, pruned):
    return _recalibrated(seeds, "pruned", pruned=pruned)


# Five snapshots, far apart at a large learning rate, weighed alike.
SWA = {"depth": 6, "lr": 1.0, "decay": None, "start": 100, "every": 20}


@claim(
    at_least=0.05,
    yes={
        "6 ReLU layers, copy's statistics": {"depth": 6},
        "2 sigmoid layers, copy's statistics": {"activation": "sigmoid", "lr": 1.0},
        "6 ReLU layers, SWA, copy's statistics": SWA,
    },
    no={
        "6 ReLU layers, trained net's statistics": {"depth": 6, "kept": "with the net's"},
        "6 ReLU layers, SWA, trained net's statistics": SWA | {"kept": "with the net's"},
        "1 ReLU layer, copy's statistics": {"depth": 1},
    },
    seeds=FIVE,
)
def averaged_weights(seeds, kept="before", **net):
    table = moving_average(seeds=seeds, **net)
    return table["after"] - table[kept]


@claim(
    at_least=0.1,
    yes={"inverted, alternating": {"change": "inverted", "how": "alternating"}},
    no={
        "inverted, mixed batches": {"change": "inverted", "how": "mixed"},
        "noise, std 0.4, alternating": {"change": "noise 0.4", "how": "alternating"},
        "mirrored, alternating": {"change": "mirrored", "how": "alternating"},
    },
)
def two_sets_of_statistics(seeds, how, change):
    row = two_domains(rows=(how,), seeds=seeds, change=change)[how]
    return (row["own"] - row["shared"]).mean(axis=1)
