"""Claims of the chapter on the problem: drifting inputs, fading signals."""

import numpy as np

from bn_lib.chapters.problem.experiments import (
    deep_linear,
    drift,
    first_record,
    growth,
    pace,
    signal,
    travel,
)
from bn_lib.course.claim import claim

SIGMOID = {"activation": "sigmoid", "lr": 0.5}
RELU = {"activation": "relu", "lr": 0.1, "steps": 200, "probes": 4}
RELU_SLOW = RELU | {"lr": 0.01, "every": 50}
# Both nets reach it with every activation; the plain sigmoid net hardly gets lower.
SAME_LOSS = 0.5
SEEDS = range(5)


def _travel(net, where, seeds, until=None):
    """Move of the last two hidden layers' inputs, to the end or to a loss."""
    row = drift(seeds=seeds, **net)["plain" if where == "plain" else "BN"]
    last = -1 if until is None else first_record(row["loss"], until)
    return travel(row["sums" if where == "before BN" else "inputs"], last)


@claim(
    hinglish="Training ke dauraan hidden layer ke inputs ka distribution khisakta hai: "
    "internal covariate shift sach mein hota hai.",
    english="During training the distribution of a hidden layer's inputs moves: "
    "internal covariate shift is real.",
    source="Ioffe & Szegedy 2015, section 4.1, figure 1; "
    "SEED: Problem Batch Normalization Solve Karta Hai",
    effect="move of the 15th, 50th and 85th percentile from start to end, in half-widths "
    "of the distribution, last hidden layer, median unit",
    at_least=0.3,
    yes={"3×100 sigmoid": {"net": SIGMOID}, "3×100 ReLU": {"net": RELU}},
    seeds=SEEDS,
    note_hinglish="Isme layer ke apne weights bhi gine gaye hain. Isse training slow hoti "
    "hai ya nahi, yeh alag sawaal hai.",
    note_english="The layer's own weights count in this too. Whether it slows training is "
    "another question.",
)
def shift_exists(seeds, net):
    return _travel(net, "plain", seeds)[:, -1]


@claim(
    hinglish="Third hidden layer ke inputs first hidden layer se zyada khisakte hain.",
    english="The inputs of the third hidden layer drift more than those of the first.",
    source="Ioffe & Szegedy 2015, section 1 (small changes amplify with depth)",
    effect="log2 of the drift in half-widths of the distribution, third hidden layer "
    "against first: mean drift per 25 steps, or from the start to the first record with "
    "a test loss of 0.5 or less; with BN at the activation's input, after BN",
    at_least=0.3,
    yes={
        f"{name}, {row}, {how}": {"net": net, "row": row, "how": how}
        for name, net in (("sigmoid", SIGMOID), ("ReLU", RELU))
        for row in ("plain", "BN")
        for how in ("per 25 steps", "to the loss")
    },
    seeds=SEEDS,
    note_hinglish="Kitna zyada, yeh naapne ke tareeke par hai: sigmoid net ka distribution "
    "plateau par bahut patla hai, isliye har record ka drift bahut zyada lagta hai.",
    note_english="How much more depends on the measure: the sigmoid net's distribution is "
    "very narrow on the plateau, which makes the drift from record to record look large.",
)
def shift_grows_with_depth(seeds, net, row, how):
    if how == "to the loss":
        moved = _travel(net, row, seeds, until=SAME_LOSS)
    else:
        moved = pace(drift(seeds=seeds, **net)[row]["inputs"])
    return np.log2(moved[:, 2] / moved[:, 0])


@claim(
    hinglish="Drift second se third hidden layer tak bhi badhta hai.",
    english="The drift still grows from the second to the third hidden layer.",
    source="Ioffe & Szegedy 2015, section 1 (small changes amplify with depth)",
    effect="log2 of the move from start to end, in half-widths of the distribution, "
    "third hidden layer against second",
    at_least=0.25,
    yes={
        "sigmoid, BN": {"net": SIGMOID, "row": "BN"},
        "ReLU, BN": {"net": RELU, "row": "BN"},
    },
    no={"sigmoid, plain": {"net": SIGMOID, "row": "plain"}},
    seeds=SEEDS,
    note_hinglish="BN se pehle ke sums mein, aur plain ReLU net mein, sign seed ke saath "
    "badla.",
    note_english="In the sums before BN, and in the plain ReLU net, the sign changed with "
    "the seed.",
)
def shift_grows_to_the_last_layer(seeds, net, row):
    moved = _travel(net, row, seeds)
    return np.log2(moved[:, 2] / moved[:, 1])


@claim(
    hinglish="BN inputs ka khisakna kam karta hai, percentiles se naapne par.",
    english="BN reduces the drift of the inputs, measured by percentiles.",
    source="Ioffe & Szegedy 2015, section 4.1, figure 1; "
    "SEED: Problem Batch Normalization Solve Karta Hai",
    effect="log2 of the move of the inputs, plain against BN, last hidden layer, at the "
    "activation's input (BN) or before BN normalizes; from the start to the same step, or "
    "to the first record with a test loss of 0.5 or less",
    at_least=0.5,
    yes={
        f"{name}, {where}, {end}": {"net": net, "where": where, "until": until}
        for name, net in (("sigmoid", SIGMOID), ("ReLU", RELU))
        for end, until in (("same steps", None), ("same loss", SAME_LOSS))
        for where in ("BN", "before BN")
    },
    seeds=SEEDS,
    note_hinglish="Activation ke input par BN mean aur variance ko khud fix karta hai, "
    "isliye wahan kami expected hai. BN se pehle ke sums bhi apni width ke hisaab se kam "
    "khisakte hain.",
    note_english="At the activation's input BN fixes mean and variance itself, so less "
    "drift is expected there. The sums before BN also move less, relative to their width.",
)
def bn_reduces_input_drift(seeds, net, where, until):
    plain, normed = (_travel(net, w, seeds, until)[:, -1] for w in ("plain", where))
    return np.log2(plain / normed)


STEADIER = {"3×100 ReLU, lr 0.1": {"run": drift, "net": RELU}}
LESS_STEADY = {
    "3×100 sigmoid, lr 0.5": {"run": drift, "net": SIGMOID},
    "3×100 ReLU, lr 0.01": {"run": drift, "net": RELU_SLOW},
    "10 linear layers, lr 0.1": {"run": deep_linear, "net": {}},
}


def _worst_layer(seeds, run, net, measure):
    """Return log2 of plain against BN, in the layer where BN does worst."""
    table = run(seeds=seeds, **net)
    plain, normed = (
        table[row]["gradient_change"][..., measure].mean(axis=1) for row in ("plain", "BN")
    )  # (seeds, layers)
    return np.log2(plain / normed).min(axis=1)


@claim(
    hinglish="Neeche ki layers ke update se upar ki har layer ka gradient BN ke saath kam "
    "badalta hai.",
    english="With BN the gradient of each layer changes less when the layers below it "
    "update.",
    source="Santurkar et al. 2018, section 2.2 and definition 2.1, who find no reduction; "
    "scaled by the gradient's size here",
    effect="log2 of the norm of the gradient's change, as a share of the gradient's norm, "
    "plain against BN, in the layer where BN does worst",
    at_least=0.4,
    yes=STEADIER,
    no=LESS_STEADY,
    seeds=SEEDS,
    note_hinglish="Dono nets ka learning rate same hai.",
    note_english="Both nets have the same learning rate.",
)
def bn_reduces_gradient_change(seeds, run, net):
    return _worst_layer(seeds, run, net, measure=1)


@claim(
    hinglish="Neeche ki layers ke update se upar ki har layer ke gradient ki direction BN "
    "ke saath kam ghoomti hai.",
    english="With BN the direction of each layer's gradient turns less when the layers "
    "below it update.",
    source="Santurkar et al. 2018, section 2.2 and figure 3 (cosine), who find no "
    "reduction",
    effect="log2 of 1 minus the cosine of the two gradients, plain against BN, in the "
    "layer where BN does worst",
    at_least=0.35,
    yes=STEADIER,
    no=LESS_STEADY,
    seeds=SEEDS,
    note_hinglish="Dono nets ka learning rate same hai.",
    note_english="Both nets have the same learning rate.",
)
def bn_steadies_gradient_direction(seeds, run, net):
    return _worst_layer(seeds, run, net, measure=2)


@claim(
    hinglish="Bina BN ke, 20 layers mein forward signal vanish ya explode ho jaata hai.",
    english="Without BN the forward signal vanishes or explodes over 20 layers.",
    source="He et al. 2015 (Delving Deep into Rectifiers), section 2.2; "
    "SEED: Intuition Behind BN",
    effect="size of log10 of the signal's root mean square, layer 20 against layer 1, "
    "ReLU, before training",
    at_least=2.0,
    yes={"std 0.01": {"std": 0.01}, "std 0.3": {"std": 0.3}},
    no={"He": {"std": None}},
)
def signal_lost_over_depth(seeds, std):
    return np.abs(growth(signal(seeds=seeds, std=std)["plain"]["signal"]))


@claim(
    hinglish="Bina BN ke, 20 layers mein backward gradient vanish ya explode ho jaata hai.",
    english="Without BN the backward gradient vanishes or explodes over 20 layers.",
    source="He et al. 2015 (Delving Deep into Rectifiers), section 2.2; "
    "SEED: Intuition Behind BN, Allows Deeper Networks",
    effect="size of log10 of the gradient's root mean square by a layer's output, layer 1 "
    "against layer 20, before training",
    at_least=2.0,
    yes={
        "ReLU, std 0.01": {"std": 0.01},
        "ReLU, std 0.3": {"std": 0.3},
        "sigmoid, std 0.1": {"activation": "sigmoid", "std": 0.1},
        "sigmoid, He": {"activation": "sigmoid"},
    },
    no={"ReLU, He": {}},
)
def gradient_lost_over_depth(seeds, **net):
    return np.abs(growth(signal(seeds=seeds, **net)["plain"]["gradient"]))


@claim(
    hinglish="Start par signal ka size bachane ke liye BN zaroori nahi: ReLU net mein He "
    "initialization akele kaafi hai.",
    english="BN is not needed to keep the signal's size at the start: in a ReLU net He "
    "initialization alone does it.",
    source="He et al. 2015 (Delving Deep into Rectifiers), section 2.2",
    effect="log10 of the growth over 20 layers before training; a factor of ten is "
    "allowed",
    within=(-1.0, 1.0),
    yes={"signal": {"what": "signal"}, "gradient": {"what": "gradient"}},
    note_hinglish="Lekin samples ke beech ka fark depth ke saath kam hota jaata hai.",
    note_english="But the share of the signal that differs between samples shrinks with "
    "the depth.",
)
def he_alone_is_enough_at_the_start(seeds, what):
    return growth(signal(seeds=seeds)["plain"][what])


@claim(
    hinglish="BN ke saath forward signal ka size har initialization std par same rehta "
    "hai.",
    english="With BN the forward signal keeps its size whatever the initialization std.",
    source="SEED: Reduced Dependence on Initialization; "
    "Ioffe & Szegedy 2015, section 3.3 (BN(Wu) = BN((aW)u))",
    effect="log10 of the signal's growth over 20 layers, ReLU, before training: a factor "
    "of ten is allowed",
    within=(-1.0, 1.0),
    yes={f"std {std:g}": {"std": std} for std in (0.01, 0.1, 1.0, 10.0)},
    no={"std 0.0001": {"std": 1e-4}},
    note_hinglish="Sabse chhote std par eps variance se bada hai, isliye signal vanish ho "
    "jaata hai.",
    note_english="At the smallest std eps is larger than the variance, so the signal "
    "vanishes.",
)
def bn_keeps_signal_at_any_init(seeds, std):
    return growth(signal(seeds=seeds, std=std)["BN"]["signal"])
