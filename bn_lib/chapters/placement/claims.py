"""Claims of the chapter on the place of batch norm in a network."""

import numpy as np

from bn_lib.chapters.placement.experiments import (
    bias,
    dense,
    dropout,
    growth,
    order,
    residual,
    signal,
    spread,
)
from bn_lib.course.claim import claim

SEEDS = range(5)
CONV_NET = "3 conv layers, 8 channels, 30 steps"


@claim(
    hinglish="conv → BN → ReLU aur conv → ReLU → BN, dono chalte hain: bina BN wale net se "
    "peeche nahi rehte.",
    english="conv → BN → ReLU and conv → ReLU → BN both work: neither is behind the net "
    "without BN.",
    source="SEED: Where to apply (both ways work)",
    effect=f"gain in test accuracy over the net without BN; {CONV_NET}",
    at_least=-0.02,
    yes={
        f"{row}, lr {lr}": {"row": row, "lr": lr}
        for lr in (0.01, 0.3)
        for row in ("before", "after")
    },
    seeds=SEEDS,
    note_hinglish="Lambi training ke baad ka fark nahi naapa gaya.",
    note_english="The gap after long training was not measured.",
)
def order_works(seeds, row, lr):
    table = order(rows=("plain", row), seeds=seeds, lr=lr)
    return table[row] - table["plain"]


def _after_ahead_of(row, seeds, lr):
    table = order(rows=(row, "after"), seeds=seeds, lr=lr)
    return table["after"] - table[row]


@claim(
    hinglish="BN ko ReLU se pehle lagao ya baad mein, test accuracy mein 5 points se zyada "
    "fark nahi padta.",
    english="BN before or after the ReLU: the test accuracies differ by at most 5 points.",
    source="SEED: Where to apply (before or after the activation)",
    effect=f"test accuracy with BN after the ReLU minus that with BN before it; {CONV_NET}",
    within=(-0.05, 0.05),
    yes={"lr 0.3": {"lr": 0.3}},
    no={"lr 0.01": {"lr": 0.01}},
    seeds=SEEDS,
    note_hinglish="lr 0.01 par training abhi adhoori hai, aur ReLU ke baad wala aage hai.",
    note_english="At lr 0.01 training is unfinished, and BN after the ReLU is ahead.",
)
def order_equal(seeds, lr):
    return _after_ahead_of("before", seeds, lr)


@claim(
    hinglish="Dono nets ke head ko normalized input mile, toh bhi ReLU ke baad wala BN "
    "shuruaat mein 10 points aage hai.",
    english="BN after the ReLU is 10 points ahead early in training even when both nets' "
    "heads read normalized inputs.",
    source="here: a control for placement.order-equal",
    effect="test accuracy with BN after the ReLU minus that with BN before it and one more "
    f"BN before the head; {CONV_NET}",
    at_least=0.1,
    no={"lr 0.01": {"lr": 0.01}},
    seeds=SEEDS,
    note_hinglish="Isse chhoti badhat itne kam seeds mein saaf nahi dikhti. Margin numbers "
    "dekhne ke baad chuna gaya.",
    note_english="So few seeds do not show a smaller lead clearly. The margin was chosen "
    "after seeing the numbers.",
)
def order_lead(seeds, lr):
    return _after_ahead_of("before, head too", seeds, lr)


@claim(
    hinglish="BN fully connected layers mein bhi chalta hai: net bina BN wale se peeche "
    "nahi rehta.",
    english="BN works in fully connected layers too: the net is not behind the one "
    "without.",
    source="SEED: Where to apply (FC layers); Ioffe and Szegedy 2015, section 4.1",
    effect="gain in test accuracy; 3×100 net, lr 0.1, 60 steps",
    at_least=-0.02,
    yes={
        "sigmoid, std 0.1": {"activation": "sigmoid", "std": 0.1},
        "ReLU, He": {"activation": "relu", "std": None},
    },
)
def dense_works(seeds, activation, std):
    table = dense(seeds=seeds, activation=activation, std=std)
    return table["BN"] - table["plain"]


@claim(
    hinglish="Train mode mein, jis layer ke theek baad BN hai, uske bias ka gradient "
    "rounding tak zero hai.",
    english="In train mode, the bias of a layer directly before BN has a gradient of "
    "zero, up to rounding.",
    source="Ioffe and Szegedy 2015, section 3.2",
    effect="size of the bias's gradient over that of the weight, float64, before training",
    at_most=1e-8,
    yes={"linear": {"row": "linear, train"}, "conv": {"row": "conv, train"}},
)
def bias_gradient(seeds, row):
    return bias(rows=(row,), seeds=seeds)[row]["gradient"]


@claim(
    hinglish="BN se pehle ka bias hata do, toh output nahi badalta.",
    english="Removing the bias before BN does not change the output.",
    source="Ioffe and Szegedy 2015, section 3.2",
    effect="relative change of the output, float64, before training",
    at_most=1e-8,
    yes={row: {"row": row} for row in ("linear, train", "conv, train")},
    no={row: {"row": row} for row in ("linear, eval", "linear → ReLU, train")},
    note_hinglish="Eval mode mein BN purana running mean minus karta hai, jisme bias abhi "
    "bhi hai.",
    note_english="In eval mode BN subtracts the old running mean, which still contains the "
    "bias.",
)
def bias_redundant(seeds, row):
    return bias(rows=(row,), seeds=seeds)[row]["output"]


@claim(
    hinglish="BN ke statistics har channel ke apne hain: ek channel badlo, toh baaki "
    "channels ka output nahi badalta.",
    english="BN has statistics of its own for each channel: change one channel, and the "
    "outputs of the others stay.",
    source="Ioffe and Szegedy 2015, section 3.2",
    effect="largest change in other channels over that in the changed channel",
    at_most=0.001,
    yes={row: {"row": row} for row in ("BN (N, C)", "BN (N, C, H, W)", "BN eval")},
    note_hinglish="Baat sirf BN layer ki hai: agli conv layer channels ko phir mila deti "
    "hai.",
    note_english="This is the BN layer alone: the next conv layer mixes the channels "
    "again.",
)
def per_channel(seeds, row):
    changes = spread(rows=(row,), seeds=seeds)[row]
    return changes["leak"] / changes["own"]


def _ahead_of_post(row, seeds, **net):
    table = residual(rows=("post", row), seeds=seeds, **net)
    return table[row] - table["post"]


@claim(
    hinglish="Shallow residual net mein pre- aur post-activation blocks ka fark 5 points "
    "se kam hai.",
    english="In a shallow residual net, pre- and post-activation blocks differ by less "
    "than 5 points.",
    source="here: the shallow side of He et al. 2016, Identity Mappings, section 4.2",
    effect="test accuracy with pre-activation minus that with post-activation; 2 fully "
    "connected blocks, width 32, 60 steps",
    within=(-0.05, 0.05),
    yes={"lr 0.1": {"lr": 0.1}},
    no={"lr 0.01": {"lr": 0.01}},
    seeds=SEEDS,
    note_hinglish="lr 0.01 par training abhi adhoori hai, aur post-activation aage hai.",
    note_english="At lr 0.01 training is unfinished, and post-activation is ahead.",
)
def pre_act_shallow(seeds, lr):
    return _ahead_of_post("pre", seeds, lr=lr, steps=60)


DEEP_AND_FAST = {"32 blocks, lr 0.1": {"blocks": 32, "lr": 0.1}}
SHALLOW_OR_SLOW = {
    f"{blocks} blocks, lr {lr}": {"blocks": blocks, "lr": lr}
    for blocks, lr in ((2, 0.1), (2, 0.01), (32, 0.01))
}
RESIDUAL_NOTE = {
    "note_hinglish": "Akele seeds ke beech fark bada hai. Test se pehle BN ke statistics "
    "dobara naape gaye.",
    "note_english": "Single seeds differ a lot. BN's statistics were measured afresh "
    "before the test.",
}


@claim(
    hinglish="Pre-activation blocks post-activation blocks se behtar train hote hain.",
    english="Pre-activation blocks train better than post-activation blocks.",
    source="He et al. 2016, Identity Mappings in Deep Residual Networks, section 4",
    effect="test accuracy with pre-activation minus that with post-activation; fully "
    "connected blocks, width 32, 26 steps without warm-up",
    at_least=0.05,
    yes=DEEP_AND_FAST,
    no=SHALLOW_OR_SLOW,
    **RESIDUAL_NOTE,
)
def pre_act_better(seeds, blocks, lr):
    return _ahead_of_post("pre", seeds, blocks=blocks, lr=lr)


@claim(
    hinglish="Har residual block ka aakhri gamma 0 se shuru ho, toh signal depth ke saath "
    "nahi badhta; 1 se shuru ho, toh badhta hai.",
    english="With the last gamma of each residual block starting at 0 the signal does not "
    "grow with depth; starting at 1 it does.",
    source="Goyal et al. 2017, Accurate, Large Minibatch SGD, section 5.1 (gamma 0); "
    "the growth at gamma 1: here",
    effect="log2 of how much more the variance grows at gamma 1 than at gamma 0, from the "
    "stem to the last block; post-activation, width 32, before training",
    at_least=2.0,
    yes={"4 blocks": {"blocks": 4}, "32 blocks": {"blocks": 32}},
    note_hinglish="Gamma 0 par har block shuruaat mein identity hai.",
    note_english="At gamma 0 every block starts as the identity.",
)
def last_gamma_signal(seeds, blocks):
    table = signal(rows=("post", "post, last gamma 0"), seeds=seeds, blocks=blocks)
    return np.log2(growth(table["post"]) / growth(table["post, last gamma 0"]))


@claim(
    hinglish="Aakhri gamma ko 0 se shuru karne par residual net behtar train hota hai.",
    english="Starting the last gamma at 0 makes a residual net train better.",
    source="Goyal et al. 2017, Accurate, Large Minibatch SGD, section 5.1",
    effect="test accuracy with last gamma 0 minus that with 1; fully connected "
    "post-activation blocks, width 32, 26 steps without warm-up",
    at_least=0.05,
    yes=DEEP_AND_FAST,
    no=SHALLOW_OR_SLOW,
    **RESIDUAL_NOTE,
)
def last_gamma_training(seeds, blocks, lr):
    return _ahead_of_post("post, last gamma 0", seeds, blocks=blocks, lr=lr)


LI_2019 = (
    "Li et al. 2019, Understanding the Disharmony between Dropout and Batch Normalization "
    "by Variance Shift"
)


@claim(
    hinglish="BN se pehle dropout ho, toh eval mein BN ke input ka variance, running "
    "variance se chhota hota hai.",
    english="With dropout before BN, the variance of BN's inputs in eval is smaller than "
    "the running variance.",
    source=LI_2019,
    effect="variance in eval over running variance, at the last BN; 3×100 ReLU net, 100 "
    "steps",
    at_most=0.9,
    yes={f"rate {rate}": {"rate": rate} for rate in (0.1, 0.5, 0.8)},
)
def dropout_shift(seeds, rate):
    return dropout(seeds=seeds, rate=rate)["ratio"][:, -1]


@claim(
    hinglish="BN se pehle dropout ka variance shift test accuracy ko girata hai.",
    english="The variance shift from dropout before BN costs test accuracy.",
    source=LI_2019,
    effect="test accuracy with running statistics measured again without dropout, minus "
    "that as trained; 3×100 ReLU net, 100 steps",
    at_least=0.03,
    yes={"rate 0.8": {"rate": 0.8}},
    no={f"rate {rate}": {"rate": rate} for rate in (0.1, 0.5)},
    note_hinglish="Chhote rates par bhi variance kam hota hai, phir bhi accuracy nahi "
    "girti.",
    note_english="At the lower rates the variance shrinks too, and yet the accuracy does "
    "not fall.",
)
def dropout_harm(seeds, rate):
    table = dropout(seeds=seeds, rate=rate)
    return table["recalibrated"] - table["accuracy"]
