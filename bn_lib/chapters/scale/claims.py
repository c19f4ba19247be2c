"""Claims of the chapter on scale: gradients in parts, and statistics over machines."""

from bn_lib.chapters.scale.experiments import accumulation, synchronization
from bn_lib.course.claim import claim

# Numbers that are the same up to the rounding of float64.
SAME = 1e-9
PARTS = {
    "4 × 15 in place of 60": {"parts": 4, "batch_size": 60},
    "2 × 30 in place of 60": {"parts": 2, "batch_size": 60},
}


@claim(
    at_least=0.3,
    yes=PARTS,
    no={"4 × 180 in place of 720": {"parts": 4, "batch_size": 720}},
)
def accumulation_is_no_large_batch(seeds, **split):
    return accumulation(rows=("batch",), seeds=seeds, **split)["batch"]


@claim(
    at_most=SAME,
    yes={
        "group norm": {"norm": "group"},
        "layer norm": {"norm": "layer"},
        "no norm": {"norm": "plain"},
        "BN in evaluation mode": {"norm": "batch", "frozen": True},
    },
    kind="identity",
)
def accumulation_without_bn(seeds, norm, **mode):
    return accumulation(rows=(norm,), seeds=seeds, **mode)[norm]


SPLITS = {
    "4 × 15": {"sizes": (15, 15, 15, 15)},
    "1 + 5 + 10 + 44": {"sizes": (1, 5, 10, 44)},
    "1 + 5 + 10 + 44 images of 4 × 4": {"sizes": (1, 5, 10, 44), "positions": (4, 4)},
}


@claim(
    at_most=SAME,
    yes=SPLITS,
    kind="identity",
)
def moments_merge(seeds, **split):
    table = synchronization(seeds=seeds, **split)
    return table["mean"].clip(table["variance"])


@claim(
    at_most=SAME,
    yes=SPLITS,
    kind="identity",
)
def sync_bn_is_one_batch(seeds, **split):
    table = synchronization(seeds=seeds, **split)
    return table["output"].clip(table["gradient"])


@claim(
    at_least=0.2,
    yes={
        "4 × 15": {"sizes": (15,) * 4, "spread": 0.0},
        "4 × 15, another mean on each machine": {"sizes": (15,) * 4, "spread": 1.0},
    },
    no={"4 × 180": {"sizes": (180,) * 4, "spread": 0.0}},
)
def machines_alone(seeds, **split):
    return synchronization(seeds=seeds, **split)["alone"]
