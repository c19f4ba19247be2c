"""What is claimed about the place of batch norm in a network.

The convolutional and residual nets are tested with statistics measured after the
training; see `bn_lib.chapters.placement.experiments`.
"""

import numpy as np

from bn_lib.chapters.placement.experiments import (
    BiasConfig,
    ChannelConfig,
    DenseConfig,
    DropoutConfig,
    OrderConfig,
    ResidualConfig,
    SignalConfig,
    run_bias,
    run_channels,
    run_dense,
    run_dropout,
    run_order,
    run_residual,
    run_signal,
)
from bn_lib.course.claim import Claim

__all__ = ["CLAIMS"]

SLOW, FAST = "lr 0.01", "lr 0.3"


def _order(seeds):
    """Test accuracies of the orders at both learning rates."""
    plain_orders = ("none", "before", "after")
    slow = OrderConfig(lr=0.01, seeds=seeds)
    fast = OrderConfig(orders=plain_orders, lr=0.3, seeds=seeds)
    return {SLOW: run_order(slow).accuracy, FAST: run_order(fast).accuracy}


def _order_works(seeds):
    return {
        f"{order}, {regime}": 0.02 + accuracy[order] - accuracy["none"]
        for regime, accuracy in _order(seeds).items()
        for order in ("before", "after")
    }


def _order_equal(seeds):
    return {
        regime: 0.05 - np.abs(accuracy["after"] - accuracy["before"])
        for regime, accuracy in _order(seeds).items()
    }


def _order_lead(seeds):
    accuracy = _order(seeds)[SLOW]
    return {SLOW: accuracy["after"] - accuracy["before, head too"]}


def _dense(seeds):
    """Gain in test accuracy of the fully connected nets."""
    found = {}
    for activation in ("sigmoid", "relu"):
        accuracy = run_dense(DenseConfig(activation=activation, seeds=seeds)).accuracy
        found[activation] = accuracy["bn"] - accuracy["plain"]
    return found


def _dense_works(seeds):
    return {name: 0.02 + gain for name, gain in _dense(seeds).items()}


def _bias_gradient(seeds):
    digits = run_bias(BiasConfig(seeds=seeds)).gradient
    return {name: digits[f"{name}, train"] for name in ("linear", "conv")}


def _bias_output(seeds):
    return run_bias(BiasConfig(seeds=seeds)).output


def _per_channel(seeds):
    result = run_channels(ChannelConfig(seeds=seeds))
    return {
        name: 1 - result.leak[name] / result.own[name]
        for name in ("BN (N, C)", "BN (N, C, H, W)", "BN eval")
    }


def _residual(seeds, kind):
    """Gain in test accuracy over "post", shallow and deep, at a low and a high rate."""
    gain = {}
    for blocks, lr in ((2, 0.1), (2, 0.01), (32, 0.1), (32, 0.01)):
        config = ResidualConfig(blocks=blocks, lr=lr, seeds=seeds)
        accuracy = run_residual(config).accuracy
        gain[f"{blocks} blocks, lr {lr}"] = accuracy[kind] - accuracy["post"]
    return gain


def _pre_shallow(seeds):
    found = {}
    for lr in (0.1, 0.01):
        config = ResidualConfig(lr=lr, steps=60, kinds=("post", "pre"), seeds=seeds)
        accuracy = run_residual(config).accuracy
        found[f"lr {lr}"] = 0.05 - np.abs(accuracy["pre"] - accuracy["post"])
    return found


def _pre_better(seeds):
    return _residual(seeds, "pre")


def _gamma_signal(seeds):
    found = {}
    for blocks in (4, 32):
        result = run_signal(SignalConfig(blocks=blocks, seeds=seeds))
        one, zero = result.growth("post"), result.growth("post, last gamma 0")
        found[f"{blocks} blocks"] = np.log2(one / zero)
    return found


def _gamma_training(seeds):
    return _residual(seeds, "post, last gamma 0")


def _dropout(seeds):
    return {
        f"rate {rate}": run_dropout(DropoutConfig(rate=rate, seeds=seeds))
        for rate in (0.1, 0.5, 0.8)
    }


def _dropout_shift(seeds):
    results = _dropout(seeds)
    return {name: 1 - result.ratio[:, -1] for name, result in results.items()}


def _dropout_harm(seeds):
    results = _dropout(seeds)
    return {name: r.recalibrated - r.accuracy for name, r in results.items()}


SEEDS = (0, 1, 2, 3, 4)

CLAIMS = (
    Claim(
        id="placement.order-works",
        hinglish="conv → BN → ReLU aur conv → ReLU → BN, dono chalte hain: bina BN "
        "wale net se peeche nahi rehte.",
        english="conv → BN → ReLU and conv → ReLU → BN both work: neither is behind "
        "the net without BN.",
        source="SEED: Where to apply (both ways work)",
        effect="gain in test accuracy over the net without BN, plus a tolerance of 0.02",
        measure=_order_works,
        margin=0.0,
        verdict="holds",
        condition_hinglish="3 conv layers, 8 channels, 8×8 digits, pehle 30 steps, lr "
        "0.01 aur 0.3. Lambi training ke baad ka fark yahan nahi naapa gaya.",
        condition_english="3 conv layers, 8 channels, 8×8 digits, the first 30 steps, "
        "lr 0.01 and 0.3. The gap after long training was not measured.",
        seeds=SEEDS,
    ),
    Claim(
        id="placement.order-equal",
        hinglish="BN ko ReLU se pehle lagaiye ya baad mein, test accuracy mein 5 "
        "points se zyada fark nahi padta.",
        english="BN before or after the ReLU: the test accuracies differ by at most 5 "
        "points.",
        source="SEED: Where to apply (before or after the activation)",
        effect="0.05 minus the size of the difference in test accuracy",
        measure=_order_equal,
        margin=0.0,
        verdict="depends",
        condition_hinglish="Learning rate par: lr 0.3 par 30 steps ke baad dono "
        "lagbhag barabar hain; lr 0.01 par, jab training adhoori hai, ReLU ke baad "
        "wala mean mein 10 points se zyada aage hai.",
        condition_english="On the learning rate: at lr 0.3 the two are close after 30 "
        "steps; at lr 0.01, with training unfinished, BN after the ReLU is more than 10 "
        "points ahead in the mean.",
        seeds=SEEDS,
    ),
    Claim(
        id="placement.order-lead",
        hinglish="Dono nets ke head ko normalized input mile, toh bhi ReLU ke baad "
        "wala BN shuruaat mein 10 points aage hai.",
        english="BN after the ReLU is 10 points ahead early in training even when both "
        "nets' heads read normalized inputs.",
        source="here: a control for placement.order-equal",
        effect="test accuracy with BN after the ReLU minus that with BN before it and "
        "one more BN before the head",
        measure=_order_lead,
        margin=0.1,
        verdict="does not hold",
        condition_hinglish="lr 0.01, 30 steps: BN pehle wale net ke head ke theek "
        "pehle ek aur BN lagaiye, toh mean mein 5 points ki badhat bhi nahi bachti. "
        "Isse chhoti badhat 5 seeds mein saaf nahi dikhti; margin numbers dekhne ke baad "
        "chuna gaya.",
        condition_english="lr 0.01, 30 steps: give the net with BN before the ReLU one "
        "more BN right before its head, and not even 5 points of the lead are left in "
        "the mean. Five seeds do not show a smaller lead clearly; the margin was chosen "
        "after seeing the numbers.",
        seeds=SEEDS,
    ),
    Claim(
        id="placement.dense-works",
        hinglish="BN fully connected layers mein bhi chalta hai: net bina BN wale se "
        "peeche nahi rehta.",
        english="BN works in fully connected layers too: the net is not behind the one "
        "without.",
        source="SEED: Where to apply (FC layers); Ioffe and Szegedy 2015, section 4.1",
        effect="gain in test accuracy plus a tolerance of 0.02",
        measure=_dense_works,
        margin=0.0,
        verdict="holds",
        condition_hinglish=(
            "3×100 net, 8×8 digits, lr 0.1, 60 steps. Sigmoid aur N(0, 0.1²) ke saath "
            "fayda 80 points se zyada hai; ReLU aur He initialization ke saath mean mein 5"
            " se 9 points, teen seeds ke set ke hisaab se."
        ),
        condition_english=(
            "3×100 net, 8×8 digits, lr 0.1, 60 steps. With sigmoid and N(0, 0.1²) the gain"
            " is over 80 points; with ReLU and He initialization it is 5 to 9 points in "
            "the mean, by the set of three seeds."
        ),
    ),
    Claim(
        id="placement.bias-gradient",
        hinglish="Train mode mein, jis layer ke theek baad BN hai, uske bias ka "
        "gradient rounding tak zero hai.",
        english="In train mode, the bias of a layer directly before BN has a gradient "
        "of zero, up to rounding.",
        source="Ioffe and Szegedy 2015, section 3.2",
        effect="log10 of the weight gradient's size over that of the bias",
        measure=_bias_gradient,
        margin=8.0,
        verdict="holds",
        condition_hinglish="Linear aur conv layer, float64, ek batch, initialization "
        "par: bias ka gradient weight ke gradient se 14 ya zyada decimal digits chhota "
        "hai.",
        condition_english="Linear and conv layer, float64, one batch, at "
        "initialization: the gradient of the bias is 14 or more decimal digits below "
        "that of the weight.",
    ),
    Claim(
        id="placement.bias-redundant",
        hinglish="BN se pehle ka bias hata dein, toh output nahi badalta.",
        english="Removing the bias before BN does not change the output.",
        source="Ioffe and Szegedy 2015, section 3.2",
        effect="-log10 of the relative change of the output",
        measure=_bias_output,
        margin=8.0,
        verdict="depends",
        condition_hinglish="Train mode mein, linear ya conv ke theek baad BN ho, toh "
        "output wahi rehta hai. Eval mode mein (purane running mean ke saath), ya "
        "beech mein ReLU ho, toh badal jaata hai.",
        condition_english="In train mode, with BN directly after a linear or conv "
        "layer, the output stays. In eval mode (with the old running mean), or with a "
        "ReLU in between, it changes.",
    ),
    Claim(
        id="placement.per-channel",
        hinglish="BN ke statistics har channel ke apne hain: ek channel badaliye, toh "
        "baaki channels ka output nahi badalta.",
        english="BN has statistics of its own for each channel: change one channel, "
        "and the outputs of the others stay.",
        source="Ioffe and Szegedy 2015, section 3.2",
        effect="1 minus the change in other channels over that in the changed channel",
        measure=_per_channel,
        margin=0.999,
        verdict="holds",
        condition_hinglish="(N, C) aur (N, C, H, W), train aur eval mode, random "
        "inputs. Baat sirf BN layer ki hai: agli conv layer channels ko phir mila deti "
        "hai.",
        condition_english="(N, C) and (N, C, H, W), train and eval mode, random "
        "inputs. This is the BN layer alone: the next conv layer mixes the channels "
        "again.",
    ),
    Claim(
        id="placement.pre-act-shallow",
        hinglish="Shallow residual net mein pre- aur post-activation blocks ka fark 5 "
        "points se kam hai.",
        english="In a shallow residual net, pre- and post-activation blocks differ by "
        "less than 5 points.",
        source="here: the shallow side of He et al. 2016, Identity Mappings, section 4.2",
        effect="0.05 minus the size of the difference in test accuracy",
        measure=_pre_shallow,
        margin=0.0,
        verdict="depends",
        condition_hinglish="Learning rate par: lr 0.1 par haan. lr 0.01 par, jab "
        "training adhoori hai, post-activation mean mein 10 points ya zyada aage hai. 2 "
        "fully connected blocks, width 32, 60 steps.",
        condition_english="On the learning rate: yes at lr 0.1. At lr 0.01, with "
        "training unfinished, post-activation is 10 or more points ahead in the mean. 2 "
        "fully connected blocks, width 32, 60 steps.",
        seeds=SEEDS,
    ),
    Claim(
        id="placement.pre-act-better",
        hinglish="Pre-activation blocks post-activation blocks se behtar train hote hain.",
        english="Pre-activation blocks train better than post-activation blocks.",
        source="He et al. 2016, Identity Mappings in Deep Residual Networks, section 4",
        effect="test accuracy with pre-activation minus that with post-activation",
        measure=_pre_better,
        margin=0.05,
        verdict="depends",
        condition_hinglish=(
            "Depth aur learning rate dono par: sirf 32 blocks aur lr 0.1 par haan, mean "
            "mein 30 points ya zyada. 32 blocks aur lr 0.01 par ulta: post-activation 25 "
            "points ya zyada aage. 2 blocks mein pre lr 0.1 par 2 se 4 points peeche hai, "
            "lr 0.01 par 23 ya zyada. Fully connected blocks, 26 steps, bina warm-up; sab "
            "numbers teen seeds ke mean hain, akele seeds 14 points tak alag hain. Test se"
            " pehle BN ke statistics dobara naape gaye."
        ),
        condition_english=(
            "On depth and learning rate together: yes only with 32 blocks and lr 0.1, by "
            "30 points or more in the mean. With 32 blocks and lr 0.01 it is the reverse: "
            "post-activation is 25 points or more ahead. With 2 blocks pre is behind by 2 "
            "to 4 points at lr 0.1, by 23 or more at lr 0.01. Fully connected blocks, 26 "
            "steps, no warm-up, all numbers means of three seeds; single seeds are up to "
            "14 points away. BN's statistics were measured afresh before the test."
        ),
    ),
    Claim(
        id="placement.last-gamma-signal",
        hinglish="Har residual block ka aakhri gamma 0 se shuru ho, toh signal depth "
        "ke saath nahi badhta; 1 se shuru ho, toh badhta hai.",
        english="With the last gamma of each residual block starting at 0 the signal "
        "does not grow with depth; starting at 1 it does.",
        source="Goyal et al. 2017, Accurate, Large Minibatch SGD, section 5.1 (gamma 0); "
        "the growth at gamma 1: here",
        effect="log2 of how much more the variance grows at gamma 1 than at gamma 0",
        measure=_gamma_signal,
        margin=2.0,
        verdict="holds",
        condition_hinglish="Post-activation blocks, width 32, initialization par, 4 "
        "aur 32 blocks, stem ke variance ke muqable. Gamma 0 par har block shuruaat "
        "mein identity hai.",
        condition_english="Post-activation blocks, width 32, at initialization, 4 and "
        "32 blocks, relative to the variance of the stem. At gamma 0 every block "
        "starts as the identity.",
    ),
    Claim(
        id="placement.last-gamma-training",
        hinglish="Aakhri gamma ko 0 se shuru karne par residual net behtar train hota hai.",
        english="Starting the last gamma at 0 makes a residual net train better.",
        source="Goyal et al. 2017, Accurate, Large Minibatch SGD, section 5.1",
        effect="test accuracy with last gamma 0 minus that with 1",
        measure=_gamma_training,
        margin=0.05,
        verdict="depends",
        condition_hinglish=(
            "Depth aur learning rate dono par: sirf 32 blocks aur lr 0.1 par haan, mean "
            "mein 40 points ya zyada. 32 blocks aur lr 0.01 par mean mein fark 3 points se"
            " kam hai. 2 blocks mein nuksan hai: lr 0.1 par 7 se 11 points, lr 0.01 par 38"
            " ya zyada. Fully connected post-activation blocks, 26 steps, bina warm-up; "
            "sab numbers teen seeds ke mean hain, akele seeds 22 points tak alag hain. "
            "Test se pehle BN ke statistics dobara naape gaye."
        ),
        condition_english=(
            "On depth and learning rate together: yes only with 32 blocks and lr 0.1, by "
            "40 points or more in the mean. With 32 blocks and lr 0.01 the difference is "
            "below 3 points in the mean. With 2 blocks it is a loss: 7 to 11 points at lr "
            "0.1, 38 or more at lr 0.01. Fully connected post-activation blocks, 26 steps,"
            " no warm-up, all numbers means of three seeds; single seeds are up to 22 "
            "points away. BN's statistics were measured afresh before the test."
        ),
    ),
    Claim(
        id="placement.dropout-shift",
        hinglish="BN se pehle dropout ho, toh eval mein BN ke input ka variance, "
        "running variance se chhota hota hai.",
        english="With dropout before BN, the variance of BN's inputs in eval is "
        "smaller than the running variance.",
        source="Li et al. 2019, Understanding the Disharmony between Dropout and Batch "
        "Normalization by Variance Shift",
        effect="1 minus variance in eval over running variance, at the last BN",
        measure=_dropout_shift,
        margin=0.1,
        verdict="holds",
        condition_hinglish="3×100 ReLU net, 100 steps, rate 0.1, 0.5 aur 0.8. Eval ka "
        "variance lagbhag 0.8, 0.3 aur 0.03 guna hai.",
        condition_english="3×100 ReLU net, 100 steps, rates 0.1, 0.5 and 0.8. The "
        "variance in eval is about 0.8, 0.3 and 0.03 times as large.",
    ),
    Claim(
        id="placement.dropout-harm",
        hinglish="BN se pehle dropout ka variance shift test accuracy ko girata hai.",
        english="The variance shift from dropout before BN costs test accuracy.",
        source="Li et al. 2019, Understanding the Disharmony between Dropout and Batch "
        "Normalization by Variance Shift",
        effect="test accuracy with running statistics measured again without dropout, "
        "minus that as trained",
        measure=_dropout_harm,
        margin=0.03,
        verdict="depends",
        condition_hinglish=(
            "Dropout rate par: 0.8 par haan; 0.1 aur 0.5 par nahi, jabki variance wahan "
            "bhi kam hota hai. 3×100 ReLU net, 8×8 digits, 100 steps."
        ),
        condition_english="On the dropout rate: yes at 0.8; no at 0.1 and 0.5, even "
        "though the variance shrinks. 3×100 ReLU net, 8×8 digits, 100 steps.",
    ),
)
