"""Claims of chapter 3: why batch norm helps, in networks of the 8×8 digits."""

from dataclasses import replace

import numpy as np

from bn_lib.chapters.intuition.experiments import (
    CurvesConfig,
    DecayConfig,
    LandscapeConfig,
    NetConfig,
    ScaleConfig,
    run_curves,
    run_decay,
    run_landscape,
    run_scale,
)
from bn_lib.course.claim import Claim

__all__ = ["CLAIMS"]

SIGMOID = NetConfig(activation="sigmoid", std=0.1)
RELU = NetConfig(activation="relu")
DEEP_RELU = NetConfig(activation="relu", depth=10, width=64)

LANDSCAPES = {
    "sigmoid, lr 0.1": LandscapeConfig(SIGMOID, lr=0.1, steps=80, every=10),
    "ReLU, lr 0.01": LandscapeConfig(RELU, lr=0.01, steps=80, every=10),
    "ReLU, lr 0.1": LandscapeConfig(RELU, lr=0.1, steps=80, every=10),
}
NOISE = {
    "sigmoid 3×100, lr 0.1": (SIGMOID, 0.1),
    "ReLU 3×100, lr 0.1": (RELU, 0.1),
    "ReLU 10×64, lr 0.03": (DEEP_RELU, 0.03),
}
RATES = {
    "ReLU 10×64, lr 0.003": (DEEP_RELU, 0.003),
    "ReLU 10×64, lr 0.1": (DEEP_RELU, 0.1),
    "ReLU 3×100, lr 0.01": (RELU, 0.01),
}
USUAL = {"sigmoid": ScaleConfig(SIGMOID), "ReLU": ScaleConfig(RELU)}
TINY = {"ReLU, weights / 1000": ScaleConfig(RELU, shrink=1e-3)}
TWINS = ("bn", "bn, decay", "bn, growing rate")
STRONG = DecayConfig()
WEAK = DecayConfig(decay=5e-4, trainings=("bn", "bn, decay"), steps=50)
FAST = DecayConfig(lr=0.3, decay=0.01, trainings=TWINS, steps=300)


def _calmer(values):
    """Compare a typical probe without and with batch norm: log10 of the ratio."""
    plain, bn = np.moveaxis(np.median(values, axis=2), 1, 0)
    return np.log10(plain / bn)


def _smoother_loss(seeds):
    return {
        name: _calmer(run_landscape(replace(config, seeds=seeds)).loss_range)
        for name, config in LANDSCAPES.items()
    }


def _predictive_gradient(seeds):
    return {
        name: _calmer(run_landscape(replace(config, seeds=seeds)).gradient_change)
        for name, config in LANDSCAPES.items()
    }


def _advantage_with_noise(seeds):
    effects = {}
    for name, (net, lr) in NOISE.items():
        variants = ("plain", "bn", "noisy bn")
        config = CurvesConfig(net, lr, variants, steps=60, eval_every=20, seeds=seeds)
        result = run_curves(config)
        effects[name] = result.mean("noisy bn") - result.mean("plain")
    return effects


def _no_gain(seeds):
    effects = {}
    for name, (net, lr) in RATES.items():
        config = CurvesConfig(net, lr, steps=60, eval_every=20, seeds=seeds)
        result = run_curves(config)
        effects[name] = 0.05 - (result.mean("bn") - result.mean("plain"))
    return effects


def _digits(error):
    """Turn small errors of batch norm's layers into decimal digits, worst layer."""
    return -np.log10(error[:, 1].max(axis=1))


def _orthogonal(seeds):
    return {
        name: _digits(run_scale(replace(config, seeds=seeds)).cosine)
        for name, config in (USUAL | TINY).items()
    }


def _inverse(seeds):
    effects = {}
    for name, config in (USUAL | TINY).items():
        ratio = run_scale(replace(config, seeds=seeds)).gradient_ratio
        effects[name] = _digits(np.abs(ratio / config.factor - 1))
    return effects


def _unchanged(seeds):
    return {
        name: _digits(run_scale(replace(config, seeds=seeds)).output_change)
        for name, config in (USUAL | TINY).items()
    }


def _raised_rate(seeds):
    strong, weak = (run_decay(replace(config, seeds=seeds)) for config in (STRONG, WEAK))
    return {
        "BN, decay 0.03": _rate_ratio(strong, "bn"),
        "BN, decay 5e-4": _rate_ratio(weak, "bn"),
        "plain, decay 0.03": _rate_ratio(strong, "plain"),
    }


def _rate_ratio(result, net):
    ratio = result.effective_lr(f"{net}, decay") / result.effective_lr(net)
    return np.log10(ratio.min(axis=1))


def _only_the_step(seeds):
    result = run_decay(replace(STRONG, seeds=seeds))
    factor = (1 - STRONG.lr * STRONG.decay) ** STRONG.steps
    effects = {}
    for name, net in (("batch norm", "bn"), ("plain", "plain")):
        step = np.abs(result.shrunk_step[net] * factor**2 - 1).max(axis=1)
        effects[name] = -np.log10(np.maximum(step, result.shrunk_output[net]))
    effects["batch norm, eval mode"] = -np.log10(result.shrunk_in_eval["bn"])
    return effects


def _growing_rate(seeds):
    effects = {}
    for name, config in {"lr 0.1, 200 steps": STRONG, "lr 0.3, 300 steps": FAST}.items():
        loss = run_decay(replace(config, seeds=seeds)).loss
        without = np.abs(loss["bn"] - loss["bn, decay"]).mean(axis=1)
        instead = np.abs(loss["bn, growing rate"] - loss["bn, decay"]).mean(axis=1)
        effects[name] = np.log10(without / instead)
    return effects


def _smaller_function(seeds):
    size = run_decay(replace(STRONG, seeds=seeds)).output_size
    return {
        "plain": np.log10(size["plain"] / size["plain, decay"]),
        "batch norm": np.log10(size["bn"] / size["bn, decay"]),
    }


CLAIMS = (
    Claim(
        id="intuition.smoother-loss",
        hinglish="BN ke saath gradient ki direction mein loss kam badalta hai.",
        english="With BN the loss varies less along the gradient.",
        source="Santurkar et al. 2018, section 3.2 and figure 4(a)",
        effect="log10 of the range of the loss along the gradient, plain over BN",
        measure=_smoother_loss,
        margin=0.3,
        verdict="depends",
        condition_hinglish=(
            "Learning rate aur activation par: 3×100 ReLU net, learning rate 0.1, mein "
            "range mean mein 4 guna se zyada chhota hai. ReLU net mein 0.01 par, aur "
            "sigmoid net mein 0.1 par, range plain net ka hi chhota hai: sigmoid plain net"
            " plateau par atka hai. Har probe 4 × learning rate tak jaata hai. Nets ko "
            "barabar steps par compare kiya, barabar loss par nahi."
        ),
        condition_english=(
            "On the learning rate and the activation: in a 3×100 ReLU net at learning rate"
            " 0.1 the range is over 4 times smaller in the mean. At 0.01, and in a sigmoid"
            " net at 0.1, the plain net has the smaller range: the plain sigmoid net is "
            "stuck on a plateau. Each probe reaches to 4 × learning rate. The nets are "
            "compared at equal steps, not at equal loss."
        ),
    ),
    Claim(
        id="intuition.predictive-gradient",
        hinglish="BN ke saath gradient apni hi direction mein chalne par kam badalta hai.",
        english="With BN the gradient changes less as we move along it.",
        source="Santurkar et al. 2018, section 3.2 and figure 4(b)",
        effect="log10 of the largest l2 change of the gradient along it, plain over BN",
        measure=_predictive_gradient,
        margin=0.3,
        verdict="depends",
        condition_hinglish=(
            "Regime par: 3×100 ReLU net, learning rate 0.1, mein gradient mean mein 9 guna"
            " se zyada kam badalta hai; yahan gradient ke apne size se divide nahi kiya. "
            "ReLU net mein 0.01 par, aur sigmoid net mein 0.1 par, mean mein fark 2 guna "
            "tak nahi pahunchta."
        ),
        condition_english=(
            "On the regime: in a 3×100 ReLU net at learning rate 0.1 the gradient changes "
            "over 9 times less in the mean; it is not divided by its own size here. At "
            "0.01, and in a sigmoid net at 0.1, the mean difference does not reach a "
            "factor of 2."
        ),
    ),
    Claim(
        id="intuition.noise-after-bn",
        hinglish="BN ke baad noise daalne par bhi plain net se fayda bana rehta hai.",
        english="Noise injected after BN leaves its advantage over the plain net.",
        source="Santurkar et al. 2018, section 2.1 and figure 2",
        effect="test accuracy, mean over 60 steps: BN with noise minus plain",
        measure=_advantage_with_noise,
        margin=0.02,
        verdict="depends",
        condition_hinglish=(
            "Depth aur learning rate par: 3×100 sigmoid aur 3×100 ReLU nets mein, "
            "learning rate 0.1 par, fayda bana rehta hai. 10×64 ReLU net mein, "
            "0.03 par, BN plain net se aage hai, lekin noise ke saath plain net se bhi "
            "peeche."
        ),
        condition_english=(
            "On depth and learning rate: in 3×100 sigmoid and 3×100 ReLU nets at learning "
            "rate 0.1 the advantage stays. In a 10×64 ReLU net at 0.03 BN is "
            "ahead of the plain net, but with the noise it falls behind the plain net."
        ),
    ),
    Claim(
        id="intuition.gradient-orthogonal",
        hinglish="BN se pehle wale weights aur unka gradient perpendicular hote hain.",
        english="Weights in front of BN are orthogonal to their gradient.",
        source="Li and Arora 2020, on scale invariance",
        effect="-log10 of the largest |w·∇w| / (‖w‖ ‖∇w‖) of any hidden unit",
        measure=_orthogonal,
        margin=2.5,
        verdict="depends",
        condition_hinglish=(
            "eps par. Initialization par, usual weights wale 3×100 sigmoid aur ReLU nets "
            "mein cosine 0.001 se chhota hai; bilkul zero nahi, kyunki eps bhi hai. ReLU "
            "net ke sab hidden weights 1000 guna chhote karne par variance eps se chhota "
            "hai. Tab kisi unit ka cosine 0.2 se upar jaata hai, lagbhag utna hi jitna "
            "plain net mein. Margin numbers dekhne ke baad tay hua."
        ),
        condition_english=(
            "On eps. At initialization, in 3×100 sigmoid and ReLU nets with usual weights, "
            "the cosine is below 0.001; it is not exactly zero because of eps. With all "
            "hidden weights of the ReLU net 1000 times smaller the variance is below eps. "
            "Then the cosine of some unit exceeds 0.2, about as in a plain net. The margin "
            "was set after seeing numbers."
        ),
    ),
    Claim(
        id="intuition.gradient-inverse",
        hinglish=(
            "BN se pehle wale weights 10 guna karne par unka gradient 10 guna chhota "
            "ho jaata hai."
        ),
        english="Weights in front of BN, 10 times larger, get a gradient 10 times smaller.",
        source="Ioffe and Szegedy 2015, section 3.3",
        effect="-log10 of the relative deviation of the gradients' ratio from 10",
        measure=_inverse,
        margin=2.0,
        verdict="depends",
        condition_hinglish=(
            "eps par. Initialization par, ek-ek hidden layer ko 10 guna karke: usual "
            "weights wale 3×100 sigmoid aur ReLU nets mein ratio aur 10 mein fark 0.1% se "
            "kam hai. ReLU net ke sab hidden weights pehle 1000 guna chhote hon, toh ratio"
            " 1.0 se 1.6 hai."
        ),
        condition_english=(
            "On eps. At initialization, one hidden layer at a time made 10 times larger: "
            "in 3×100 sigmoid and ReLU nets with usual weights the ratio is within 0.1% of"
            " 10. With all hidden weights of the ReLU net 1000 times smaller before that, "
            "the ratio is 1.0 to 1.6."
        ),
    ),
    Claim(
        id="intuition.scale-invariance",
        hinglish="BN se pehle wale weights ko scale karne se output nahi badalta.",
        english="Scaling the weights in front of BN does not change the output.",
        source="Ioffe and Szegedy 2015, section 3.3",
        effect="-log10 of the relative change of the logits when a layer grows 10 times",
        measure=_unchanged,
        margin=3.0,
        verdict="depends",
        condition_hinglish=(
            "eps par, initialization par, train mode mein: usual weights wale 3×100 "
            "sigmoid aur ReLU nets mein logits 0.01% se kam badalte hain. Jab sab hidden "
            "weights 1000 guna chhote hon, tab variance eps se chhota hai, aur logits "
            "poore scale ke saath badalte hain."
        ),
        condition_english=(
            "On eps, at initialization, in train mode: in 3×100 sigmoid and ReLU nets with"
            " usual weights the logits change by less than 0.01%. With all hidden weights "
            "1000 times smaller the variance is below eps, and the logits grow with the "
            "weights."
        ),
    ),
    Claim(
        id="intuition.decay-raises-rate",
        hinglish="Weight decay lr/‖w‖² ko badhata hai, BN ho ya na ho.",
        english="Weight decay raises lr/‖w‖², with BN or without.",
        source="van Laarhoven 2017, where lr/‖w‖² is the effective learning rate of a "
        "net with BN",
        effect="log10 of lr/‖w‖² after training, with decay over without, smallest layer",
        measure=_raised_rate,
        margin=0.3,
        verdict="depends",
        condition_hinglish=(
            "lr × decay × steps par, BN par nahi. 3×100 ReLU net, learning rate 0.1: 0.03 "
            "ka decay 200 steps mein lr/‖w‖² ko BN ke saath 10^0.52 guna karta hai, aur "
            "plain net mein 10^0.48 guna. 5e-4 ka decay 50 steps mein lagbhag kuch nahi "
            "badalta; yeh sirf BN ke saath dekha gaya. Decay akele 10^0.52 guna deta hai, "
            "isliye yeh BN ka kamaal nahi. BN se kya alag hota hai, woh "
            "intuition.smaller-weights-only-raise-the-step batata hai."
        ),
        condition_english=(
            "On lr × decay × steps, not on BN. 3×100 ReLU net, learning rate 0.1: a decay "
            "of 0.03 makes lr/‖w‖² 10^0.52 times as large in 200 steps with BN, and "
            "10^0.48 times in the plain net. A decay of 5e-4 changes next to nothing in 50"
            " steps; it was tried with BN only. Decay alone gives 10^0.52, so this is no "
            "merit of BN. What is different with BN is in "
            "intuition.smaller-weights-only-raise-the-step."
        ),
    ),
    Claim(
        id="intuition.smaller-weights-only-raise-the-step",
        hinglish=(
            "Train mode mein hidden weights ko utna chhota karein jitna decay karta hai, "
            "toh function nahi badalta, sirf step badhta hai."
        ),
        english=(
            "In train mode, making the hidden weights as small as decay makes them leaves "
            "the function as it is, and only raises the step."
        ),
        source="van Laarhoven 2017; Ioffe and Szegedy 2015, section 3.3",
        effect="-log10 of the larger of two: the relative change of the logits, and how "
        "far the growth of the step ‖∇w‖/‖w‖ is from 1/factor², as a share; the hidden "
        "weights of the trained net times factor = (1 - lr · decay)^steps",
        measure=_only_the_step,
        margin=1.0,
        verdict="depends",
        condition_hinglish=(
            "BN par aur mode par: 3×100 ReLU net, learning rate 0.1, bina decay ke 200 "
            "steps train kiya. Phir sab hidden weights ko utna chhota kiya jitna 0.03 ka "
            "decay akele karta. Train mode mein, 200 training images ke ek batch par, BN "
            "ke saath logits 0.1% bhi nahi badalte, aur step 10^0.52 guna ho jaata hai. "
            "Plain net ke logits 80% se zyada badal jaate hain: function hi doosra hai, "
            "aur step ka factor seed ke saath badalta hai. Eval mode mein, purane running "
            "statistics ke saath, BN wale net ke logits bhi utne hi badalte hain."
        ),
        condition_english=(
            "On BN and on the mode: a 3×100 ReLU net, learning rate 0.1, was trained for "
            "200 steps without decay. Then all hidden weights were made as small as a "
            "decay of 0.03 alone would. On one batch of 200 training images in train mode,"
            " the logits with BN change by less than 0.1%, and the step becomes 10^0.52 "
            "times as large. The logits of the plain net change by more than 80%: its "
            "logits are another function, and the factor of its step changes with the "
            "seed. In eval mode, with the old running statistics, the logits of the BN net"
            " change as much."
        ),
    ),
    Claim(
        id="intuition.decay-is-growing-rate",
        hinglish=(
            "BN se pehle wale weights ka decay, ek badhte hue learning rate jaisa hi hai."
        ),
        english="Decay of the weights in front of BN acts as a growing learning rate.",
        source="Li and Arora 2020 (a fixed rate with decay is a growing rate)",
        effect="log10 of the mean change of the loss by decay over what remains of it when "
        "a growing rate takes its place",
        measure=_growing_rate,
        margin=1.0,
        verdict="depends",
        condition_hinglish=(
            "Learning rate, decay aur steps par, jo teeno saath badle; values chuni hui "
            "hain. 3×100 ReLU net. Decay ke badle hidden "
            "weights ka learning rate har step badhaya. Learning rate 0.1, 200 steps, "
            "decay 0.03: loss ki curve lagbhag wahi hai. 0.3, 300 steps, decay 0.01: "
            "dono trainings dheere-dheere alag ho jaati hain."
        ),
        condition_english=(
            "On learning rate, decay and steps, changed together to picked values, in a "
            "3×100 ReLU net. The learning rate of the "
            "hidden weights grew at each step in place of the decay. Learning rate 0.1, "
            "200 steps, decay 0.03: the loss curve is nearly the same. 0.3, 300 steps, "
            "decay 0.01: the two trainings drift apart."
        ),
    ),
    Claim(
        id="intuition.decay-shrinks-function",
        hinglish="Hidden weights ka decay network ke outputs ko chhota karta hai.",
        english="Decay of the hidden weights makes the outputs of the network smaller.",
        source="van Laarhoven 2017 (with normalization, L2 does not regularize)",
        effect="log10 of the size of the test logits, without over with decay",
        measure=_smaller_function,
        margin=0.1,
        verdict="depends",
        condition_hinglish=(
            "BN hai ya nahi, is par: 3×100 ReLU net, learning rate 0.1, decay 0.03, "
            "200 steps. Plain net ke logits ek tihaai ke aaspaas chhote hote hain. BN ke "
            "saath logits 10% se bhi kam badalte hain. Last layer par decay nahi hai."
        ),
        condition_english=(
            "On whether there is BN: 3×100 ReLU net, learning rate 0.1, decay 0.03, 200 "
            "steps. The logits of the plain net become about a third smaller. With BN "
            "they change by less than 10%. The last layer does not decay."
        ),
    ),
    Claim(
        id="intuition.no-gain-at-the-same-rate",
        hinglish="Learning rate wahi rahe toh BN se training tez nahi hoti.",
        english="At the same learning rate BN does not make training faster.",
        source="Bjorck et al. 2018 (the gain comes from larger learning rates)",
        effect="0.05 - gain of BN in test accuracy, mean over 60 steps",
        measure=_no_gain,
        margin=0.0,
        verdict="depends",
        condition_hinglish=(
            "Learning rate aur depth par: 10×64 ReLU net mein 0.003 par kisi seed mein "
            "gain 5 points tak nahi pahuncha, aur average mein BN peeche raha. 0.1 par "
            "gain bada hai, jabki plain net bhi seekhta hai. 3×100 ReLU net mein 0.01 "
            "par bhi average gain lagbhag 9 points hai, lekin ek seed mein sirf 2. He "
            "initialization, sirf 60 steps. 5 points ki limit numbers dekhne ke baad "
            "tay hui."
        ),
        condition_english=(
            "On the learning rate and the depth: in a 10×64 ReLU net at 0.003 the gain "
            "reaches 5 points in no seed, and BN was behind on average. At 0.1 the gain "
            "is large, although the plain net learns too. In a 3×100 ReLU net the mean "
            "gain at 0.01 is already about 9 points, but only 2 in one seed. He "
            "initialization, only 60 steps. The limit of 5 points was set after seeing "
            "numbers."
        ),
    ),
)
