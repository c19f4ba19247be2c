"""Claims of the chapter on benefits: the promises of batch norm, one by one."""

import math

import numpy as np

from bn_lib.chapters.benefits.experiments import (
    at_chosen_rate,
    gradient,
    growth,
    steps_to_target,
    trained,
)
from bn_lib.course.claim import claim

SIGMOID = {"activation": "sigmoid", "std": 0.1}
TEN = {"depth": 10, "width": 64}
TEN_SLOWLY = TEN | {"limit": 180, "every": 10}


@claim(
    hinglish="BN ke saath network kam steps mein seekhta hai.",
    english="A network with BN learns in fewer steps.",
    source="SEED: Faster Training; Ioffe and Szegedy (2015), section 4.1, figure 1",
    effect="log2 of the steps to 90 % test accuracy, plain against BN: at the same rate, "
    "or each at its best of three, which for every seed the other seeds choose",
    at_least=0.25,
    yes={
        "3×100 sigmoid, std 0.1, best rates": {"net": SIGMOID, "lrs": (0.3, 1.0, 3.0)},
        "3×100 ReLU, best rates": {"net": {}, "lrs": (0.1, 0.3, 1.0)},
        "10×64 ReLU, best rates": {"net": TEN_SLOWLY, "lrs": (0.03, 0.1, 0.3)},
        "3×100 ReLU, lr 0.1": {"net": {}, "lrs": (0.1,)},
        "10×64 ReLU, lr 0.1": {"net": TEN_SLOWLY, "lrs": (0.1,)},
    },
    no={"10×64 ReLU, lr 0.02": {"net": TEN_SLOWLY | {"limit": 300}, "lrs": (0.02,)}},
    note_hinglish="Jo run wahan tak nahi pahuncha, uske steps limit ke barabar gine gaye; "
    "plain sigmoid network kisi rate par nahi pahuncha. Yahan steps gine gaye hain, time "
    "nahi: BN ka ek step mehenga hota hai.",
    note_english="A run that did not get there counts as the limit of steps; the plain "
    "sigmoid network got there at no rate. Steps are counted, not time: a step with BN "
    "costs more.",
)
def faster_training(seeds, net, lrs):
    tables = [steps_to_target(seeds=seeds, lr=lr, **net) for lr in lrs]
    plain, normed = (
        at_chosen_rate(np.stack([table[row] for table in tables]))
        for row in ("plain", "BN")
    )
    return np.log2(plain / normed)


def _measured(column, row, seeds, **options):
    return trained(rows=(row,), seeds=seeds, **options)[row][column]


def _gain(seeds, **options):
    """Return the test accuracy with batch norm minus that without."""
    plain, normed = (
        _measured("accuracy", row, seeds, **options) for row in ("plain", "BN")
    )
    return normed - plain


@claim(
    hinglish="BN us learning rate par bhi seekhta hai jahan plain network nahi.",
    english="BN trains at learning rates that break the plain network.",
    source="SEED: Higher Learning Rate; Ioffe and Szegedy (2015), section 3.3",
    effect="test accuracy after 50 steps, BN minus plain, at the same learning rate",
    at_least=0.3,
    yes={"10×64 ReLU, lr 1": TEN | {"lr": 1.0}, "3×100 ReLU, lr 1": {"lr": 1.0}},
    no={"10×64 ReLU, lr 10": TEN | {"lr": 10.0}},
    note_hinglish="Learning rate 10 par BN wala network bhi nahi seekhta: limit upar gayi, "
    "hati nahi.",
    note_english="At a learning rate of 10 the network with BN fails too: the limit moved "
    "up, it did not go away.",
)
def higher_learning_rate(seeds, **options):
    return _gain(seeds, steps=50, **options)


FEW = {"samples": 100, "lr": 0.1}


@claim(
    hinglish="Chhote batch ka noise overfitting kam karta hai.",
    english="The noise of a small batch reduces overfitting.",
    source="SEED: Regularization Effect; Ioffe and Szegedy (2015), section 3.4 (noise of "
    "the batch mates); ghost batches: Hoffer et al. (2017)",
    effect="share of the test loss saved against batches of 100; 3×100 ReLU, 100 training "
    "samples, 150 steps",
    at_least=0.1,
    yes={
        "with BN, batches of 10": {"row": "BN", "noisy": "BN", "batch_size": 10},
        "with BN, ghost batches of 10": {
            "row": "BN",
            "noisy": "ghost BN",
            "batch_size": 100,
        },
    },
    no={"without BN, batches of 10": {"row": "plain", "noisy": "plain", "batch_size": 10}},
    seeds=range(5),
    note_hinglish="Ghost batches mein sirf BN ki statistics ka noise hai: gradient saare "
    "100 samples ka hai. Overfitting yahan test loss se naapi gayi.",
    note_english="Ghost batches have the noise of BN's statistics alone: the gradient is "
    "that of all 100 samples. Overfitting is the test loss here.",
)
def small_batch_regularizes(seeds, row, noisy, batch_size):
    few = FEW | {"steps": 150}
    quiet = _measured("test_loss", row, seeds, batch_size=100, **few)
    return 1 - _measured("test_loss", noisy, seeds, batch_size=batch_size, **few) / quiet


@claim(
    hinglish="BN wala network bina BN wale network se kam overfit karta hai.",
    english="A network with BN overfits less than one without.",
    source="SEED: Regularization Effect; Ioffe and Szegedy (2015), section 3.4",
    effect="share of the test loss saved by BN, same batches; 3×100 ReLU, 100 training "
    "samples",
    at_least=0.25,
    no={
        "batch 10, 150 steps": {"batch_size": 10, "steps": 150},
        "batch 100, 150 steps": {"batch_size": 100, "steps": 150},
        "batch 10, 600 steps": {"batch_size": 10, "steps": 600},
    },
    seeds=range(5),
    note_hinglish="Batch 10 par mean ka sign seeds ke saath badla. Bound numbers dekhne ke "
    "baad decide hua.",
    note_english="At batch 10 the sign of the mean changed with the seeds. The bound was "
    "set after seeing numbers.",
)
def overfits_less(seeds, **options):
    plain, normed = (
        _measured("test_loss", row, seeds, **FEW, **options) for row in ("plain", "BN")
    )
    return 1 - normed / plain


FIVE = {"depth": 5, "width": 50}


@claim(
    hinglish="Same learning rate par BN weights ke us scale par bhi seekhta hai jahan "
    "plain nahi.",
    english="At the same learning rate, BN learns from weight scales at which the plain "
    "network does not.",
    source="SEED: Reduced Dependence on Initialization",
    effect="test accuracy after 100 steps, BN minus plain, same initialization and "
    "learning rate; 5×50 ReLU",
    at_least=0.4,
    yes={
        "std 0.001, lr 0.3": {"std": 1e-3, "lr": 0.3},
        "std 1, lr 0.3": {"std": 1.0, "lr": 0.3},
    },
    no={"He, lr 0.1": {"std": None, "lr": 0.1}},
    note_hinglish="Std 1 par baat learning rate ki bhi hai: bahut chhote rate par plain "
    "network wahan bhi seekhta hai.",
    note_english="At std 1 this is a matter of the rate too: a plain network learns there "
    "at a far smaller one.",
)
def less_dependence_on_init(seeds, **options):
    return _gain(seeds, **FIVE, **options)


@claim(
    hinglish="BN ke saath weights ka scale kuch bhi ho, network seekh leta hai.",
    english="With BN the network learns whatever the scale of the weights.",
    source="Ioffe and Szegedy (2015), section 3.3: BN(Wu) = BN((aW)u)",
    effect="test accuracy after 100 steps; 5×50 ReLU, lr 0.3",
    at_least=0.6,
    yes={
        "std 0.001": {"std": 1e-3},
        "std 1": {"std": 1.0},
        "std 0.00001, eps 1e-12": {"std": 1e-5, "eps": 1e-12},
    },
    no={"std 0.00001, eps 1e-5": {"std": 1e-5}},
    note_hinglish="Wajah eps hai: sabse chhote std par variance usual eps se bahut chhota "
    "hai.",
    note_english="The reason is eps: at the smallest std the variance is far below the "
    "usual eps.",
)
def any_init_scale(seeds, **options):
    return _measured("accuracy", "BN", seeds, **FIVE, **options)


@claim(
    hinglish="BN gehre networks ki training mein madad karta hai.",
    english="BN helps deep networks to train.",
    source="SEED: Allows Deeper Networks",
    effect="test accuracy after 40 steps, BN (He, lr 0.3) minus plain (lr 0.03); ReLU "
    "layers of 64 units, no skips",
    at_least=0.2,
    yes={
        "20 layers, plain std 0.1": {"depth": 20, "std": 0.1},
        "20 layers, plain He": {"depth": 20},
    },
    no={"60 layers, plain He": {"depth": 60}},
    note_hinglish="60 layers ke saath 40 steps mein koi nahi seekhta. Learning rates pilot "
    "se; 60 layers aur bound numbers dekhne ke baad decide hue.",
    note_english="With 60 layers neither has learned in 40 steps. The learning rates come "
    "from a pilot; the 60 layers and the bound were set after seeing numbers.",
)
def deeper_networks(seeds, depth, std=None):
    net = {"depth": depth, "width": 64, "steps": 40}
    plain = _measured("accuracy", "plain", seeds, lr=0.03, std=std, **net)
    return _measured("accuracy", "BN", seeds, **net) - plain


@claim(
    hinglish="BN ke saath residual skips lagane se gehra network train hota hai.",
    english="Residual skips make a deep BN network trainable.",
    source="He et al. (2016), Deep Residual Learning, section 4.1",
    effect="test accuracy after 40 steps, BN with skips minus BN without; layers of 64 "
    "units, lr 0.3",
    at_least=0.3,
    yes={"60 layers": {"depth": 60}},
    no={"10 layers": {"depth": 10}},
    note_hinglish="60 layers numbers dekhne ke baad chune gaye.",
    note_english="The 60 layers were chosen after seeing numbers.",
)
def skips_add_depth(seeds, depth):
    net = {"depth": depth, "width": 64, "steps": 40}
    without, skips = (
        _measured("accuracy", "BN", seeds, skips=skips, **net) for skips in (False, True)
    )
    return skips - without


@claim(
    hinglish="Training se pehle gradient har layer par neeche jaate hue badhta hai.",
    english="Before training, the gradient grows at each layer on its way down.",
    source="Yang et al. (2019), A Mean Field Theory of Batch Normalization",
    effect="growth of the squared gradient norm per layer, minus 1; the upper 30 of 40 "
    "ReLU layers of 100 units, He initialization",
    at_least=0.2,
    yes={"BN, ReLU": {"row": "BN"}},
    no={"ReLU alone": {"row": "plain"}},
)
def bn_gradients_grow(seeds, row):
    return growth(gradient(rows=(row,), seeds=seeds)[row]) - 1


THEORY = math.pi / (math.pi - 1)


@claim(
    hinglish="BN aur ReLU mein squared gradient har layer par π/(π−1) guna hota hai.",
    english="With BN and ReLU the squared gradient grows π/(π−1) times per layer.",
    source="Yang et al. (2019), A Mean Field Theory of Batch Normalization",
    effect="growth of the squared gradient norm per layer, within 0.1 of π/(π−1); the "
    "upper 30 of 40 layers of 100 units, He initialization",
    within=(THEORY - 0.1, THEORY + 0.1),
    yes={"batch 256": {"batch_size": 256}},
    no={"batch 8": {"batch_size": 8}},
    note_hinglish="Theory width ko infinite maanti hai. Norm khud iske root se badhta hai.",
    note_english="The theory takes the width as infinite. The norm itself grows by the "
    "root of this.",
)
def growth_is_pi_over_pi_minus_one(seeds, batch_size):
    return growth(gradient(rows=("BN",), seeds=seeds, batch_size=batch_size)["BN"])


@claim(
    hinglish="Residual skips BN ke gradients ka badhna kam kar dete hain.",
    english="Residual skips slow the growth of BN's gradients.",
    source="here; Yang et al. (2019), A Mean Field Theory of Batch Normalization, treat "
    "nets without skips",
    effect="share of the growth's logarithm that skips take away; 40 pre-activation blocks "
    "of 100 units, before training",
    at_least=0.3,
    yes={"all 40 blocks": {"lowest": 0}, "the upper 30": {"lowest": 10}},
    note_hinglish="Sabse neeche ke kuch blocks mein skips ke saath bhi gradient tezi se "
    "badhta hai.",
    note_english="In the lowest few blocks the gradient grows fast even with skips.",
)
def skips_tame_gradients(seeds, lowest):
    chain, skips = (
        growth(gradient(rows=("BN",), seeds=seeds, skips=skips)["BN"], lowest)
        for skips in (False, True)
    )
    return 1 - np.log(skips) / np.log(chain)


@claim(
    hinglish="Sirf gamma aur beta ki training bhi chance se kaafi upar le jaati hai.",
    english="Training gamma and beta alone takes a network well above chance.",
    source="Frankle, Schwab and Morcos (2021), Training BatchNorm and Only BatchNorm",
    effect="test accuracy after 150 steps minus 0.1, all weights frozen at random; ReLU, "
    "lr 1",
    at_least=0.3,
    yes={
        "3×100": {"depth": 3, "width": 100},
        "4×50": {"depth": 4, "width": 50},
    },
    no={"1×10": {"depth": 1, "width": 10}},
    note_hinglish="Sabse chhote network mein gamma aur beta bahut kam hain.",
    note_english="The smallest network has very few gammas and betas.",
)
def gamma_and_beta_alone(seeds, depth, width):
    net = {"depth": depth, "width": width, "frozen": True}
    return _measured("accuracy", "BN", seeds, lr=1.0, steps=150, **net) - 0.1
