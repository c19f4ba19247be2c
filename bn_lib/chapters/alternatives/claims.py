"""Claims about the alternatives: layer, group, instance and RMS norm, partial BN."""

from bn_lib.chapters.alternatives.experiments import (
    accuracy,
    contrast_change,
    contrast_task,
    gradient_share,
    group_norm_extremes,
    other_mates,
    padding,
    rms_against_layer,
    same_samples,
)
from bn_lib.chapters.alternatives.transformer import transformer
from bn_lib.course.claim import claim

# Outputs that are the same up to the rounding of float64.
SAME = 1e-9


def _learned(norm, batch_size, seeds, lr=0.1, **net):
    """Test accuracy after an epoch, learning rate in proportion to the batch size."""
    training = same_samples(batch_size, lr=lr)
    return accuracy(rows=(norm,), seeds=seeds, **net, **training)[norm]


def _share_of_gain(accuracies, plain, best):
    return (accuracies - plain) / (best - plain)


TWO, THREE, FOUR = (
    {f"3×100 net, batches of {size}": {"batch_size": size}} for size in (2, 3, 4)
)
CONVOLUTIONS = {
    "convolutions, batches of 2": {"batch_size": 2, "net": "patches", "lr": 0.4}
}


@claim(
    hinglish="Chhote batch par batch norm ki accuracy bahut gir jaati hai.",
    english="With small batches, batch norm loses much accuracy.",
    source="Wu & He 2018, Figure 1; SEED: batch size should not be too small",
    effect="test accuracy with batches of 32 minus that with the small ones after the same "
    "samples, 1 epoch, learning rate in proportion to the batch size",
    at_least=0.35,
    yes=TWO,
    no=THREE | FOUR | CONVOLUTIONS,
    note_hinglish="3×100 net mein har mean sirf batch par hai, aur 2 ke batch mein BN ka "
    "output sirf ek sign hai. Convolutions mein mean positions par bhi hai. Wu aur He ka "
    "ImageNet wala figure yahan dohraya nahi gaya.",
    note_english="In the 3×100 net each mean is over the batch alone, and in a batch of 2 "
    "BN's output is only a sign. In the convolutions means are over positions too. Wu and "
    "He's figure, from ImageNet, is not reproduced here.",
)
def bn_loses_in_small_batches(seeds, batch_size, **training):
    large, small = (_learned("batch", n, seeds, **training) for n in (32, batch_size))
    return large - small


@claim(
    hinglish="Layer norm aur group norm 2 ke batch se bhi lagbhag utna seekhte hain jitna "
    "batch norm 32 ke batch se.",
    english="With batches of 2, layer norm and group norm learn almost as much as batch "
    "norm does with batches of 32.",
    source="Wu & He 2018, Figure 1 (group norm); Ba, Kiros & Hinton 2016, section 3 "
    "(layer norm, any batch size); SEED: Group Normalization, small batch sizes",
    effect="test accuracy with batches of 2: 0 is a net without a norm, 1 is BN with "
    "batches of 32; 3×100 net, initial weights of std 0.01, 1 epoch, learning rate in "
    "proportion to the batch size",
    at_least=0.8,
    yes={norm: {"norm": norm} for norm in ("layer", "group")},
    note_hinglish="Itne chhote weights par bina norm wala net kuch nahi seekhta, isliye "
    "yahan norm ka fark padta hai.",
    note_english="With weights this small the net without a norm learns nothing, so the "
    "norm matters here.",
)
def ln_gn_keep_accuracy_at_batch_2(seeds, norm):
    small, plain = (_learned(name, 2, seeds, std=0.01) for name in (norm, "plain"))
    return _share_of_gain(small, plain, _learned("batch", 32, seeds, std=0.01))


@claim(
    hinglish="Chhote batch par group norm, batch norm se bahut behtar hai.",
    english="With small batches, group norm is much better than batch norm.",
    source="Wu & He 2018, Figure 1; SEED: Group Normalization, small batch sizes",
    effect="test accuracy of group norm minus that of batch norm, 1 epoch, learning "
    "rate in proportion to the batch size",
    at_least=0.35,
    yes=TWO,
    no=THREE | FOUR | CONVOLUTIONS,
    note_hinglish="3×100 net mein BN ka har mean sirf batch par hai, convolutions mein "
    "positions par bhi.",
    note_english="In the 3×100 net each mean of BN is over the batch alone, in the "
    "convolutions over positions too.",
)
def gn_beats_bn_in_small_batches(seeds, **training):
    group, batch = (_learned(norm, seeds=seeds, **training) for norm in ("group", "batch"))
    return group - batch


@claim(
    hinglish="Random gradient ka (m − 2)/m hissa hi batch norm se guzarta hai; m ek "
    "channel ki values ka count hai.",
    english="Of a random gradient, batch norm lets a share (m − 2)/m through; m is how "
    "many values a channel has.",
    source="here; follows from the backward pass in Ioffe & Szegedy 2015, section 3",
    effect="removed share of the squared length of a random normal gradient, apart from "
    "the scale 1/σ, over 2/m",
    within=(0.95, 1.05),
    yes={
        **{f"(N, C), m = {m}": {"batch_size": m, "m": m} for m in (2, 4, 8, 32)},
        "(N, C, 4, 4), N = 2, m = 32": {"batch_size": 2, "m": 32, "positions": (4, 4)},
    },
    note_hinglish="m = 2 par kuch nahi bachta, chahe gradient koi bhi ho. Asli network ka "
    "gradient random nahi hota.",
    note_english="At m = 2 nothing is left of any gradient. The gradient of a real network "
    "is not random.",
    kind="law",
    formula="E‖σ dx‖² / ‖dout‖² = (m − 2)/m",
)
def share_of_gradient(seeds, batch_size, m, positions=()):
    shares = gradient_share(
        seeds=seeds, positions=positions, batch_sizes=(batch_size,), channels=10_000
    )
    return (1 - shares["left"][:, 0]) * m / 2


NEW_MATES = (
    "relative change of the logits of 8 digits, untrained 3×100 net, when all others in "
    "the batch are exchanged"
)


@claim(
    hinglish="Layer norm mein ek sample ka output baaki batch par depend nahi karta.",
    english="With layer norm, a sample's output does not depend on its batch mates.",
    source="Ba, Kiros & Hinton 2016, section 3",
    effect=f"{NEW_MATES}, or the mode changed instead",
    at_most=SAME,
    yes={case: {"case": case} for case in ("train", "eval", "train to eval")},
    kind="identity",
    formula="LN(x)ᵢ = LN(xᵢ)",
)
def ln_ignores_batch_mates(seeds, case):
    return other_mates(rows=("layer",), seeds=seeds)["layer"][case]


@claim(
    hinglish="Batch norm mein ek sample ka output baaki batch par depend karta hai.",
    english="With batch norm, a sample's output depends on its batch mates.",
    source="Ioffe & Szegedy 2015, section 3 (an activation depends on the other examples) "
    "and section 3.1 (at inference it does not)",
    effect=NEW_MATES,
    at_least=0.05,
    yes={
        "training mode, batch of 32": {"case": "train"},
        "training mode, batch of 360": {"case": "train", "exchanged": 352},
    },
    no={"evaluation mode, batch of 32": {"case": "eval"}},
)
def bn_depends_on_batch_mates(seeds, case, **batch):
    return other_mates(rows=("batch",), seeds=seeds, **batch)["batch"][case]


def _moved(norm, case, seeds):
    return padding(rows=(norm,), seeds=seeds)[norm][case]


COUNTED = {"padding counted": {"norm": "batch"}}
MASKED_OUT = {"padding masked out": {"norm": "masked batch"}}


@claim(
    hinglish="Padding se batch norm mein asli positions ka output badal jaata hai.",
    english="In sequences, padding changes batch norm's output at real positions.",
    source="SEED: Layer Normalization, for RNNs and sequence models; the documentation "
    "of tf.keras warns of padding, too",
    effect="relative change at the real positions when the padding grows from 0 to 8; the "
    "8 rows of a digit as a sequence",
    at_least=0.2,
    yes=COUNTED,
    no=MASKED_OUT,
)
def padding_changes_bn(seeds, norm):
    return _moved(norm, "more padding", seeds)


@claim(
    hinglish="Batch norm mein sequence ka output mates ki length par depend karta hai.",
    english="With batch norm, a sequence's output depends on the lengths of its mates.",
    source="SEED: Layer Normalization; compare Ba, Kiros & Hinton 2016, sections 1 and "
    "3.1 (batch norm in RNNs)",
    effect="relative change of full sequences when their mates are cut to 3 of 8 rows of a "
    "digit, 28 of 32 sequences",
    at_least=0.05,
    yes=COUNTED | MASKED_OUT,
    note_hinglish="Padding mask karne par bhi fark rehta hai, kyunki batch mein tokens hi "
    "alag hain.",
    note_english="A difference is left even with the padding masked out, since other "
    "tokens are in the batch.",
)
def mates_lengths_change_bn(seeds, norm):
    return _moved(norm, "shorter mates", seeds)


@claim(
    hinglish="Har token par layer norm, padding aur mates ki lengths se nahi badalta.",
    english="Layer norm on each token is untouched by padding and lengths of mates.",
    source="Ba, Kiros & Hinton 2016, section 3.1; SEED: Layer Normalization",
    effect="relative change at the real positions; the 8 rows of a digit as a sequence",
    at_most=SAME,
    yes={case: {"case": case} for case in ("more padding", "shorter mates")},
    kind="identity",
    formula="LN(x)ₙₗ = LN(xₙₗ)",
)
def ln_ignores_padding(seeds, case):
    return _moved("layer", case, seeds)


CHANGES = {
    "contrast × 0.5": {"contrast": 0.5},
    "contrast × 2": {"contrast": 2.0},
    "brightness + 0.2": {"brightness": 0.2},
}


@claim(
    hinglish="Instance norm image ka contrast aur brightness hata deta hai.",
    english="Instance norm removes an image's contrast and brightness.",
    source="Ulyanov, Vedaldi & Lempitsky 2016; SEED: Instance Normalization",
    effect="relative change of the changed images' output, eps almost 0",
    at_most=SAME,
    yes=CHANGES | {"contrast × 0.005": {"contrast": 0.005}},
    note_hinglish="Asli eps ke saath contrast √eps se kaafi bada hona chahiye.",
    note_english="With a usual eps, the contrast must be well above √eps.",
    kind="identity",
    formula="IN(a x + b) = IN(x), a > 0, up to eps",
)
def in_removes_contrast(seeds, **change):
    table = contrast_change(rows=("instance",), seeds=seeds, eps=1e-15, **change)
    return table["instance"]


@claim(
    hinglish="Batch norm image ka apna contrast aur brightness nahi hatata.",
    english="Batch norm does not remove an image's own contrast and brightness.",
    source="Ulyanov, Vedaldi & Lempitsky 2016; SEED: Instance Normalization",
    effect="relative change of the changed images' output, half of the batch changed",
    at_least=0.15,
    yes=CHANGES,
)
def bn_keeps_contrast(seeds, **change):
    return contrast_change(rows=("batch",), seeds=seeds, **change)["batch"]


def _instance_lead(seeds, **task):
    table = contrast_task(seeds=seeds, **task)
    return table["instance"] - table["batch"]


@claim(
    hinglish="Class poori image ke contrast mein hi ho, toh instance norm ke baad kuch "
    "nahi bachta.",
    english="If the class is in the contrast of the whole image, instance norm leaves "
    "nothing to learn.",
    source="SEED: Instance Normalization; follows from its definition",
    effect="test accuracy with batch norm minus that with instance norm, norm on the image "
    "itself, one hidden layer; dimmed digits to be told from the others",
    at_least=0.2,
    yes={"the whole image dimmed": {}},
    no={"its upper half dimmed": {"rows_dimmed": 4}},
)
def in_cannot_learn_contrast(seeds, **task):
    return -_instance_lead(seeds, task="class", **task)


@claim(
    hinglish="Test mein contrast ya brightness badle, toh instance norm wala net batch "
    "norm se behtar rehta hai.",
    english="When contrast or brightness change in the test, instance norm copes better "
    "than batch norm.",
    source="here; after Ulyanov, Vedaldi & Lempitsky 2016 (there for "
    "stylization); SEED: Instance Normalization",
    effect="test accuracy with instance norm minus that with batch norm, norm on the image "
    "itself, one hidden layer",
    at_least=0.15,
    yes={
        "contrast × 0.1": {"contrast": 0.1, "brightness": 0.0},
        "brightness + 2": {"contrast": 1.0, "brightness": 2.0},
        "contrast × 0.25, brightness + 1": {"contrast": 0.25, "brightness": 1.0},
    },
    no={
        "nothing changed": {"contrast": 1.0, "brightness": 0.0},
        "contrast × 2": {"contrast": 2.0, "brightness": 0.0},
        "contrast × 0.5": {"contrast": 0.5, "brightness": 0.0},
    },
    unclear={"brightness + 0.5": {"contrast": 1.0, "brightness": 0.5}},
    seeds=range(10),
    note_hinglish="Kitna behtar, yeh seed par bahut depend karta hai.",
    note_english="How much better depends a lot on the seed.",
)
def in_survives_contrast_change(seeds, contrast, brightness):
    return _instance_lead(seeds, contrast=contrast, brightness=brightness)


SMALL_WEIGHTS = {"3 layers, ReLU, std 0.01, lr 0.3": {"std": 0.01, "lr": 0.3}}
SMALL_WEIGHTS_LARGE_LR = {"3 layers, ReLU, std 0.01, lr 1": {"std": 0.01, "lr": 1.0}}
SIGMOID = {
    "3 layers, sigmoid, std 0.1, lr 0.5": {
        "activation": "sigmoid",
        "std": 0.1,
        "lr": 0.5,
        "steps": 150,
    }
}
DEEP = {"15 layers, ReLU, He, lr 0.3": {"depth": 15, "lr": 0.3}}
LARGE_LR = {"3 layers, ReLU, He, lr 3": {"lr": 3.0}}
PARTS = "100 units a layer, 100 steps with ReLU and 150 with sigmoid"


def _gain(norm, best, seeds, **training):
    table = accuracy(rows=("plain", norm, best), seeds=seeds, **training)
    return _share_of_gain(table[norm], table["plain"], table[best])


@claim(
    hinglish="RMSNorm se utna hi fayda hai jitna layer norm se.",
    english="RMSNorm gains as much as layer norm.",
    source="Zhang & Sennrich 2019, abstract (there in translation models and others)",
    effect=f"test accuracy of RMSNorm: 0 is a net without a norm, 1 is layer norm; {PARTS}",
    at_least=0.85,
    yes=SMALL_WEIGHTS | SIGMOID,
    unclear=SMALL_WEIGHTS_LARGE_LR,
    seeds=range(5),
    note_hinglish="Paper ke models yahan nahi chale, aur speed measure nahi hui.",
    note_english="The paper's models were not tried, and speed was not measured.",
)
def rms_as_good_as_ln(seeds, **training):
    return _gain("rms", "layer", seeds, **training)


@claim(
    hinglish="Mean zero ho toh RMSNorm aur layer norm ka output ek hi hai.",
    english="At mean zero, RMSNorm and layer norm give the same output.",
    source="Zhang & Sennrich 2019, section 4",
    effect="relative change of the output from layer norm to RMSNorm",
    at_most=SAME,
    yes={"mean 0": {}},
    note_hinglish="Yeh sirf output ki baat hai, gradient ki nahi.",
    note_english="This is about the output, not the gradient.",
    kind="identity",
    formula="RMSNorm(x − mean(x)) = LN(x)",
)
def rms_is_ln_at_mean_zero(seeds):
    return [rms_against_layer(seed, offset=0.0) for seed in seeds]


@claim(
    hinglish="Batch norm ka zyadatar fayda sirf mean minus karne se mil jaata hai.",
    english="Subtracting the mean alone gives most of what batch norm gains.",
    source="Salimans & Kingma 2016, sections 4 and 5.1 (there with weight normalization)",
    effect="test accuracy with only the mean subtracted: 0 is a net without a norm, 1 is "
    f"full batch norm; {PARTS}",
    at_least=0.7,
    yes=DEEP,
    no=LARGE_LR | SMALL_WEIGHTS | SIGMOID,
    note_hinglish="Weight normalization ke bina measure kiya gaya.",
    note_english="Measured without weight normalization.",
)
def mean_only_is_enough(seeds, **training):
    return _gain("mean only", "batch", seeds, **training)


@claim(
    hinglish="Batch norm ka zyadatar fayda sirf std se divide karne se mil jaata hai.",
    english="Dividing by the standard deviation alone gives most of what batch norm gains.",
    source="here: Ioffe & Szegedy 2015, Algorithm 1, without the mean",
    effect="test accuracy with only the division: 0 is a net without a norm, 1 is full "
    f"batch norm; {PARTS}",
    at_least=0.7,
    yes=SMALL_WEIGHTS | SIGMOID,
    no=DEEP | LARGE_LR,
)
def std_only_is_enough(seeds, **training):
    return _gain("std only", "batch", seeds, **training)


@claim(
    hinglish="Batch norm mein mean minus karna, divide karne se zyada kaam ka hai.",
    english="In batch norm, subtracting the mean does more than dividing.",
    source="here; suggested by Salimans & Kingma 2016, section 4",
    effect=f"test accuracy of mean-only minus that of std-only batch norm; {PARTS}",
    at_least=0.1,
    yes=DEEP,
    no=LARGE_LR | SMALL_WEIGHTS | SIGMOID,
)
def mean_matters_more(seeds, **training):
    table = accuracy(rows=("mean only", "std only"), seeds=seeds, **training)
    return table["mean only"] - table["std only"]


@claim(
    hinglish="Ek group ka group norm layer norm hai, aur C groups ka instance norm.",
    english="Group norm with one group is layer norm, with C groups instance norm.",
    source="Wu & He 2018, section 3.1",
    effect="relative change of the output, input (4, 6, 5, 5), layer norm over (C, H, W)",
    at_most=SAME,
    yes={case: {"case": case} for case in ("one group", "C groups")},
    note_hinglish="Bina gamma aur beta ke: un parameters ki shape alag hoti hai.",
    note_english="Without gamma and beta, whose shapes differ.",
    kind="identity",
    formula="GN₁ = LN, GN_C = IN",
)
def gn_extremes(seeds, case):
    return [group_norm_extremes(seed)[case] for seed in seeds]


TRANSFORMER = "6 layers, Adam, 100 steps, the 8 rows of a digit as a sequence"
WARM_UP = 80


@claim(
    hinglish="Transformer ko learning rate ka warm-up chahiye.",
    english="A transformer needs a warm-up of the learning rate.",
    source="Xiong et al. 2020, abstract: post-LN does, pre-LN does not",
    effect=f"test accuracy with a warm-up of {WARM_UP} steps minus that without; "
    f"{TRANSFORMER}",
    at_least=0.2,
    yes={"post-LN, lr 0.01": {"row": "post-LN", "lr": 0.01}},
    no={
        "pre-LN, lr 0.01": {"row": "pre-LN", "lr": 0.01},
        "post-LN, lr 0.001": {"row": "post-LN", "lr": 0.001},
    },
)
def warm_up_needed(seeds, row, lr):
    with_it, without = (
        transformer(rows=(row,), seeds=seeds, lr=lr, warm_up=steps)[row]
        for steps in (WARM_UP, 0)
    )
    return with_it - without


@claim(
    hinglish="Pre-LN wala transformer post-LN wale se behtar seekhta hai.",
    english="A pre-LN transformer learns better than a post-LN one.",
    source="Xiong et al. 2020, abstract: without warm-up, pre-LN is as good as post-LN "
    "with it",
    effect=f"test accuracy of pre-LN minus that of post-LN, lr 0.01; {TRANSFORMER}",
    at_least=0.25,
    yes={"without warm-up": {"warm_up": 0}},
    no={f"warm-up of {WARM_UP} steps": {"warm_up": WARM_UP}},
)
def pre_ln_beats_post_ln(seeds, warm_up):
    table = transformer(seeds=seeds, warm_up=warm_up)
    return table["pre-LN"] - table["post-LN"]
