"""Claims of the chapter on scale: gradients in parts, and statistics over machines."""

from bn_lib.chapters.scale.experiments import accumulation, synchronization
from bn_lib.course.claim import claim

# Numbers that are the same up to the rounding of float64.
SAME = 1e-9
PARTS = {
    "4 × 15 in place of 60": {"parts": 4, "batch_size": 60},
    "2 × 30 in place of 60": {"parts": 2, "batch_size": 60},
}


@claim(
    hinglish="BN wale net mein chhote batches ke gradients jodna bade batch ke barabar "
    "nahi.",
    english="With BN, accumulating the gradients of small batches is not one large batch.",
    source="public threads, such as Accumulating Gradients in the fast.ai forum",
    effect="relative change of the gradient, from one batch to the mean over its parts; "
    "untrained 3×100 net",
    at_least=0.3,
    yes=PARTS,
    no={"4 × 180 in place of 720": {"parts": 4, "batch_size": 720}},
    note_hinglish="Har part apne mean aur variance se normalize hota hai. Part bada ho toh "
    "uske statistics poore batch ke paas hote hain.",
    note_english="Each part is normalized with its own mean and variance. In a large part "
    "they are close to those of the whole batch.",
)
def accumulation_is_no_large_batch(seeds, **split):
    return accumulation(rows=("batch",), seeds=seeds, **split)["batch"]


@claim(
    hinglish="Group norm, layer norm ya frozen BN ke saath chhote batches ke gradients "
    "jodna ek bada batch hi hai.",
    english="With group norm, layer norm or frozen BN, accumulating the gradients of small "
    "batches is one large batch.",
    source="Ba, Kiros & Hinton 2016, section 3, and Wu & He 2018, section 3: no sample "
    "looks at another",
    effect="relative change of the gradient, from a batch of 60 to the mean over 4 parts; "
    "untrained 3×100 net",
    at_most=SAME,
    yes={
        "group norm": {"norm": "group"},
        "layer norm": {"norm": "layer"},
        "no norm": {"norm": "plain"},
        "BN in evaluation mode": {"norm": "batch", "frozen": True},
    },
    note_hinglish="Parts barabar hon, warna har ek ko uske size se weight karo.",
    note_english="For parts of equal size; otherwise weight each by its size.",
    kind="identity",
    formula="∇L = (∇L₁ + … + ∇L_K) / K",
)
def accumulation_without_bn(seeds, norm, **mode):
    return accumulation(rows=(norm,), seeds=seeds, **mode)[norm]


SPLITS = {
    "4 × 15": {"sizes": (15, 15, 15, 15)},
    "1 + 5 + 10 + 44": {"sizes": (1, 5, 10, 44)},
    "1 + 5 + 10 + 44 images of 4 × 4": {"sizes": (1, 5, 10, 44), "positions": (4, 4)},
}


@claim(
    hinglish="Parts ke count, mean aur variance se poore batch ka mean aur variance exact "
    "milta hai.",
    english="The counts, means and variances of the parts give the mean and variance of "
    "the whole batch exactly.",
    source="Chan, Golub & LeVeque 1979",
    effect="relative change from the whole batch to the merged parts, of the mean or of "
    "the variance, whichever is larger",
    at_most=SAME,
    yes=SPLITS,
    note_hinglish="Sirf variances ka average kam padta hai: parts ke means ke beech ka "
    "variance chhoot jaata hai.",
    note_english="The average of the variances alone is too small: the variance between "
    "the means of the parts is missing.",
    kind="identity",
    formula="σ² = Σ nₖ (σₖ² + (μₖ − μ)²) / Σ nₖ",
)
def moments_merge(seeds, **split):
    table = synchronization(seeds=seeds, **split)
    return table["mean"].clip(table["variance"])


@claim(
    hinglish="Kai machines par synchronized BN ek hi bade batch ka BN hai.",
    english="Synchronized BN over several machines is BN of one large batch.",
    source="Peng et al. 2018 (MegDet), on Cross-GPU Batch Normalization",
    effect="relative change from the whole batch to the parts, of the output or of the "
    "gradient by the input, whichever is larger",
    at_most=SAME,
    yes=SPLITS,
    note_hinglish="Machines yahan ek hi process ki list hain; speed measure nahi hui.",
    note_english="Here the machines are a list in one process; speed was not measured.",
    kind="identity",
    formula="SyncBN(x₁, …, x_K) = BN(x)",
)
def sync_bn_is_one_batch(seeds, **split):
    table = synchronization(seeds=seeds, **split)
    return table["output"].clip(table["gradient"])


@claim(
    hinglish="Sync ke bina, jab har machine apne statistics use kare, output badal jaata "
    "hai.",
    english="Without synchronization, when each machine uses its own statistics, the "
    "output is another one.",
    source="Peng et al. 2018 (MegDet), on Cross-GPU Batch Normalization",
    effect="relative change of the output from the whole batch to parts normalized alone; "
    "normal data",
    at_least=0.2,
    yes={
        "4 × 15": {"sizes": (15,) * 4, "spread": 0.0},
        "4 × 15, another mean on each machine": {"sizes": (15,) * 4, "spread": 1.0},
    },
    no={"4 × 180": {"sizes": (180,) * 4, "spread": 0.0}},
)
def machines_alone(seeds, **split):
    return synchronization(seeds=seeds, **split)["alone"]
