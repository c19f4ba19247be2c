"""Claims of the chapter on frameworks: freezing in torch, and torch beside Keras."""

from bn_lib.chapters.frameworks.experiments import copying, freezing, statistics
from bn_lib.course.claim import claim

# Numbers that are the same up to the rounding of float64.
SAME = 1e-9


@claim(
    at_most=SAME,
    yes={
        attempt: {"attempt": attempt}
        for attempt in ("requires_grad=False", "no_grad()", "eval(), then train()")
    },
    kind="identity",
)
def not_frozen(seeds, attempt):
    return freezing(rows=(attempt,), seeds=seeds)[attempt]["from updated"]


@claim(
    at_most=SAME,
    yes={
        attempt: {"attempt": attempt}
        for attempt in (
            "eval()",
            "train(), then eval()",
            "freeze_batch_norm, then train()",
        )
    },
    kind="identity",
)
def eval_freezes(seeds, attempt):
    return freezing(rows=(attempt,), seeds=seeds)[attempt]["from before"]


@claim(
    at_most=SAME,
    yes={
        "Keras 0.9, torch 0.1": {"momentum": 0.9},
        "Keras 0.99, torch 0.01": {"momentum": 0.99},
    },
    kind="identity",
)
def momentum_reversed(seeds, momentum):
    return statistics(seeds=seeds, momentum=momentum)["mean"]


@claim(
    at_most=SAME,
    yes={
        "batches of m = 2": {"batch_size": 2},
        "batches of m = 32": {"batch_size": 32},
    },
    kind="identity",
)
def stored_variance_differs(seeds, batch_size):
    return statistics(seeds=seeds, batch_size=batch_size)["variance"]


SMALL_INPUTS = {"scale": 0.01}
DIRECTIONS = {row: {"row": row} for row in ("Keras to torch", "torch to Keras")}


@claim(
    at_least=0.02,
    yes={f"{name}, pixels × 0.01": row | SMALL_INPUTS for name, row in DIRECTIONS.items()},
    no={f"{name}, pixels × 1": row for name, row in DIRECTIONS.items()}
    | {
        f"{name}, pixels × 0.01, eps copied": row | SMALL_INPUTS | {"copy_eps": True}
        for name, row in DIRECTIONS.items()
    },
)
def eps_must_be_copied(seeds, row, **options):
    table = copying(rows=(row,), seeds=seeds, **options)[row]
    return table["trained"] - table["copied"]
