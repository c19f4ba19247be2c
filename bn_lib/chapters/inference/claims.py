"""Claims of chapter 6: running statistics, eval mode, and what goes wrong there.

All were measured in a 64 → 100 → 100 → 10 ReLU net on the 8×8 digits.
"""

import numpy as np

from bn_lib.chapters.inference.experiments import (
    FineTuneConfig,
    FoldConfig,
    MatesConfig,
    RecalibrationConfig,
    SortedConfig,
    run_fine_tune,
    run_fold,
    run_mates,
    run_recalibration,
    run_sorted,
)
from bn_lib.chapters.inference.running_statistics import (
    ForgettingConfig,
    MomentumConfig,
    NoiseConfig,
    StoredVarianceConfig,
    TrackingConfig,
    run_forgetting,
    run_momentum,
    run_noise,
    run_stored_variance,
    run_tracking,
)
from bn_lib.course.claim import Claim

__all__ = ["CLAIMS"]

FIVE = (0, 1, 2, 3, 4)
BN_2015 = "S. Ioffe and C. Szegedy 2015"
RETHINKING = "Y. Wu and J. Johnson 2021"


def _running_averages(seeds):
    large = run_tracking(TrackingConfig(seeds))
    small = run_tracking(TrackingConfig(seeds, (200,), batch_size=8, lr=0.05))
    return {
        "200 steps, batch 60": 0.03 - np.abs(large.at(200)),
        "200 steps, batch 8": 0.03 - np.abs(small.at(200)),
    }


def _warm_up(seeds):
    he = run_tracking(TrackingConfig(seeds))
    small = run_tracking(TrackingConfig(seeds, (10, 100), std=0.01))
    return {
        "6 steps, He init": he.at(6),
        "10 steps, init std 0.01": small.at(10),
        "100 steps, He init": he.at(100),
        "100 steps, init std 0.01": small.at(100),
    }


def _root_law(seeds):
    noise = run_noise(NoiseConfig(seeds))
    mean = noise.exponents(noise.mean_error, smallest=8)
    var = noise.exponents(noise.var_error, smallest=8)
    return {
        "mean, batch 8 to 256": 0.1 - np.abs(mean + 0.5),
        "variance, batch 8 to 256": 0.1 - np.abs(var + 0.5),
    }


def _noisy(seeds):
    noise = run_noise(NoiseConfig(seeds))
    sizes = noise.config.batch_sizes
    return {f"batch {n}": noise.mean_error[:, sizes.index(n)] for n in (2, 4, 128, 256)}


def _biased_size(seeds):
    noise = run_noise(NoiseConfig(seeds))
    sizes = noise.config.batch_sizes
    return {f"batch {n}": 1 - noise.biased_share[:, sizes.index(n)] for n in (2, 4, 128)}


def _biased_predictions(seeds):
    stored = run_stored_variance(StoredVarianceConfig(seeds))
    sizes = stored.config.batch_sizes
    return {f"batch {n}": stored.changed[:, i] for i, n in enumerate(sizes)}


def _unbiased_accuracy(seeds):
    stored = run_stored_variance(StoredVarianceConfig(seeds))
    gain = stored.unbiased - stored.biased
    return {f"batch {n}": gain[:, i] for i, n in enumerate(stored.config.batch_sizes)}


def _batch_mates(seeds):
    mates = run_mates(MatesConfig(seeds))
    sizes = mates.config.batch_sizes
    return {f"random batch of {n}": mates.changed[:, i] for i, n in enumerate(sizes)}


def _alone(seeds):
    mates = run_mates(MatesConfig(seeds))
    return {"alone or in a batch of 360": 1e-10 - mates.running_difference}


def _forgotten_eval(seeds):
    mates = run_mates(MatesConfig(seeds))
    lost = mates.running[:, None] - mates.accuracy
    sizes = mates.config.batch_sizes
    one_class = {"batch of one class": mates.running - mates.accuracy_one_class}
    return {f"random batch of {n}": lost[:, i] for i, n in enumerate(sizes)} | one_class


def _class_sorted(seeds):
    result = run_sorted(SortedConfig(seeds))
    return {
        "batches of one class": result.plain_sorted - result.norm_sorted,
        "mixed batches": result.plain_shuffled - result.norm_shuffled,
    }


def _group_sorted(seeds):
    result = run_sorted(SortedConfig(seeds))
    return {"batches of one class": result.group_sorted - result.norm_sorted}


def _freezing(seeds):
    def gain(change, batch_size):
        result = run_fine_tune(FineTuneConfig(change, batch_size, seeds))
        return result.frozen - result.unfrozen

    return {
        f"{change} images, batch {batch_size}": gain(change, batch_size)
        for change in ("mirrored", "darker and hazy")
        for batch_size in (2, 16)
    }


def _recalibrate_data(seeds):
    result = run_recalibration(RecalibrationConfig(seeds))
    return {
        "darker and hazy images": result.gain("darker and hazy"),
        "inverted images": result.gain("inverted"),
    }


def _recalibrate_weights(seeds):
    result = run_recalibration(RecalibrationConfig(seeds))
    return {
        "80% of the weights pruned": result.gain("pruned"),
        "average of 5 snapshots": result.gain("averaged"),
    }


def _folding(seeds):
    result = run_fold(FoldConfig(seeds))
    return {
        "one layer": 1e-10 - result.first_layer,
        "whole net": 1e-10 - result.logits,
    }


def _forgetting(seeds):
    def spare(momentum):
        return 20 - run_forgetting(ForgettingConfig(momentum, seeds)).steps

    return {"torch 0.1, Keras 0.9": spare(0.1), "torch 0.01, Keras 0.99": spare(0.01)}


def _momentum_swapped(seeds):
    def lost(batch_size):
        result = run_momentum(MomentumConfig(batch_size, seeds))
        return result.right - result.wrong

    return {"batch 8": lost(8), "batch 60": lost(60)}


CLAIMS = (
    Claim(
        id="inference.running-averages",
        hinglish="Training ke baad running averages wahi accuracy dete hain jo poore "
        "test batch ke statistics dete hain.",
        english="After training, running averages give the accuracy that the "
        "statistics of the whole test batch give.",
        source=f"{BN_2015}, section 3.1 (moving averages; Algorithm 2 averages after "
        "training); SEED: Important Points",
        effect="0.03 less the difference of the two accuracies, without its sign",
        measure=_running_averages,
        margin=0.0,
        verdict="holds",
        condition_hinglish="200 steps ke baad, momentum 0.1, batch 60 aur batch 8. "
        "Fark 0.03 se kam raha, yaani 360 test images mein 11 se kam.",
        condition_english="After 200 steps, momentum 0.1, batch 60 and batch 8. The "
        "difference stayed below 0.03, fewer than 11 of 360 test images.",
        seeds=FIVE,
    ),
    Claim(
        id="inference.warm-up",
        hinglish="Shuru ke steps mein running averages poore batch ke statistics se "
        "accuracy mein peeche rehte hain.",
        english="In the first steps, running averages are behind the statistics of a "
        "whole batch in accuracy.",
        source=f"{RETHINKING}, section 3, on moving averages",
        effect="accuracy with the whole batch's statistics less that with running ones",
        measure=_warm_up,
        margin=0.03,
        verdict="depends",
        condition_hinglish="Steps par depend karta hai, momentum 0.1 ke saath. He init "
        "mein 6 steps par aur init std 0.01 mein 10 steps par running averages peeche "
        "the; 100 steps par fark nahi bacha.",
        condition_english="It depends on the number of steps, at momentum 0.1. They "
        "were behind after 6 steps with He init and after 10 steps with init std 0.01; "
        "after 100 steps no difference was left.",
        seeds=FIVE,
    ),
    Claim(
        id="inference.noise-root-law",
        hinglish="Batch ke mean aur variance ka error batch size ke square root ke "
        "hisaab se ghatta hai.",
        english="The error of a batch's mean and variance falls with the square root "
        "of the batch size.",
        source="textbook statistics, behind SEED: Important Points, on small batches",
        effect="0.1 less the distance of the fitted exponent from -1/2",
        measure=_root_law,
        margin=0.0,
        verdict="holds",
        condition_hinglish="Pehli layer ke 100 features, batch 8 se 256 tak, samples "
        "replacement ke saath. Variance ka exponent -0.5 se thoda neeche raha.",
        condition_english="100 features of the first layer, batches of 8 to 256, "
        "samples drawn with replacement. The variance's exponent was slightly below "
        "-0.5.",
    ),
    Claim(
        id="inference.small-batch-noise",
        hinglish="Batch ka mean noisy hota hai.",
        english="The mean of a batch is noisy.",
        source="SEED: Important Points, on small batches",
        effect="root mean square error of a batch's mean, in standard deviations",
        measure=_noisy,
        margin=0.3,
        verdict="depends",
        condition_hinglish="Batch size par depend karta hai: batch 2 par error lagbhag "
        "0.7 std, batch 4 par 0.5, batch 128 par 0.1 se kam. Yeh sirf statistics ka "
        "error hai, accuracy ka nahi.",
        condition_english="It depends on the batch size: an error of about 0.7 std at "
        "batch 2 and 0.5 at batch 4, but below 0.1 at batch 128. This is the error of "
        "the statistics, not of the accuracy.",
    ),
    Claim(
        id="inference.biased-variance",
        hinglish="Biased variance asli variance se kaafi kam hota hai.",
        english="The biased variance is well below the true one.",
        source=f"{BN_2015}, Algorithm 2, the factor m/(m − 1)",
        effect="1 less the mean biased variance as a share of the true variance",
        measure=_biased_size,
        margin=0.1,
        verdict="depends",
        condition_hinglish="Batch size N par depend karta hai, factor (N - 1)/N hai: "
        "batch 2 par variance aadha, batch 4 par ek chauthai kam, batch 128 par lagbhag "
        "1 percent kam.",
        condition_english="It depends on the batch size N, by the factor (N - 1)/N: "
        "half of the variance is missing at batch 2, a quarter at batch 4, about 1 "
        "percent at batch 128.",
    ),
    Claim(
        id="inference.stored-variance-predictions",
        hinglish="Eval mode ke predictions badal jaate hain agar unbiased ki jagah "
        "biased variance store ho.",
        english="Predictions in eval mode change if the biased variance is stored in "
        "place of the unbiased one.",
        source=f"{BN_2015}, Algorithm 2, the factor m/(m − 1)",
        effect="share of the test images that get another class",
        measure=_biased_predictions,
        margin=0.04,
        verdict="depends",
        condition_hinglish="Training ke batch size par depend karta hai: batch 2 par "
        "10 se 20 percent predictions badle, batch 8 par average mein 1 percent se kam.",
        condition_english="It depends on the batch size of the training: 10 to 20 "
        "percent of the predictions changed at batch 2, below 1 percent on average at "
        "batch 8.",
        seeds=FIVE,
    ),
    Claim(
        id="inference.unbiased-accuracy",
        hinglish="Unbiased variance store karne se eval mode ki accuracy badhti hai.",
        english="Storing the unbiased variance raises the accuracy in eval mode.",
        source=f"{BN_2015}, Algorithm 2, the factor m/(m − 1)",
        effect="accuracy with the unbiased variance less that with the biased one",
        measure=_unbiased_accuracy,
        margin=0.04,
        verdict="does not hold",
        condition_hinglish="Batch 2 aur batch 8 par training ke baad average fayda "
        "0.02 se kam tha, jabki batch 2 par kai predictions badle.",
        condition_english="The mean gain was below 0.02 after training with batches "
        "of 2 and of 8, although many predictions changed at batch 2.",
        seeds=FIVE,
    ),
    Claim(
        id="inference.batch-mates",
        hinglish="Batch statistics ke saath ek image ka prediction uske batch mates par "
        "depend karta hai.",
        english="With batch statistics, the prediction for an image depends on its "
        "batch mates.",
        source=f"{BN_2015}, section 3 (an activation depends on the other examples of the "
        f"batch); {RETHINKING}, section 1",
        effect="share of the test images whose class differs between two shuffles",
        measure=_batch_mates,
        margin=0.05,
        verdict="depends",
        condition_hinglish="Batch size par depend karta hai: batch 4 par lagbhag 30 "
        "percent images ki class badli, batch 8 par 12 se 15 percent, batch 180 par "
        "lagbhag 1 percent. Mates randomly chune gaye the.",
        condition_english="It depends on the batch size: about 30 percent of the "
        "images changed class at batch 4, 12 to 15 percent at batch 8, about 1 percent "
        "at batch 180. The mates were random.",
    ),
    Claim(
        id="inference.running-ignores-mates",
        hinglish="Running statistics ke saath prediction batch mates par depend nahi "
        "karta.",
        english="With running statistics, the prediction does not depend on batch mates.",
        source=f"{BN_2015}, section 3.1",
        effect="1e-10 less the largest relative difference of a logit",
        measure=_alone,
        margin=0.0,
        verdict="holds",
        condition_hinglish="float64 mein. Har test image akeli aur 360 ke batch mein "
        "di gayi; fark sirf rounding ka tha.",
        condition_english="In float64. Each test image was given alone and in a batch "
        "of 360; they differed by rounding only.",
    ),
    Claim(
        id="inference.forgotten-eval",
        hinglish="eval() bhoolne par, yaani batch statistics se predict karne par, "
        "accuracy girti hai.",
        english="Forgetting eval(), so that batch statistics are used to predict, "
        "costs accuracy.",
        source=f"{BN_2015}, section 3.1; {RETHINKING}, section 4, where batch statistics "
        "help in one case",
        effect="accuracy with running statistics less that with the batch's own",
        measure=_forgotten_eval,
        margin=0.04,
        verdict="depends",
        condition_hinglish="Batch par depend karta hai: batch 4 par lagbhag 0.2 ka "
        "nuksan, batch 8 par 0.08, random 180 par lagbhag zero. Agar batch mein ek hi "
        "class ho toh accuracy chance par aa jaati hai.",
        condition_english="It depends on the batch: a loss of about 0.2 at batch 4, "
        "0.08 at batch 8, about zero with 180 random images. With batches of a single "
        "class the accuracy falls to chance.",
    ),
    Claim(
        id="inference.class-sorted",
        hinglish="BN wala net un batches par fail hota hai jin se bina BN wala net seekh "
        "leta hai.",
        english="A net with BN fails on batches from which the net without it learns.",
        source=f"{RETHINKING}, section 6, on batches that are not mixed",
        effect="test accuracy without BN less that with BN, both in eval mode",
        measure=_class_sorted,
        margin=0.2,
        verdict="depends",
        condition_hinglish="Batches par depend karta hai. Har batch mein ek hi class "
        "ho (batch 60, 100 steps) toh BN chance par rehta hai, training batches par "
        "bhi; mixed batches par BN peeche nahi.",
        condition_english="It depends on the batches. When each batch has a single "
        "class (batch 60, 100 steps), BN stays at chance, on its training batches too; "
        "on mixed batches BN is not behind.",
    ),
    Claim(
        id="inference.group-norm-learns-sorted",
        hinglish="Jin one-class batches par BN wala net fail hota hai, unse group norm "
        "wala net seekh leta hai.",
        english="A net with group norm learns from the one-class batches on which BN "
        "fails.",
        source="here: a control for inference.class-sorted",
        effect="test accuracy with group norm of 10 groups less that with BN",
        measure=_group_sorted,
        margin=0.2,
        verdict="holds",
        condition_hinglish=(
            "Group norm yahan bina norm wale net se behtar nahi; BN chance par rehta hai. "
            "Batch 60, 100 steps, group norm ke 10 groups, har ek mein 10 units. Mixed "
            "batches par group norm yahan nahi naapa gaya."
        ),
        condition_english=(
            "Group norm is no better here than the net without a norm; BN stays at chance."
            " Batch 60, 100 steps, group norm with 10 groups of 10 units. Group norm was "
            "not measured on mixed batches here."
        ),
    ),
    Claim(
        id="inference.frozen-fine-tuning",
        hinglish="Chhote batch se fine-tuning mein BN ko freeze karna behtar hai.",
        english="In fine-tuning with small batches, it is better to freeze BN.",
        source=f"{RETHINKING}, section 4, on FrozenBN (there in the last epochs of "
        "training)",
        effect="test accuracy after fine-tuning with BN frozen less that without",
        measure=_freezing,
        margin=0.1,
        verdict="depends",
        condition_hinglish=(
            "Batch size aur data dono par depend karta hai. Mirrored digits, batch 2: "
            "freeze karna mean mein lagbhag 0.4 ya zyada behtar; batch 16: mean mein fark "
            "0.01 se kam. Images dark aur hazy hon toh freeze karna batch 2 (ek seed mein "
            "kuch nahi) aur 16, dono par mean mein lagbhag 0.2 ya zyada nuksan deta hai: "
            "purane statistics wahan galat hain. 100 steps, lr 0.02."
        ),
        condition_english=(
            "It depends on both the batch size and the data. Mirrored digits, batch 2: "
            "freezing is better by about 0.4 or more in the mean; batch 16: the mean "
            "difference is below 0.01. With darker, hazy images freezing costs about 0.2 "
            "or more in the mean at batch 2 (in one seed nothing) and at batch 16: the old"
            " statistics are wrong there. 100 steps, lr 0.02."
        ),
    ),
    Claim(
        id="inference.recalibration-data",
        hinglish="Test images badal jaayein toh running statistics dobara compute karne "
        "se accuracy wapas aati hai.",
        english="When the images change, computing the running statistics afresh brings "
        "the accuracy back.",
        source="Y. Li et al. 2016, Revisiting Batch Normalization (AdaBN); "
        f"{RETHINKING}, section 5",
        effect="accuracy after recalibration less that before it",
        measure=_recalibrate_data,
        margin=0.2,
        verdict="depends",
        condition_hinglish="Badlav par depend karta hai. 0.3 x + 0.5 jaisa scale aur "
        "shift poora theek ho jaata hai, kyunki pehla BN usko hata deta hai. Inverted "
        "images (1 - x) par recalibration se kuch nahi milta. Statistics usi tarah badle "
        "hue training images se aaye, bina labels.",
        condition_english="It depends on the change. A scale and shift such as "
        "0.3 x + 0.5 is undone, since the first BN removes it. On inverted images "
        "(1 - x) recalibration gains nothing. The statistics came from training images "
        "changed in the same way, without labels.",
    ),
    Claim(
        id="inference.recalibration-weights",
        hinglish="Training ke baad weights badlein toh running statistics dobara compute "
        "karne se accuracy badhti hai.",
        english="When the weights are changed after training, computing the running "
        "statistics afresh raises the accuracy.",
        source="P. Izmailov et al. 2018 (SWA), for averaged weights",
        effect="accuracy after recalibration less that before it",
        measure=_recalibrate_weights,
        margin=0.1,
        verdict="depends",
        condition_hinglish=(
            "Badlav par depend karta hai: 80 percent hidden weights zero karne ke baad "
            "saaf fayda mila; kam pruning par fayda kam hota hai (ek pilot mein 50 percent"
            " par lagbhag 1 point). SWA jaise 5 snapshots ke average mein, jahan running "
            "statistics bhi average kiye gaye, koi fayda nahi mila."
        ),
        condition_english=(
            "It depends on the change: a clear gain after 80 percent of the hidden weights"
            " were set to zero; with less pruning the gain is smaller (about 1 point at 50"
            " percent, in a pilot). No gain for an SWA-like average of 5 snapshots, whose "
            "running statistics were averaged as well."
        ),
    ),
    Claim(
        id="inference.folding",
        hinglish="Eval mode mein BN ko usse pehle wali Linear layer mein fold karna "
        "exact hai.",
        english="In eval mode, folding BN into the Linear layer before it is exact.",
        source="B. Jacob et al. 2018, section 3.2",
        effect="1e-10 less the largest relative difference of an output",
        measure=_folding,
        margin=0.0,
        verdict="holds",
        condition_hinglish="float64 mein, ek layer aur poora net; fark sirf rounding "
        "ka tha. Speed yahan measure nahi ki gayi.",
        condition_english="In float64, for one layer and for the whole net; they differ "
        "by rounding only. Speed was not measured here.",
    ),
    Claim(
        id="inference.forgetting",
        hinglish="Running average 20 steps ke andar apne start ka aadha hissa bhool "
        "jaata hai.",
        english="A running average forgets half of its start within 20 steps.",
        source="PyTorch documentation, BatchNorm1d; Keras documentation, "
        "BatchNormalization: the default momenta",
        effect="20 less the number of steps until half is forgotten",
        measure=_forgetting,
        margin=0.0,
        verdict="depends",
        condition_hinglish="Momentum par depend karta hai. torch ka default 0.1 (Keras "
        "mein 0.9) 7 steps leta hai; Keras ka default 0.99 (torch mein 0.01) 69 steps.",
        condition_english="It depends on the momentum. torch's default 0.1 (0.9 in "
        "Keras) takes 7 steps; Keras' default 0.99 (0.01 in torch) takes 69.",
    ),
    Claim(
        id="inference.momentum-swapped",
        hinglish="torch mein 0.1 ki jagah Keras wala 0.9 likhne se eval mode ki "
        "accuracy girti hai.",
        english="Writing Keras' 0.9 in place of 0.1 in torch costs accuracy in eval mode.",
        source="PyTorch documentation, BatchNorm1d, note on momentum",
        effect="accuracy with momentum 0.1 less that with 0.9, late in the training",
        measure=_momentum_swapped,
        margin=0.02,
        verdict="depends",
        condition_hinglish="Batch size par depend karta hai: batch 8 par lagbhag 0.06 "
        "ka nuksan, batch 60 par mean mein 0.01 se kam. 120 steps, unke doosre aadhe ka "
        "average.",
        condition_english="It depends on the batch size: a loss of about 0.06 at batch "
        "8, below 0.01 in the mean at batch 60. 120 steps, averaged over their second "
        "half.",
    ),
)
