"""Claims of the chapter on the intuition: why batch norm helps."""

import numpy as np

from bn_lib.chapters.intuition.experiments import curves, landscape, scaled, weight_decay
from bn_lib.course.claim import claim

SIGMOID = {"activation": "sigmoid", "std": 0.1}
RELU = {"activation": "relu"}
DEEP_RELU = {"activation": "relu", "depth": 10, "width": 64}


def _calmer(column, seeds, net):
    """Compare a typical probe without and with batch norm: log2 of the ratio."""
    table = landscape(seeds=seeds, **net)
    plain, normed = (np.median(table[row][column], axis=1) for row in ("plain", "BN"))
    return np.log2(plain / normed)


CALM = {"3×100 ReLU, lr 0.1": {"net": RELU | {"lr": 0.1}}}
NOT_CALM = {
    "3×100 ReLU, lr 0.01": {"net": RELU | {"lr": 0.01}},
    "3×100 sigmoid, lr 0.1": {"net": SIGMOID | {"lr": 0.1}},
}


@claim(
    hinglish="BN ke saath gradient ki direction mein loss kam badalta hai.",
    english="With BN the loss varies less along the gradient.",
    source="Santurkar et al. 2018, section 3.2 and figure 4(a)",
    effect="log2 of the range of the loss along the gradient, up to 4 learning rates away, "
    "plain against BN; median of 16 probes in 80 steps",
    at_least=0.5,
    yes=CALM,
    no=NOT_CALM,
    note_hinglish="Nets ko barabar steps par compare kiya, barabar loss par nahi. Plain "
    "sigmoid net plateau par atka hai.",
    note_english="The nets are compared at equal steps, not at equal loss. The plain "
    "sigmoid net is stuck on a plateau.",
)
def smoother_loss(seeds, net):
    return _calmer("loss_range", seeds, net)


@claim(
    hinglish="BN ke saath gradient apni hi direction mein chalne par kam badalta hai.",
    english="With BN the gradient changes less as we move along it.",
    source="Santurkar et al. 2018, section 3.2 and figure 4(b)",
    effect="log2 of the largest l2 change of the gradient along it, up to 4 learning rates "
    "away, plain against BN; median of 16 probes in 80 steps",
    at_least=1.0,
    yes=CALM,
    no=NOT_CALM,
    note_hinglish="Change ko gradient ke apne size se divide nahi kiya.",
    note_english="The change is not divided by the gradient's own size.",
)
def predictive_gradient(seeds, net):
    return _calmer("gradient_change", seeds, net)


def _gain(row, seeds, net):
    """Return how far a net is ahead of the plain one, on average over the training."""
    table = curves(rows=("plain", row), seeds=seeds, **net)
    return (table[row] - table["plain"]).mean(axis=1)


@claim(
    hinglish="BN ke baad noise daalne par bhi plain net se fayda bana rehta hai.",
    english="Noise injected after BN leaves its advantage over the plain net.",
    source="Santurkar et al. 2018, section 2.1 and figure 2",
    effect="test accuracy, mean over 60 steps: BN with noise minus plain",
    at_least=0.02,
    yes={
        "3×100 sigmoid, lr 0.1": {"net": SIGMOID | {"lr": 0.1}},
        "3×100 ReLU, lr 0.1": {"net": RELU | {"lr": 0.1}},
    },
    no={"10×64 ReLU, lr 0.03": {"net": DEEP_RELU | {"lr": 0.03}}},
    note_hinglish="Jahan noise ke saath BN peeche hai, wahan bina noise ke BN plain net se "
    "aage hai.",
    note_english="Where BN with noise is behind, BN without noise is ahead of the plain "
    "net.",
)
def noise_after_bn(seeds, net):
    return _gain("BN + noise", seeds, net)


USUAL = {"3×100 sigmoid": {"net": SIGMOID}, "3×100 ReLU": {"net": RELU}}
TINY = {"3×100 ReLU, weights / 1000": {"net": RELU | {"shrink": 1e-3}}}
EPS_HINGLISH = "Wajah eps hai: itne chhote weights ke saath variance eps se chhota hai."
EPS_ENGLISH = "The reason is eps: with weights that small the variance is below eps."


def _scaled(seeds, net):
    return scaled(rows=("BN",), seeds=seeds, **net)["BN"]


@claim(
    hinglish="BN se pehle wale weights aur unka gradient perpendicular hote hain.",
    english="Weights in front of BN are orthogonal to their gradient.",
    source="Li and Arora 2020, on scale invariance",
    effect="largest |w·∇w| / (‖w‖ ‖∇w‖) of any hidden unit, before training",
    at_most=0.003,
    yes=USUAL,
    no=TINY,
    note_hinglish=EPS_HINGLISH + " Bound numbers dekhne ke baad decide hua.",
    note_english=EPS_ENGLISH + " The bound was set after seeing numbers.",
)
def gradient_orthogonal(seeds, net):
    return _scaled(seeds, net)["cosine"].max(axis=1)


@claim(
    hinglish="BN se pehle wale weights 10 guna karne par unka gradient 10 guna chhota ho "
    "jaata hai.",
    english="Weights in front of BN, 10 times larger, get a gradient 10 times smaller.",
    source="Ioffe and Szegedy 2015, section 3.3",
    effect="deviation of the gradients' ratio from 10, as a share of 10, in the hidden "
    "layer where it is largest; one layer at a time made larger, before training",
    at_most=0.01,
    yes=USUAL,
    no=TINY,
    note_hinglish=EPS_HINGLISH,
    note_english=EPS_ENGLISH,
)
def gradient_inverse(seeds, net):
    return np.abs(_scaled(seeds, net)["gradient_ratio"] / 10 - 1).max(axis=1)


@claim(
    hinglish="BN se pehle wale weights ko scale karne se output nahi badalta.",
    english="Scaling the weights in front of BN does not change the output.",
    source="Ioffe and Szegedy 2015, section 3.3",
    effect="change of the logits, as a share of their length, when one hidden layer's "
    "weights grow 10 times, in the layer where it is largest; train mode, before training",
    at_most=0.001,
    yes=USUAL,
    no=TINY,
    note_hinglish=EPS_HINGLISH,
    note_english=EPS_ENGLISH,
)
def scale_invariance(seeds, net):
    return _scaled(seeds, net)["output_change"].max(axis=1)


@claim(
    hinglish="Weight decay lr/‖w‖² ko badhata hai, BN ho ya na ho.",
    english="Weight decay raises lr/‖w‖², with BN or without.",
    source="van Laarhoven 2017, where lr/‖w‖² is the effective learning rate of a net "
    "with BN",
    effect="log2 of lr/‖w‖² after training, with decay against without, in the hidden "
    "layer where it rises least; 3×100 ReLU, lr 0.1",
    at_least=1.0,
    yes={
        "BN, decay 0.03, 200 steps": {"row": "BN", "decay": 0.03, "steps": 200},
        "plain, decay 0.03, 200 steps": {"row": "plain", "decay": 0.03, "steps": 200},
    },
    no={"BN, decay 0.0005, 50 steps": {"row": "BN", "decay": 5e-4, "steps": 50}},
    note_hinglish="Decay akele itna kar deta hai, isliye yeh BN ka kamaal nahi. BN se kya "
    "alag hota hai, woh intuition.smaller-weights-only-raise-the-step batata hai.",
    note_english="Decay alone does as much, so this is no merit of BN. What is different "
    "with BN is in intuition.smaller-weights-only-raise-the-step.",
)
def decay_raises_rate(seeds, row, decay, steps):
    rows = (row, f"{row}, decay")
    table = weight_decay(rows=rows, seeds=seeds, decay=decay, steps=steps)
    without, decayed = (table[name]["effective_lr"] for name in rows)
    return np.log2(decayed / without).min(axis=1)


@claim(
    hinglish="Hidden weights ko utna chhota karo jitna decay karta hai, toh function nahi "
    "badalta, sirf step badhta hai.",
    english="Making the hidden weights as small as decay makes them leaves the function as "
    "it is, and only raises the step.",
    source="van Laarhoven 2017; Ioffe and Szegedy 2015, section 3.3",
    effect="the larger of two: the change of the logits, as a share of their length, and "
    "how far the growth of the step ‖∇w‖/‖w‖ is from 1/factor², as a share; the hidden "
    "weights of the trained net times factor = (1 - lr · decay)^steps; 3×100 ReLU, "
    "lr 0.1, decay 0.03, 200 steps",
    at_most=0.1,
    yes={"BN, train mode": {"row": "BN", "logits": "shrunk_output"}},
    no={
        "plain": {"row": "plain", "logits": "shrunk_output"},
        "BN, eval mode": {"row": "BN", "logits": "shrunk_in_eval"},
    },
    note_hinglish="Eval mode mein running statistics bade weights ke hi hain. Step hamesha "
    "train mode mein naapa gaya.",
    note_english="In eval mode the running statistics are still those of the larger "
    "weights. The step is always measured in train mode.",
)
def smaller_weights_only_raise_the_step(seeds, row, logits):
    table = weight_decay(rows=(row,), seeds=seeds)
    options, found = table.options, table[row]
    factor = (1 - options["lr"] * options["decay"]) ** options["steps"]
    step = np.abs(found["shrunk_step"] * factor**2 - 1).max(axis=1)
    return np.maximum(step, found[logits])


@claim(
    hinglish="BN se pehle wale weights ka decay, ek badhte hue learning rate jaisa hi hai.",
    english="Decay of the weights in front of BN acts as a growing learning rate.",
    source="Li and Arora 2020 (a fixed rate with decay is a growing rate)",
    effect="mean distance of the loss from that with decay, a growing rate in its place, "
    "as a share of the distance without either; 3×100 ReLU with BN",
    at_most=0.1,
    yes={
        "lr 0.1, decay 0.03, 200 steps": {"lr": 0.1, "decay": 0.03, "steps": 200},
    },
    no={
        "lr 0.3, decay 0.01, 300 steps": {"lr": 0.3, "decay": 0.01, "steps": 300},
    },
    note_hinglish="Learning rate, decay aur steps teeno saath badle, aur values chuni hui "
    "hain.",
    note_english="Learning rate, decay and steps were changed together, to picked values.",
)
def decay_is_growing_rate(seeds, **options):
    rows = ("BN, decay", "BN, growing rate", "BN")
    table = weight_decay(rows=rows, seeds=seeds, **options)
    decayed, instead, without = (table[row]["loss"] for row in rows)
    return np.abs(instead - decayed).mean(axis=1) / np.abs(without - decayed).mean(axis=1)


@claim(
    hinglish="Hidden weights ka decay network ke outputs ko chhota karta hai.",
    english="Decay of the hidden weights makes the outputs of the network smaller.",
    source="van Laarhoven 2017 (with normalization, L2 does not regularize)",
    effect="share that decay takes from the size (RMS) of the test logits; 3×100 ReLU, "
    "lr 0.1, decay 0.03, 200 steps",
    at_least=0.2,
    yes={"plain": {"row": "plain"}},
    no={"BN": {"row": "BN"}},
    note_hinglish="Last layer par decay nahi hai.",
    note_english="The last layer does not decay.",
)
def decay_shrinks_function(seeds, row):
    rows = (row, f"{row}, decay")
    table = weight_decay(rows=rows, seeds=seeds)
    without, decayed = (table[name]["output_size"] for name in rows)
    return 1 - decayed / without


@claim(
    hinglish="Learning rate wahi rahe toh BN se training tez nahi hoti.",
    english="At the same learning rate BN does not make training faster.",
    source="Bjorck et al. 2018 (the gain comes from larger learning rates)",
    effect="test accuracy, mean over 60 steps: BN minus plain",
    at_most=0.05,
    yes={"10×64 ReLU, lr 0.003": {"net": DEEP_RELU | {"lr": 0.003}}},
    no={
        "10×64 ReLU, lr 0.1": {"net": DEEP_RELU | {"lr": 0.1}},
        "3×100 ReLU, lr 0.01": {"net": RELU | {"lr": 0.01}},
    },
    note_hinglish="Weights He initialization se. Bound numbers dekhne ke baad decide hua.",
    note_english="The weights start from He initialization. The bound was set after seeing "
    "numbers.",
)
def no_gain_at_the_same_rate(seeds, net):
    return _gain("BN", seeds, net)
