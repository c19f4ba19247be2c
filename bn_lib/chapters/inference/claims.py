"""Claims of the chapter on inference: running statistics, eval mode, what goes wrong.

All were measured in a 64 → 100 → 100 → 10 ReLU net on the 8×8 digits.
"""

from bn_lib.chapters.inference.evaluation import (
    alone,
    fine_tuning,
    folded,
    mates,
    recalibration,
    sorted_batches,
)
from bn_lib.chapters.inference.running_statistics import (
    exponent,
    half_life,
    noise,
    stored_variance,
    swapped_momentum,
    tracking,
)
from bn_lib.course.claim import claim

FIVE = range(5)
# After a training with batches of 2 accuracies vary so much that a mean needs more.
TEN = range(10)


def _behind(seeds, after, **net):
    """Accuracy with the whole test batch's statistics less that with running ones."""
    row = tracking(seeds=seeds, **net)[after]
    return row["statistics of the batch"] - row["running statistics"]


@claim(
    within=(-0.03, 0.03),
    yes={
        "200 steps, batch 60, lr 0.1": {},
        "200 steps, batch 8, lr 0.05": {"batch_size": 8, "lr": 0.05},
    },
    seeds=FIVE,
)
def running_averages(seeds, **net):
    return _behind(seeds, "200 steps", **net)


@claim(
    at_least=0.03,
    yes={
        "6 steps, He init": {"after": "6 steps"},
        "10 steps, init std 0.01": {"after": "10 steps", "std": 0.01},
    },
    no={
        "100 steps, He init": {"after": "100 steps"},
        "100 steps, init std 0.01": {"after": "100 steps", "std": 0.01},
    },
    seeds=FIVE,
)
def warm_up(seeds, after, **net):
    return _behind(seeds, after, **net)


@claim(
    within=(-0.6, -0.4),
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
    at_least=0.3,
    yes={"batch 2": {"batch": "batch 2"}, "batch 4": {"batch": "batch 4"}},
    no={"batch 128": {"batch": "batch 128"}, "batch 256": {"batch": "batch 256"}},
)
def small_batch_noise(seeds, batch):
    return noise(seeds=seeds)[batch]["mean error"]


@claim(
    at_least=0.1,
    yes={"batch 2": {"batch": "batch 2"}, "batch 4": {"batch": "batch 4"}},
    no={"batch 128": {"batch": "batch 128"}},
)
def biased_variance(seeds, batch):
    return 1 - noise(seeds=seeds)[batch]["biased share"]


@claim(
    at_least=0.04,
    yes={"batch 2": {"batch": "batch 2"}},
    no={"batch 8": {"batch": "batch 8"}},
    seeds=TEN,
)
def stored_variance_predictions(seeds, batch):
    return stored_variance(seeds=seeds)[batch]["changed answers"]


@claim(
    at_least=0.04,
    no={"batch 2": {"batch": "batch 2"}, "batch 8": {"batch": "batch 8"}},
    seeds=TEN,
)
def unbiased_accuracy(seeds, batch):
    row = stored_variance(seeds=seeds)[batch]
    return row["unbiased"] - row["biased"]


@claim(
    at_least=0.05,
    yes={
        "random batch of 4": {"batch": "batch of 4"},
        "random batch of 8": {"batch": "batch of 8"},
    },
    no={"random batch of 180": {"batch": "batch of 180"}},
)
def batch_mates(seeds, batch):
    return mates(seeds=seeds)[batch]["changed answers"]


@claim(
    at_most=1e-10,
    yes={"alone or in a batch of 360": {}},
)
def running_ignores_mates(seeds):
    return alone(seeds=seeds)["difference"]


@claim(
    at_least=0.04,
    yes={
        "random batch of 4": {"batch": "batch of 4"},
        "random batch of 8": {"batch": "batch of 8"},
        "batch of one class": {"batch": "batch of one class"},
    },
    no={"random batch of 180": {"batch": "batch of 180"}},
)
def forgotten_eval(seeds, batch):
    table = mates(seeds=seeds)
    return table["eval()"]["accuracy"] - table[batch]["accuracy"]


@claim(
    at_least=0.2,
    yes={"batches of one class": {"one_class": True}},
    no={"mixed batches": {"one_class": False}},
)
def class_sorted(seeds, one_class):
    table = sorted_batches(rows=("BN", "plain"), seeds=seeds, one_class=one_class)
    return table["plain"]["test"] - table["BN"]["test"]


@claim(
    at_least=0.2,
    yes={"batches of one class": {}},
)
def group_norm_learns_sorted(seeds):
    table = sorted_batches(rows=("BN", "group norm"), seeds=seeds)
    return table["group norm"]["test"] - table["BN"]["test"]


@claim(
    at_least=0.1,
    yes={"mirrored images, batch 2": {"change": "mirrored", "batch_size": 2}},
    no={
        "mirrored images, batch 16": {"change": "mirrored", "batch_size": 16},
        "darker and hazy images, batch 2": {"change": "darker and hazy", "batch_size": 2},
        "darker and hazy images, batch 16": {
            "change": "darker and hazy",
            "batch_size": 16,
        },
    },
)
def frozen_fine_tuning(seeds, **task):
    table = fine_tuning(seeds=seeds, **task)
    return table["frozen"] - table["not frozen"]


def _recalibrated(seeds, change, **options):
    """Accuracy after recalibration less that before it."""
    row = recalibration(rows=(change,), seeds=seeds, **options)[change]
    return row["after"] - row["before"]


@claim(
    at_least=0.2,
    yes={"darker and hazy images": {"change": "darker and hazy"}},
    no={"inverted images": {"change": "inverted"}},
)
def recalibration_data(seeds, change):
    return _recalibrated(seeds, change)


@claim(
    at_least=0.1,
    yes={"80% of the weights pruned": {"change": "pruned"}},
    no={
        "50% of the weights pruned": {"change": "pruned", "pruned": 0.5},
        "average of 5 snapshots": {"change": "averaged"},
    },
)
def recalibration_weights(seeds, **change):
    return _recalibrated(seeds, **change)


@claim(
    at_most=1e-10,
    yes={"one layer": {"what": "one layer"}, "whole net": {"what": "whole net"}},
)
def folding(seeds, what):
    return folded(seeds=seeds)[what]


@claim(
    at_most=20,
    yes={"torch 0.1, Keras 0.9": {"momentum": 0.1}},
    no={"torch 0.01, Keras 0.99": {"momentum": 0.01}},
)
def forgetting(seeds, momentum):
    return half_life(seeds=seeds, momentum=momentum)["updates"]


@claim(
    at_least=0.02,
    yes={"batch 8": {"batch_size": 8}},
    no={"batch 60": {"batch_size": 60}},
)
def momentum_swapped(seeds, batch_size):
    table = swapped_momentum(seeds=seeds, batch_size=batch_size)
    return table["momentum 0.1"] - table["momentum 0.9"]
