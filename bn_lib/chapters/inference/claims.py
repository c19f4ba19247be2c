"""Claims of the chapter on inference: running statistics, eval mode, what goes wrong.

All were measured in a 64 → 100 → 100 → 10 ReLU net on the 8×8 digits.
"""

from bn_lib.chapters.inference.evaluation import (
    alone,
    fine_tuning,
    folded,
    mates,
    recalibration,
    sorted_batches,
)
from bn_lib.chapters.inference.running_statistics import (
    exponent,
    half_life,
    noise,
    stored_variance,
    swapped_momentum,
    tracking,
)
from bn_lib.course.claim import claim

FIVE = range(5)
# After a training with batches of 2 accuracies vary so much that a mean needs more.
TEN = range(10)
BN_2015 = "Ioffe & Szegedy 2015"
RETHINKING = "Wu & Johnson 2021"


def _behind(seeds, after, **net):
    """Accuracy with the whole test batch's statistics less that with running ones."""
    row = tracking(seeds=seeds, **net)[after]
    return row["statistics of the batch"] - row["running statistics"]


@claim(
    hinglish="Training ke baad running averages wahi accuracy dete hain jo poore test "
    "batch ke statistics dete hain.",
    english="After training, running averages give the accuracy that the statistics of "
    "the whole test batch give.",
    source=f"{BN_2015}, section 3.1 (moving averages; Algorithm 2 averages after "
    "training); SEED: Important Points",
    effect="accuracy with the statistics of the whole test batch less that with running "
    "averages, momentum 0.1; up to 10 of the 360 test images are allowed",
    within=(-0.03, 0.03),
    yes={
        "200 steps, batch 60, lr 0.1": {},
        "200 steps, batch 8, lr 0.05": {"batch_size": 8, "lr": 0.05},
    },
    seeds=FIVE,
)
def running_averages(seeds, **net):
    return _behind(seeds, "200 steps", **net)


@claim(
    hinglish="Shuru ke steps mein running averages poore batch ke statistics se accuracy "
    "mein peeche rehte hain.",
    english="In the first steps, running averages are behind the statistics of a whole "
    "batch in accuracy.",
    source=f"{RETHINKING}, section 3, on moving averages",
    effect="accuracy with the statistics of the whole test batch less that with running "
    "averages, momentum 0.1, batch 60, lr 0.1",
    at_least=0.03,
    yes={
        "6 steps, He init": {"after": "6 steps"},
        "10 steps, init std 0.01": {"after": "10 steps", "std": 0.01},
    },
    no={
        "100 steps, He init": {"after": "100 steps"},
        "100 steps, init std 0.01": {"after": "100 steps", "std": 0.01},
    },
    seeds=FIVE,
)
def warm_up(seeds, after, **net):
    return _behind(seeds, after, **net)


@claim(
    hinglish="Batch ke mean aur variance ka error batch size ke square root ke hisaab se "
    "ghatta hai.",
    english="The error of a batch's mean and variance falls with the square root of the "
    "batch size.",
    source="textbook statistics, behind SEED: Important Points, on small batches",
    effect="exponent of the batch size, fitted to the error of 100 features of the first "
    "layer; samples drawn with replacement",
    within=(-0.6, -0.4),
    yes={
        "mean, batch 8 to 256": {"error": "mean error"},
        "variance, batch 8 to 256": {"error": "variance error"},
    },
)
def noise_root_law(seeds, error):
    table = noise(seeds=seeds)
    sizes = [size for size in table.options["batch_sizes"] if size >= 8]
    return exponent(sizes, [table[f"batch {size}"][error] for size in sizes])


@claim(
    hinglish="Batch ka mean noisy hota hai.",
    english="The mean of a batch is noisy.",
    source="SEED: Important Points, on small batches",
    effect="root mean square error of a batch's mean, in standard deviations",
    at_least=0.3,
    yes={"batch 2": {"batch": "batch 2"}, "batch 4": {"batch": "batch 4"}},
    no={"batch 128": {"batch": "batch 128"}, "batch 256": {"batch": "batch 256"}},
    note_hinglish="Yeh sirf statistics ka error hai, accuracy ka nahi.",
    note_english="This is the error of the statistics, not of the accuracy.",
)
def small_batch_noise(seeds, batch):
    return noise(seeds=seeds)[batch]["mean error"]


@claim(
    hinglish="Biased variance asli variance se kaafi kam hota hai.",
    english="The biased variance is well below the true one.",
    source=f"{BN_2015}, Algorithm 2, the factor m/(m − 1)",
    effect="share of the true variance that the biased one misses, mean over batches; "
    "1/N is expected",
    at_least=0.1,
    yes={"batch 2": {"batch": "batch 2"}, "batch 4": {"batch": "batch 4"}},
    no={"batch 128": {"batch": "batch 128"}},
)
def biased_variance(seeds, batch):
    return 1 - noise(seeds=seeds)[batch]["biased share"]


@claim(
    hinglish="Eval mode ke predictions badal jaate hain agar unbiased ki jagah biased "
    "variance store ho.",
    english="Predictions in eval mode change if the biased variance is stored in place "
    "of the unbiased one.",
    source=f"{BN_2015}, Algorithm 2, the factor m/(m − 1)",
    effect="share of the test images that get another class, after 200 steps at lr 0.02 "
    "with batches of this size",
    at_least=0.04,
    yes={"batch 2": {"batch": "batch 2"}},
    no={"batch 8": {"batch": "batch 8"}},
    seeds=TEN,
)
def stored_variance_predictions(seeds, batch):
    return stored_variance(seeds=seeds)[batch]["changed answers"]


@claim(
    hinglish="Unbiased variance store karne se eval mode ki accuracy badhti hai.",
    english="Storing the unbiased variance raises the accuracy in eval mode.",
    source=f"{BN_2015}, Algorithm 2, the factor m/(m − 1)",
    effect="accuracy with the unbiased variance less that with the biased one, after 200 "
    "steps at lr 0.02 with batches of this size",
    at_least=0.04,
    no={"batch 2": {"batch": "batch 2"}, "batch 8": {"batch": "batch 8"}},
    seeds=TEN,
    note_hinglish="Batch 2 par kai predictions badalte hain, lekin behtar nahi hote.",
    note_english="At batch 2 many predictions change, but they do not get better.",
)
def unbiased_accuracy(seeds, batch):
    row = stored_variance(seeds=seeds)[batch]
    return row["unbiased"] - row["biased"]


@claim(
    hinglish="Batch statistics ke saath ek image ka prediction uske batch mates par "
    "depend karta hai.",
    english="With batch statistics, the prediction for an image depends on its batch "
    "mates.",
    source=f"{BN_2015}, section 3 (an activation depends on the other examples of the "
    f"batch); {RETHINKING}, section 1",
    effect="share of the test images whose class differs between two shuffles",
    at_least=0.05,
    yes={
        "random batch of 4": {"batch": "batch of 4"},
        "random batch of 8": {"batch": "batch of 8"},
    },
    no={"random batch of 180": {"batch": "batch of 180"}},
)
def batch_mates(seeds, batch):
    return mates(seeds=seeds)[batch]["changed answers"]


@claim(
    hinglish="Running statistics ke saath prediction batch mates par depend nahi karta.",
    english="With running statistics, the prediction does not depend on batch mates.",
    source=f"{BN_2015}, section 3.1",
    effect="largest difference of a logit, as a share of the largest logit, in float64; "
    "rounding is allowed",
    at_most=1e-10,
    yes={"alone or in a batch of 360": {}},
)
def running_ignores_mates(seeds):
    return alone(seeds=seeds)["difference"]


@claim(
    hinglish="eval() bhoolne par, yaani batch statistics se predict karne par, accuracy "
    "girti hai.",
    english="Forgetting eval(), so that batch statistics are used to predict, costs "
    "accuracy.",
    source=f"{BN_2015}, section 3.1; {RETHINKING}, section 4, where batch statistics "
    "help in one case",
    effect="accuracy with running statistics less that with the batch's own",
    at_least=0.04,
    yes={
        "random batch of 4": {"batch": "batch of 4"},
        "random batch of 8": {"batch": "batch of 8"},
        "batch of one class": {"batch": "batch of one class"},
    },
    no={"random batch of 180": {"batch": "batch of 180"}},
    note_hinglish="Batch mein ek hi class ho toh accuracy chance par aa jaati hai.",
    note_english="With batches of a single class the accuracy falls to chance.",
)
def forgotten_eval(seeds, batch):
    table = mates(seeds=seeds)
    return table["eval()"]["accuracy"] - table[batch]["accuracy"]


@claim(
    hinglish="BN wala net un batches par fail hota hai jin se bina BN wala net seekh "
    "leta hai.",
    english="A net with BN fails on batches from which the net without it learns.",
    source=f"{RETHINKING}, section 6, on batches that are not mixed",
    effect="test accuracy without BN less that with BN, both in eval mode, after 100 "
    "steps with batches of 60",
    at_least=0.2,
    yes={"batches of one class": {"one_class": True}},
    no={"mixed batches": {"one_class": False}},
    note_hinglish="Ek hi class wale batches par BN chance par rehta hai, apne training "
    "batches par bhi.",
    note_english="On batches of a single class BN stays at chance, on its own training "
    "batches too.",
)
def class_sorted(seeds, one_class):
    table = sorted_batches(rows=("BN", "plain"), seeds=seeds, one_class=one_class)
    return table["plain"]["test"] - table["BN"]["test"]


@claim(
    hinglish="Jin one-class batches par BN wala net fail hota hai, unse group norm wala "
    "net seekh leta hai.",
    english="A net with group norm learns from the one-class batches on which BN fails.",
    source="here: a control for inference.class-sorted",
    effect="test accuracy with group norm of 10 groups less that with BN, after 100 "
    "steps with batches of 60",
    at_least=0.2,
    yes={"batches of one class": {}},
    note_hinglish="Group norm yahan bina norm wale net se behtar nahi.",
    note_english="Group norm is no better here than the net without a norm.",
)
def group_norm_learns_sorted(seeds):
    table = sorted_batches(rows=("BN", "group norm"), seeds=seeds)
    return table["group norm"]["test"] - table["BN"]["test"]


@claim(
    hinglish="Chhote batch se fine-tuning mein BN ko freeze karna behtar hai.",
    english="In fine-tuning with small batches, it is better to freeze BN.",
    source=f"{RETHINKING}, section 4, on FrozenBN (there in the last epochs of training)",
    effect="test accuracy after fine-tuning with BN frozen less that without, 100 steps "
    "at lr 0.02",
    at_least=0.1,
    yes={"mirrored images, batch 2": {"change": "mirrored", "batch_size": 2}},
    no={
        "mirrored images, batch 16": {"change": "mirrored", "batch_size": 16},
        "darker and hazy images, batch 2": {"change": "darker and hazy", "batch_size": 2},
        "darker and hazy images, batch 16": {
            "change": "darker and hazy",
            "batch_size": 16,
        },
    },
    note_hinglish="Images dark aur hazy hon toh purane statistics galat hain, isliye "
    "freeze karna nuksan deta hai.",
    note_english="For darker, hazy images the old statistics are wrong, so freezing costs "
    "accuracy.",
)
def frozen_fine_tuning(seeds, **task):
    table = fine_tuning(seeds=seeds, **task)
    return table["frozen"] - table["not frozen"]


def _recalibrated(seeds, change, **options):
    """Accuracy after recalibration less that before it."""
    row = recalibration(rows=(change,), seeds=seeds, **options)[change]
    return row["after"] - row["before"]


@claim(
    hinglish="Test images badal jaayein toh running statistics dobara compute karne se "
    "accuracy wapas aati hai.",
    english="When the images change, computing the running statistics afresh brings the "
    "accuracy back.",
    source="Li et al. 2016, Revisiting Batch Normalization (AdaBN); "
    f"{RETHINKING}, section 5",
    effect="accuracy after recalibration less that before it",
    at_least=0.2,
    yes={"darker and hazy images": {"change": "darker and hazy"}},
    no={"inverted images": {"change": "inverted"}},
    note_hinglish="Pixels ka scale aur shift pehla BN hi hata deta hai. Statistics usi "
    "tarah badle hue training images se aaye, bina labels ke.",
    note_english="A scale and shift of the pixels is removed by the first BN. The "
    "statistics came from training images changed in the same way, without labels.",
)
def recalibration_data(seeds, change):
    return _recalibrated(seeds, change)


@claim(
    hinglish="Training ke baad weights badlein toh running statistics dobara compute "
    "karne se accuracy badhti hai.",
    english="When the weights are changed after training, computing the running "
    "statistics afresh raises the accuracy.",
    source="Izmailov et al. 2018 (SWA), for averaged weights",
    effect="accuracy after recalibration less that before it",
    at_least=0.1,
    yes={"80% of the weights pruned": {"change": "pruned"}},
    no={
        "50% of the weights pruned": {"change": "pruned", "pruned": 0.5},
        "average of 5 snapshots": {"change": "averaged"},
    },
    note_hinglish="Snapshots ke saath unke running statistics bhi average kiye gaye.",
    note_english="The snapshots' running statistics were averaged as well.",
)
def recalibration_weights(seeds, **change):
    return _recalibrated(seeds, **change)


@claim(
    hinglish="Eval mode mein BN ko usse pehle wali Linear layer mein fold karna exact hai.",
    english="In eval mode, folding BN into the Linear layer before it is exact.",
    source="Jacob et al. 2018, section 3.2",
    effect="largest difference of an output, as a share of the largest output, in "
    "float64; rounding is allowed",
    at_most=1e-10,
    yes={"one layer": {"what": "one layer"}, "whole net": {"what": "whole net"}},
    note_hinglish="Speed yahan measure nahi ki gayi.",
    note_english="Speed was not measured here.",
)
def folding(seeds, what):
    return folded(seeds=seeds)[what]


@claim(
    hinglish="Running average 20 steps ke andar apne start ka aadha hissa bhool jaata hai.",
    english="A running average forgets half of its start within 20 steps.",
    source="PyTorch documentation, BatchNorm1d; Keras documentation, "
    "BatchNormalization: the default momenta",
    effect="steps until half of the start is forgotten",
    at_most=20,
    yes={"torch 0.1, Keras 0.9": {"momentum": 0.1}},
    no={"torch 0.01, Keras 0.99": {"momentum": 0.01}},
)
def forgetting(seeds, momentum):
    return half_life(seeds=seeds, momentum=momentum)["updates"]


@claim(
    hinglish="torch mein 0.1 ki jagah Keras wala 0.9 likhne se eval mode ki accuracy "
    "girti hai.",
    english="Writing Keras' 0.9 in place of 0.1 in torch costs accuracy in eval mode.",
    source="PyTorch documentation, BatchNorm1d, note on momentum",
    effect="accuracy with momentum 0.1 less that with 0.9, mean of the second half of "
    "120 steps at lr 0.05",
    at_least=0.02,
    yes={"batch 8": {"batch_size": 8}},
    no={"batch 60": {"batch_size": 60}},
)
def momentum_swapped(seeds, batch_size):
    table = swapped_momentum(seeds=seeds, batch_size=batch_size)
    return table["momentum 0.1"] - table["momentum 0.9"]
