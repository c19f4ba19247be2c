"""Claims of the chapter on frameworks: freezing in torch, and torch beside Keras."""

from bn_lib.chapters.frameworks.experiments import copying, freezing, statistics
from bn_lib.course.claim import claim

# Numbers that are the same up to the rounding of float64.
SAME = 1e-9
TORCH = "PyTorch documentation, BatchNorm1d"
KERAS = "Keras documentation, BatchNormalization"


@claim(
    hinglish="requires_grad=False aur no_grad() BN ko freeze nahi karte, aur baad ka "
    "train(), eval() ko cancel kar deta hai: running statistics badalte rehte hain.",
    english="requires_grad=False and no_grad() do not freeze BN, and a later train() "
    "cancels eval(): the running statistics go on changing.",
    source=f"{TORCH}, and Module.train; public threads, such as What does "
    "requires_grad=False on BatchNorm2d perform? in the PyTorch forum",
    effect="relative change of running mean and variance after one batch, from what the "
    "update with momentum 0.1 gives; torch.nn.BatchNorm1d",
    at_most=SAME,
    yes={
        attempt: {"attempt": attempt}
        for attempt in ("requires_grad=False", "no_grad()", "eval(), then train()")
    },
    note_hinglish="Running statistics parameters nahi, buffers hain: unko forward badalta "
    "hai, backward nahi. Keras mein trainable=False BN ko inference mode mein bhi daalta "
    "hai.",
    note_english="Running statistics are buffers, not parameters: the forward pass changes "
    "them, not the backward pass. In Keras, trainable=False also puts BN into inference "
    "mode.",
    kind="identity",
    formula="running ← 0.9 running + 0.1 batch",
)
def not_frozen(seeds, attempt):
    return freezing(rows=(attempt,), seeds=seeds)[attempt]["from updated"]


@claim(
    hinglish="eval() BN ke running statistics ko freeze karta hai.",
    english="eval() freezes the running statistics of BN.",
    source=f"{TORCH}, and Module.eval",
    effect="relative change of running mean and variance after one batch, from what they "
    "were; torch.nn.BatchNorm1d",
    at_most=SAME,
    yes={
        attempt: {"attempt": attempt}
        for attempt in (
            "eval()",
            "train(), then eval()",
            "freeze_batch_norm, then train()",
        )
    },
    note_hinglish="Gamma aur beta phir bhi seekhte hain, jab tak requires_grad=False na "
    "ho. freeze_batch_norm is library ka hai.",
    note_english="Gamma and beta still learn, unless requires_grad=False. "
    "freeze_batch_norm is from this library.",
    kind="identity",
    formula="running ← running",
)
def eval_freezes(seeds, attempt):
    return freezing(rows=(attempt,), seeds=seeds)[attempt]["from before"]


@claim(
    hinglish="torch ka momentum, 1 minus Keras ka momentum hai.",
    english="The momentum of torch is 1 minus that of Keras.",
    source=f"{TORCH}, note on momentum; {KERAS}",
    effect="relative change of the running mean from Keras to torch, 5 batches; Keras by "
    "the formula of its manual",
    at_most=SAME,
    yes={
        "Keras 0.9, torch 0.1": {"momentum": 0.9},
        "Keras 0.99, torch 0.01": {"momentum": 0.99},
    },
    kind="identity",
    formula="m_torch = 1 − m_Keras",
)
def momentum_reversed(seeds, momentum):
    return statistics(seeds=seeds, momentum=momentum)["mean"]


@claim(
    hinglish="torch running variance mein unbiased variance rakhta hai, Keras biased.",
    english="torch keeps the unbiased variance in the running variance, Keras the biased "
    "one.",
    source=f"{TORCH}; {KERAS} (version 3)",
    effect="relative change of the running variance from Keras to torch, 5 batches, once "
    "the start is taken off both and torch's is times (m − 1)/m; Keras by the formula of "
    "its manual",
    at_most=SAME,
    yes={
        "batches of m = 2": {"batch_size": 2},
        "batches of m = 32": {"batch_size": 32},
    },
    kind="identity",
    formula="var_torch = m/(m − 1) var_Keras",
)
def stored_variance_differs(seeds, batch_size):
    return statistics(seeds=seeds, batch_size=batch_size)["variance"]


SMALL_INPUTS = {"scale": 0.01}
INTO_TORCH, INTO_KERAS = {"row": "Keras to torch"}, {"row": "torch to Keras"}


@claim(
    hinglish="Keras aur torch ke beech sirf weights copy karna kaafi nahi: eps bhi copy "
    "karo.",
    english="Copying weights between Keras and torch is not enough: copy eps too.",
    source=f"{TORCH} and {KERAS}: default eps of 1e-5 and 1e-3; public threads, such as "
    "Fix Batch Normalization in nn-transfer",
    effect="test accuracy before copying less that after it, statistics copied too; 3×100 "
    "net, 200 steps, Keras by the formula of its manual",
    at_least=0.02,
    yes={
        "Keras to torch, pixels × 0.01": INTO_TORCH | SMALL_INPUTS,
        "torch to Keras, pixels × 0.01": INTO_KERAS | SMALL_INPUTS,
    },
    no={
        "Keras to torch, pixels × 1": INTO_TORCH,
        "torch to Keras, pixels × 1": INTO_KERAS,
        "torch to Keras, pixels × 0.01, eps copied": INTO_KERAS
        | SMALL_INPUTS
        | {"copy_eps": True},
    },
    note_hinglish="Fark tab padta hai jab variance eps se bada na ho: pixels × 0.01 par "
    "pehle BN ka variance Keras ke 1e-3 se bahut chhota hai.",
    note_english="It matters where the variance is not above eps: with pixels × 0.01, that "
    "of the first BN is far below Keras' 1e-3.",
)
def eps_must_be_copied(seeds, row, **options):
    table = copying(rows=(row,), seeds=seeds, **options)[row]
    return table["trained"] - table["copied"]
