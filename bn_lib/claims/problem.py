"""Claims of the chapter on the problem: drifting inputs, fading signals."""

import numpy as np

from bn_lib.claims.core import Claim
from bn_lib.experiments.problem import (
    DeepLinearConfig,
    DriftConfig,
    SignalConfig,
    run_deep_linear,
    run_drift,
    run_signal,
)

__all__ = ["CLAIMS"]


def _drifts(seeds):
    return {
        "sigmoid": run_drift(DriftConfig(seeds=seeds)),
        "ReLU": run_drift(DriftConfig("relu", lr=0.1, steps=400, seeds=seeds)),
    }


def _shift_exists(seeds):
    return {name: result.travel("plain")[:, -1] for name, result in _drifts(seeds).items()}


def _grows_with_depth(seeds):
    effects = {}
    for name, result in _drifts(seeds).items():
        for net in ("plain", "BN"):
            pace = result.pace(net)
            effects[f"{name}, {net}"] = np.log2(pace[:, -1] / pace[:, 0])
    return effects


def _input_drift_reduced(seeds):
    effects = {}
    for name, result in _drifts(seeds).items():
        plain = result.travel("plain")[:, -1]
        for where in ("BN", "before BN"):
            effects[f"{name}, {where}"] = np.log2(plain / result.travel(where)[:, -1])
    return effects


def _gradient_change_reduced(result, column):
    """Return the log2 of plain against BN, shape (seeds, layers)."""
    plain, normed = (
        result.gradient_change[net][..., column].mean(axis=1) for net in ("plain", "BN")
    )
    return np.log2(plain / normed)


def _change_of_size_reduced(seeds):
    results = _drifts(seeds)
    results["deep linear"] = run_deep_linear(DeepLinearConfig(seeds=seeds))
    return {
        name: _gradient_change_reduced(result, column=1).mean(axis=1)
        for name, result in results.items()
    }


def _change_of_direction_reduced(seeds):
    sigmoid, relu = (
        _gradient_change_reduced(result, column=2) for result in _drifts(seeds).values()
    )
    linear = run_deep_linear(DeepLinearConfig(seeds=seeds))
    return {
        "sigmoid, layer 2": sigmoid[:, 0],
        "sigmoid, output layer": sigmoid[:, -1],
        "ReLU, layer 2": relu[:, 0],
        "ReLU, output layer": relu[:, -1],
        "deep linear, all layers": _gradient_change_reduced(linear, column=2).mean(axis=1),
    }


def _growth(what, seeds, **options):
    return run_signal(SignalConfig(**options, seeds=seeds)).growth(what)


def _signal_is_lost(seeds):
    return {
        name: np.abs(_growth("signal", seeds, std=std))
        for name, std in (("std 0.01", 0.01), ("std 0.3", 0.3), ("He", None))
    }


def _gradient_is_lost(seeds):
    return {
        f"{activation}, {name}": np.abs(
            _growth("gradient", seeds, activation=activation, std=std)
        )
        for activation, name, std in (
            ("relu", "std 0.01", 0.01),
            ("relu", "std 0.3", 0.3),
            ("relu", "He", None),
            ("sigmoid", "std 0.1", 0.1),
            ("sigmoid", "He", None),
        )
    }


def _he_is_enough(seeds):
    return {what: 1 - np.abs(_growth(what, seeds)) for what in ("signal", "gradient")}


def _bn_keeps_the_signal(seeds):
    return {
        f"std {std:g}": 1 - np.abs(_growth("signal", seeds, std=std, norm=True))
        for std in (1e-4, 0.01, 0.1, 1.0, 10.0)
    }


CLAIMS = (
    Claim(
        id="problem.shift-exists",
        hinglish="Training ke dauraan hidden layer ke inputs ka distribution "
        "khisakta hai: internal covariate shift sach mein hota hai.",
        english="During training the distribution of a hidden layer's inputs moves: "
        "internal covariate shift is real.",
        source="Ioffe & Szegedy 2015, section 4.1, figure 1; "
        "SEED: Problem Batch Normalization Solve Karta Hai",
        effect="move of the 15th, 50th and 85th percentile from start to end, in "
        "half-widths of the distribution, last hidden layer, median unit",
        measure=_shift_exists,
        margin=0.3,
        verdict="holds",
        condition_hinglish="3×100 net, 8×8 digits, bina BN: sigmoid aur ReLU dono mein "
        "inputs apni half-width ka 0.6 se 0.9 hissa khisakte hain. Isse training "
        "slow hoti hai ya nahi, yeh alag sawaal hai.",
        condition_english="3×100 net, 8×8 digits, no BN: with sigmoid and with ReLU the "
        "inputs move by 0.6 to 0.9 of their half-width. Whether that slows training is "
        "another question.",
    ),
    Claim(
        id="problem.shift-grows-with-depth",
        hinglish="Jitni gehri layer, utna zyada uske inputs khisakte hain.",
        english="The deeper the layer, the more its inputs drift.",
        source="Ioffe & Szegedy 2015, section 1 (small changes amplify with depth)",
        effect="log2 of the drift per 25 steps, in half-widths of the distribution, "
        "third hidden layer against first",
        measure=_grows_with_depth,
        margin=0.5,
        verdict="holds",
        condition_hinglish="3×100 net, 8×8 digits. Bina BN third layer first se lagbhag "
        "20 "
        "guna (sigmoid) ya 3 guna (ReLU) zyada khisakti hai. BN ke saath bhi "
        "lagbhag 2 guna, lekin drift khud bahut chhota hai.",
        condition_english="3×100 net, 8×8 digits. Without BN the third layer drifts "
        "about 20 times (sigmoid) or 3 times (ReLU) as much as the first. With BN "
        "still about 2 times, but the drift itself is much smaller.",
    ),
    Claim(
        id="problem.bn-reduces-input-drift",
        hinglish="BN inputs ka khisakna kam karta hai, moments aur percentiles se naapne "
        "par.",
        english="BN reduces the drift of the inputs, measured by their distribution.",
        source="Ioffe & Szegedy 2015, section 4.1, figure 1; "
        "SEED: Problem Batch Normalization Solve Karta Hai",
        effect="log2 of the move from start to end, plain against BN, last hidden layer, "
        "at the activation's input and before BN normalizes",
        measure=_input_drift_reduced,
        margin=0.5,
        verdict="holds",
        condition_hinglish="3×100 net, 8×8 digits, dono nets ka learning rate same. "
        "Activation ke input par BN mean aur variance ko khud fix karta hai, isliye "
        "wahan kami expected hai. BN se pehle ke sums bhi apni width ke hisaab se "
        "kam khisakte hain.",
        condition_english="3×100 net, 8×8 digits, same learning rate for both nets. At "
        "the "
        "activation's input BN fixes mean and variance itself, so less drift is "
        "expected there. The sums before BN also move less, relative to their width.",
    ),
    Claim(
        id="problem.bn-reduces-gradient-change",
        hinglish="Neeche ki layers ke update se upar ki layer ka gradient BN ke saath "
        "kam badalta hai.",
        english="With BN a layer's gradient changes less when the layers below it update.",
        source="Santurkar et al. 2018, section 2.2 and definition 2.1, who find no "
        "reduction; scaled by the gradient's size here",
        effect="log2 of the norm of the gradient's change, as a share of the "
        "gradient's norm, plain against BN, mean over layers",
        measure=_change_of_size_reduced,
        margin=0.75,
        verdict="depends",
        condition_hinglish="Net aur learning rate par depend karta hai; dono nets ka "
        "learning rate "
        "same. 3×100 ReLU, lr 0.1: BN badlaav lagbhag 3 guna kam karta hai, 2018 "
        "ke paper ke ulte. 3×100 sigmoid, lr 0.5: lagbhag koi fark nahi. 10-layer "
        "linear net, lr 0.1: BN badhata hai, 2018 ke paper ki tarah; lr 0.01 par "
        "do seeds mein BN ne thoda kam kiya. Gradient ke size se divide na karein "
        "toh badlaav sigmoid net mein bhi kam hai.",
        condition_english="It depends on the net and the learning rate, the same for both "
        "nets. "
        "3×100 ReLU, lr 0.1: BN cuts the change about 3 times, against the 2018 "
        "paper. 3×100 sigmoid, lr 0.5: almost no difference. 10-layer linear net, "
        "lr 0.1: BN increases it, in line with the paper; at lr 0.01, in two "
        "seeds, BN cut it a little. Not divided by the gradient's size, the "
        "change is smaller in the sigmoid net too.",
    ),
    Claim(
        id="problem.bn-steadies-gradient-direction",
        hinglish="Neeche ki layers ke update se upar ki layer ke gradient ki direction "
        "BN ke saath kam ghoomti hai.",
        english="With BN the direction of a layer's gradient turns less when the layers "
        "below it update.",
        source="Santurkar et al. 2018, section 2.2 and definition 2.1 (cosine), who "
        "find no reduction",
        effect="log2 of 1 minus the cosine of the two gradients, plain against BN",
        measure=_change_of_direction_reduced,
        margin=0.5,
        verdict="depends",
        condition_hinglish="Net, layer aur learning rate par depend karta hai; dono nets "
        "ka learning "
        "rate same. 3×100 ReLU, lr 0.1: second hidden layer aur output layer dono "
        "mein kam ghoomti hai. 3×100 sigmoid, He, lr 0.5: output layer mein kam, "
        "second hidden layer mein nahi; std 0.1 aur lr 1 par output layer ka "
        "result seed ke saath badla. 10-layer linear net, lr 0.1: BN ke saath "
        "zyada ghoomti hai; lr 0.01 par do seeds mein thoda kam. Layers mein baantna "
        "numbers dekhne ke baad tay hua; third hidden layer yahan nahi hai.",
        condition_english="It depends on the net, the layer and the learning rate, the "
        "same for "
        "both nets. 3×100 ReLU, lr 0.1: it turns less in the second hidden layer "
        "and in the output layer. 3×100 sigmoid, He, lr 0.5: less in the output "
        "layer, not in the second hidden layer; at std 0.1 and lr 1 the output "
        "layer's result changed with the seed. 10-layer linear net, lr 0.1: it "
        "turns more with BN; at lr 0.01, in two seeds, a little less. The split by "
        "layer was chosen after seeing numbers; the third hidden layer is not shown.",
    ),
    Claim(
        id="problem.signal-lost-over-depth",
        hinglish="Bina BN ke, 20 layers mein forward signal vanish ya explode ho "
        "jaata hai.",
        english="Without BN the forward signal vanishes or explodes over 20 layers.",
        source="He et al. 2015 (Delving Deep into Rectifiers), section 2.2; "
        "SEED: Intuition Behind BN",
        effect="size of log10 of the signal's root mean square, layer 20 against layer 1",
        measure=_signal_is_lost,
        margin=2.0,
        verdict="depends",
        condition_hinglish="Initialization par depend karta hai. 20×100 ReLU, training "
        "se "
        "pehle: std 0.01 par signal 10^-22 guna, std 0.3 par 10^6 guna, He par factor "
        "2 ke aas-paas.",
        condition_english="It depends on the initialization. 20×100 ReLU before "
        "training: "
        "at std 0.01 the signal is 10^-22 times, at std 0.3 10^6 times, at He within "
        "about a factor of 2.",
    ),
    Claim(
        id="problem.gradient-lost-over-depth",
        hinglish="Bina BN ke, 20 layers mein backward gradient vanish ya explode ho "
        "jaata hai.",
        english="Without BN the backward gradient vanishes or explodes over 20 layers.",
        source="He et al. 2015 (Delving Deep into Rectifiers), section 2.2; "
        "SEED: Intuition Behind BN, Allows Deeper Networks",
        effect="size of log10 of the gradient's root mean square by a layer's output, "
        "layer 1 against layer 20",
        measure=_gradient_is_lost,
        margin=2.0,
        verdict="depends",
        condition_hinglish="Initialization aur activation par depend karta hai. 20 "
        "layers, "
        "training se pehle: ReLU std 0.01 aur 0.3 par haan, ReLU He par nahi. Sigmoid "
        "He par bhi vanish hota hai, lagbhag 10^-9 guna.",
        condition_english="It depends on initialization and activation. 20 layers before "
        "training: yes for ReLU at std 0.01 and 0.3, no for ReLU at He. With sigmoid it "
        "vanishes even at He, to about 10^-9 times.",
    ),
    Claim(
        id="problem.he-alone-is-enough-at-the-start",
        hinglish="Start par signal ka size bachane ke liye BN zaroori nahi: ReLU net mein "
        "He initialization akele kaafi hai.",
        english="BN is not needed to keep the signal's size at the start: in a ReLU net "
        "He initialization alone does it.",
        source="He et al. 2015 (Delving Deep into Rectifiers), section 2.2",
        effect="1 minus the size of log10 of the growth over 20 layers: a factor of ten "
        "is allowed",
        measure=_he_is_enough,
        margin=0.0,
        verdict="holds",
        condition_hinglish="20×100 ReLU, 8×8 digits, sirf training se pehle: signal aur "
        "gradient dono ka size factor 3 ke andar rehta hai. Lekin samples ke beech ka "
        "fark lagbhag aadha reh jaata hai.",
        condition_english="20×100 ReLU, 8×8 digits, before training only: the size of "
        "signal and gradient stays within a factor of 3. But the share that differs "
        "between samples drops to about half.",
    ),
    Claim(
        id="problem.bn-keeps-signal-at-any-init",
        hinglish="BN ke saath forward signal ka size har initialization std par same "
        "rehta hai.",
        english="With BN the forward signal keeps its size whatever the initialization "
        "std.",
        source="SEED: Reduced Dependence on Initialization; "
        "Ioffe & Szegedy 2015, section 3.3 (BN(Wu) = BN((aW)u))",
        effect="1 minus the size of log10 of the signal's growth over 20 layers: a factor "
        "of ten is allowed",
        measure=_bn_keeps_the_signal,
        margin=0.0,
        verdict="depends",
        condition_hinglish="std aur eps par depend karta hai. 20×100 ReLU, eps 1e-5: std "
        "0.01 se 10 tak size same. std 1e-4 par eps variance se bada hai aur signal "
        "vanish ho jaata hai.",
        condition_english="It depends on std against eps. 20×100 ReLU, eps 1e-5: the "
        "size "
        "stays from std 0.01 to 10. At std 1e-4 eps is larger than the variance and the "
        "signal vanishes.",
    ),
)
