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
from bn_lib.course.claim import claim

MLP = {"net": "mlp", "lr": 0.1}
CONVOLUTIONS = {"net": "patches", "lr": 0.4}
# Outputs that are the same up to the rounding of float64.
SAME = 1e-9


def _learned(norm, batch_size, seeds, net, lr, epochs=1):
    """Test accuracy after some epochs."""
    options = same_samples(batch_size, epochs, lr)
    return accuracy(rows=(norm,), seeds=seeds, net=net, **options)[norm]


@claim(
    hinglish="Batch size 2 par batch norm ki accuracy gir jaati hai.",
    english="With batches of 2, batch norm loses accuracy.",
    source="Wu & He 2018, Figure 1; SEED: batch size should not be too small",
    effect="test accuracy with batches of 32 minus that with batches of 2, learning rate "
    "in proportion to the batch size",
    at_least=0.2,
    yes={
        "3×100 net, 1 epoch": MLP | {"epochs": 1},
        "3×100 net, 3 epochs": MLP | {"epochs": 3},
    },
    no={
        "convolutions, 1 epoch": CONVOLUTIONS | {"epochs": 1},
        "convolutions, 3 epochs": CONVOLUTIONS | {"epochs": 3},
    },
    note_hinglish="3×100 net mein har mean sirf batch par hai, convolutions mein positions "
    "par bhi.",
    note_english="In the 3×100 net each mean is over the batch alone, in the convolutions "
    "over positions too.",
)
def bn_loses_at_batch_2(seeds, **training):
    large, small = (_learned("batch", size, seeds, **training) for size in (32, 2))
    return large - small


@claim(
    hinglish="Layer norm aur group norm batch size 2 par utna hi accha seekhte hain.",
    english="Layer norm and group norm learn as well with batches of 2.",
    source="Wu & He 2018, Figure 1 (group norm); Ba, Kiros & Hinton 2016, section 3 "
    "(layer norm, any batch size); SEED: Group Normalization, small batch sizes",
    effect="test accuracy with batches of 2 minus that with batches of 32, learning rate "
    "in proportion to the batch size; 3×100 net, 1 epoch",
    at_least=-0.05,
    yes={norm: {"norm": norm} for norm in ("layer", "group")},
)
def ln_gn_keep_accuracy_at_batch_2(seeds, norm):
    small, large = (_learned(norm, size, seeds, **MLP) for size in (2, 32))
    return small - large


@claim(
    hinglish="Batch size 2 par group norm, batch norm se behtar hai.",
    english="With batches of 2, group norm is better than batch norm.",
    source="Wu & He 2018, Figure 1; SEED: Group Normalization, small batch sizes",
    effect="test accuracy of group norm minus that of batch norm, batches of 2",
    at_least=0.2,
    yes={"3×100 net, 1 epoch": MLP | {"epochs": 1}},
    no={
        "convolutions, 1 epoch": CONVOLUTIONS | {"epochs": 1},
        "convolutions, 3 epochs": CONVOLUTIONS | {"epochs": 3},
    },
    note_hinglish="3×100 net mein BN ka har mean sirf batch par hai, convolutions mein "
    "positions par bhi.",
    note_english="In the 3×100 net each mean of BN is over the batch alone, in the "
    "convolutions over positions too.",
)
def gn_beats_bn_at_batch_2(seeds, **training):
    group, batch = (_learned(norm, 2, seeds, **training) for norm in ("group", "batch"))
    return group - batch


@claim(
    hinglish="Batch size 2 par batch norm se lagbhag koi gradient nahi guzarta.",
    english="In a batch of 2, almost no gradient comes through batch norm.",
    source="here; follows from the backward pass in Ioffe & Szegedy 2015, section 3",
    effect="share of a random normal gradient's squared length that is removed, apart from "
    "the scale 1/σ",
    at_least=0.9,
    yes={"(N, C)": {"positions": ()}},
    no={"(N, C, 4, 4)": {"positions": (4, 4)}},
    note_hinglish="Positions ho toh ek channel ki zyada values hain.",
    note_english="With positions a channel has more values.",
)
def batch_of_2_has_no_gradient(seeds, positions):
    shares = gradient_share(seeds=seeds, positions=positions, batch_sizes=(2,))
    return 1 - shares["left"][:, 0]


@claim(
    hinglish="Batch norm gradient ka (m − 2)/m hissa hi aage jaane deta hai.",
    english="Batch norm lets a share (m − 2)/m of the gradient through.",
    source="here; follows from the backward pass in Ioffe & Szegedy 2015, section 3",
    effect="share of a random normal gradient's squared length that comes through, apart "
    "from the scale 1/σ, minus (m − 2)/m",
    within=(-0.05, 0.05),
    yes={f"m = {m}": {"m": m} for m in (2, 4, 8, 32)},
    note_hinglish="Asli network ka gradient random nahi hota.",
    note_english="The gradient of a real network is not random.",
)
def share_of_gradient(seeds, m):
    shares = gradient_share(seeds=seeds, batch_sizes=(m,))
    return shares["left"][:, 0] - (m - 2) / m


NEW_MATES = (
    "relative change of a sample's logits; untrained 3×100 net, 24 of 32 digits exchanged"
)


@claim(
    hinglish="Layer norm mein ek sample ka output baaki batch par depend nahi karta.",
    english="With layer norm, a sample's output does not depend on its batch mates.",
    source="Ba, Kiros & Hinton 2016, section 3",
    effect=f"{NEW_MATES}, or the mode changed instead",
    at_most=SAME,
    yes={case: {"case": case} for case in ("train", "eval", "train to eval")},
)
def ln_ignores_batch_mates(seeds, case):
    return other_mates(rows=("layer",), seeds=seeds)["layer"][case]


@claim(
    hinglish="Batch norm mein ek sample ka output baaki batch par depend karta hai.",
    english="With batch norm, a sample's output depends on its batch mates.",
    source="Ioffe & Szegedy 2015, section 3.4",
    effect=NEW_MATES,
    at_least=0.1,
    yes={"train": {"case": "train"}},
    no={"eval": {"case": "eval"}},
)
def bn_depends_on_batch_mates(seeds, case):
    return other_mates(rows=("batch",), seeds=seeds)["batch"][case]


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
    at_least=0.04,
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
    note_hinglish="Sirf norm ka output dekha gaya, train kiya hua sequence model nahi.",
    note_english="Measured on the norm's output, not on a trained sequence model.",
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
    effect="relative change of the changed images' output",
    at_most=0.02,
    yes=CHANGES,
    no={"contrast × 0.005": {"contrast": 0.005}},
    note_hinglish="Contrast √eps se kaafi bada hona chahiye: × 0.005 par output eps decide "
    "karta hai.",
    note_english="The contrast must be well above √eps: at × 0.005, eps decides about the "
    "output.",
)
def in_removes_contrast(seeds, **change):
    return contrast_change(rows=("instance",), seeds=seeds, **change)["instance"]


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
    hinglish="Class contrast mein hi ho, toh instance norm ke baad kuch nahi bachta.",
    english="If the class is in the contrast, instance norm leaves nothing to learn.",
    source="SEED: Instance Normalization; follows from its definition",
    effect="test accuracy with batch norm minus that with instance norm, norm on the image "
    "itself; digits of full and half contrast to be told apart",
    at_least=0.2,
    yes={"one hidden layer": {}},
)
def in_cannot_learn_contrast(seeds):
    return -_instance_lead(seeds, task="class")


@claim(
    hinglish="Test mein contrast ya brightness badle, toh instance norm wala net batch "
    "norm se behtar rehta hai.",
    english="When contrast or brightness change in the test, instance norm copes better "
    "than batch norm.",
    source="here; after Ulyanov, Vedaldi & Lempitsky 2016 (there for "
    "stylization); SEED: Instance Normalization",
    effect="test accuracy with instance norm minus that with batch norm, norm on the image "
    "itself, one hidden layer",
    at_least=0.0,
    yes={
        "contrast × 0.5": {"contrast": 0.5, "brightness": 0.0},
        "brightness + 0.5": {"contrast": 1.0, "brightness": 0.5},
        "both": {"contrast": 0.5, "brightness": 0.5},
    },
    seeds=range(5),
    note_hinglish="Kitna behtar, yeh seed par bahut depend karta hai.",
    note_english="How much better depends a lot on the seed.",
)
def in_survives_contrast_change(seeds, contrast, brightness):
    return _instance_lead(seeds, contrast=contrast, brightness=brightness)


@claim(
    hinglish="RMSNorm ki accuracy layer norm ke barabar hai.",
    english="RMSNorm is as accurate as layer norm.",
    source="Zhang & Sennrich 2019, abstract",
    effect="test accuracy of RMSNorm minus that of layer norm; ReLU, lr 0.1, 200 steps",
    within=(-0.04, 0.04),
    yes={"3×100 net": {"lr": 0.1, "steps": 200, "batch_size": 32}},
    seeds=range(5),
    note_hinglish="Paper ke translation models yahan nahi chale.",
    note_english="The paper's translation models were not tried.",
)
def rms_as_good_as_ln(seeds, **training):
    table = accuracy(rows=("rms", "layer"), seeds=seeds, **training)
    return table["rms"] - table["layer"]


@claim(
    hinglish="Mean zero ho toh RMSNorm aur layer norm ka output ek hi hai.",
    english="At mean zero, RMSNorm and layer norm give the same output.",
    source="Zhang & Sennrich 2019, section 4",
    effect="relative change of the output from layer norm to RMSNorm",
    at_most=SAME,
    yes={"mean 0": {"offset": 0.0}},
    no={"mean of one standard deviation": {"offset": 1.0}},
    note_hinglish="Yeh sirf output ki baat hai, gradient ki nahi.",
    note_english="This is about the output, not the gradient.",
)
def rms_is_ln_at_mean_zero(seeds, offset):
    return [rms_against_layer(seed, offset) for seed in seeds]


RELU_LARGE_LR = {"ReLU, He, lr 1": {"lr": 1.0}}
SMALL_WEIGHTS = {"ReLU, std 0.01, lr 0.3": {"std": 0.01, "lr": 0.3}}
SIGMOID = {
    "sigmoid, std 0.1, lr 0.5": {
        "activation": "sigmoid",
        "std": 0.1,
        "lr": 0.5,
        "steps": 150,
    }
}
PARTS = "3×100 net, 100 steps with ReLU and 150 with sigmoid"


def _lead(norm, other, seeds, **training):
    table = accuracy(rows=(norm, other), seeds=seeds, **training)
    return table[norm] - table[other]


@claim(
    hinglish="Sirf mean minus karna poore batch norm jitna accha hai.",
    english="Subtracting the mean alone is as good as full batch norm.",
    source="Salimans & Kingma 2016, sections 4 and 5.1 (there with weight normalization)",
    effect=f"test accuracy of mean-only minus that of full batch norm; {PARTS}",
    at_least=-0.05,
    yes=RELU_LARGE_LR,
    no=SMALL_WEIGHTS | SIGMOID,
    note_hinglish="Weight normalization ke bina naapa gaya.",
    note_english="Measured without weight normalization.",
)
def mean_only_is_enough(seeds, **training):
    return _lead("mean only", "batch", seeds, **training)


@claim(
    hinglish="Sirf std se divide karna poore batch norm jitna accha hai.",
    english="Dividing by the standard deviation alone is as good as full batch norm.",
    source="here: Ioffe & Szegedy 2015, Algorithm 1, without the mean",
    effect=f"test accuracy of std-only minus that of full batch norm; {PARTS}",
    at_least=-0.05,
    no=RELU_LARGE_LR | SMALL_WEIGHTS | SIGMOID,
    note_hinglish="Sigmoid net mein kitna peeche, yeh seed par bahut depend karta hai.",
    note_english="How far behind in the sigmoid net depends a lot on the seed.",
)
def std_only_is_enough(seeds, **training):
    return _lead("std only", "batch", seeds, **training)


@claim(
    hinglish="Batch norm mein mean minus karna, divide karne se zyada kaam ka hai.",
    english="In batch norm, subtracting the mean does more than dividing.",
    source="here; suggested by Salimans & Kingma 2016, section 4",
    effect=f"test accuracy of mean-only minus that of std-only; {PARTS}",
    at_least=0.1,
    yes=RELU_LARGE_LR,
    no=SMALL_WEIGHTS | SIGMOID,
    note_hinglish="Jahan divide karna zyada kaam ka hai, wahan kitna, yeh seed par bahut "
    "depend karta hai.",
    note_english="Where dividing does more, how much more depends a lot on the seed.",
)
def mean_matters_more(seeds, **training):
    return _lead("mean only", "std only", seeds, **training)


@claim(
    hinglish="Ek group ka group norm layer norm hai, aur C groups ka instance norm.",
    english="Group norm with one group is layer norm, with C groups instance norm.",
    source="Wu & He 2018, section 3.1",
    effect="relative change of the output, input (4, 6, 5, 5), layer norm over (C, H, W)",
    at_most=SAME,
    yes={case: {"case": case} for case in ("one group", "C groups")},
    note_hinglish="Bina gamma aur beta ke: un parameters ki shape alag hoti hai.",
    note_english="Without gamma and beta, whose shapes differ.",
)
def gn_extremes(seeds, case):
    return [group_norm_extremes(seed)[case] for seed in seeds]
