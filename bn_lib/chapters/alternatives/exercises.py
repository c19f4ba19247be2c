"""Exercises of the chapter on the other norms: right answers, and wrong lines."""

import numpy as np

from bn_lib.course.exercise import Exercise
from bn_lib.course.observation import Problem
from bn_lib.course.probe import alike, huge, unlike
from bn_lib.functional import normalize

__all__ = []  # `check` finds every Exercise; a right answer is printed as it stands


def values():
    batch = 8 * 5 * 5
    layer = 6 * 5 * 5
    instance = 5 * 5
    group = 2 * 5 * 5
    return batch, layer, instance, group


# For x of shape (8, 6, 5, 5) and 3 groups; no two mistakes give one output one number.
VALUES = Exercise(
    values,
    outputs=("batch", "layer", "instance", "group"),
    mistakes="""
    means-counted        batch = 6
                         layer = 8
                         instance = 48
                         group = 24
    positions-forgotten  batch = 8
                         layer = 6
                         instance = 1
                         group = 2
    one-position-axis    batch = 40
                         layer = 30
                         instance = 5
                         group = 10
    another-norm         batch = 150 | 25 | 50
                         layer = 200 | 25 | 50
                         instance = 200 | 150 | 50
                         group = 200 | 150 | 25
    all-values           batch = 1200
                         layer = 1200
                         instance = 1200
                         group = 1200
    groups-not-channels  group = 75
    over-samples         group = 400
    """,
)


def norm(x, kind, groups):
    n, c, h, w = x.shape
    z = x.reshape(n, groups, c // groups, h, w)  # C in two axes
    batch = (0, 3, 4)
    layer = (1, 2, 3, 4)
    instance = (3, 4)
    group = (2, 3, 4)
    axes = {"batch": batch, "layer": layer, "instance": instance, "group": group}
    xhat, _ = normalize(z, axes[kind])
    return xhat.reshape(x.shape)


_KINDS = ("batch", "layer", "instance", "group")


def _each_kind(answer, x, groups):
    """Call a norm for each kind, and yield what comes back."""
    for kind in _KINDS:
        yield kind, answer(x, kind, groups)


def _images(shape, groups):
    """Return a case: each channel of each sample has a mean and a spread of its own."""

    def inputs(rng):
        spread = rng.uniform(0.5, 2.0, size=(*shape[:2], 1, 1))
        shift = rng.normal(0.0, 2.0, size=(*shape[:2], 1, 1))
        return {"x": shift + spread * rng.normal(size=shape), "groups": groups}

    return inputs


def _other_samples(x):
    """Change every sample but the second."""
    return x + 10 * (np.arange(len(x)) - 1).reshape(-1, *[1] * (x.ndim - 1)) ** 2


def _other_channels(x):
    """Change every channel but the first, not in all samples alike."""
    return np.concatenate([x[:, :1], _other_samples(x)[:, 1:]], axis=1)


def _by_hand(mean, std):
    """Return the line that normalizes by hand; ``a`` stands for the axes."""
    line = f"xhat, _ = (z - {mean}) / {std}, None"
    return line.replace("(a", "(axes[kind], keepdims=True")


_WRONG_HANDS = {
    "unbiased-variance": ("z.mean(a)", "np.sqrt(z.var(a, ddof=1) + 1e-5)"),
    "missing-root": ("z.mean(a)", "(z.var(a) + 1e-5)"),
    "not-divided": ("z.mean(a)", "1"),
    "wrong-sign": ("2 * z + z.mean(a)", "z.std(a)"),
}
_HAND_LINES = "\n".join(f"{name}  {_by_hand(*how)}" for name, how in _WRONG_HANDS.items())
_STRIDED = (
    "z = x.reshape(n, c // groups, groups, h, w).swapaxes(1, 2); "
    "return xhat.swapaxes(1, 2).reshape(x.shape)"
)
_LAST = "z = x.reshape(n, h, w, groups, c // groups)"

NORM = Exercise(
    norm,
    cases={
        "x (3, 6, 2, 4), 2 groups": _images((3, 6, 2, 4), 2),
        "x (4, 8, 3, 2), 4 groups": _images((4, 8, 3, 2), 4),
        "x (2, 6, 3, 3), 3 groups": _images((2, 6, 3, 3), 3),
    },
    play=_each_kind,
    probes=(
        ("groups-ignored", "group", alike({}, {"groups": 3})),
        ("batch-not-used", "batch", alike({}, {"x": _other_samples}, at=1)),
        ("over-samples", "layer instance group", unlike({}, {"x": _other_samples}, at=1)),
        (
            "channels-mixed",
            "batch instance",
            unlike({}, {"x": _other_channels}, at=(slice(None), 0)),
        ),
        ("mean-not-subtracted", " ".join(_KINDS), unlike({}, {"x": lambda x: x + 100})),
    ),
    mistakes=f"""
    {_HAND_LINES}
    mean-not-subtracted  xhat, _ = normalize(z, axes[kind], center=False)
    layer-norm           batch = (1, 2, 3, 4)
    instance-norm        batch = (3, 4)
    per-pixel            batch = 0
                         layer = (1, 2)
                         group = (2,)
    over-samples         layer = (0, 1, 2, 3, 4) | (0, 3, 4) | (0, 2, 3, 4)
                         instance = (0, 3, 4) | (0, 1, 2, 3, 4) | (0, 2, 3, 4)
                         group = (0, 2, 3, 4) | (0, 3, 4) | (0, 1, 2, 3, 4)
    global-statistics    batch = (0, 1, 2, 3, 4)
    channels-mixed       batch = (0, 2, 3, 4)
                         instance = (1, 2, 3, 4) | (2, 3, 4)
    channels-apart       layer = (3, 4)
                         group = (3, 4)
    groups-ignored       group = (1, 2, 3, 4)
    another-norm         layer = (2, 3, 4)
    channels-last-axes   batch = (0, 1, 2, 3)
                         instance = (1, 2, 3)
    wrong-axis           batch = (0, 3) | (0, 4) | (0, 1, 2, 4)
                         layer = (1, 2, 3) | (1, 2, 4) | (0, 1, 2) | (1, 3, 4)
                         instance = 3 | 4 | (0, 3) | (0, 4) | (1, 2) | (1, 2, 4)
                         group = (2, 3) | (2, 4) | (1, 2) | (1, 3, 4)
    groups-not-channels  z = x.reshape(n, c // groups, groups, h, w)
    groups-interleaved   {_STRIDED}
    axis-not-moved       {_LAST}; group = (1, 2, 4)
                         {_LAST}; batch = (0, 1, 2)
                         {_LAST}; instance = (1, 2)
    """,
)


def masked_batch_norm(x, real):
    tokens = x[real]  # (number of real tokens, C)
    mean = tokens.mean(axis=0)
    var = tokens.var(axis=0)
    xhat = (x - mean) / np.sqrt(var + 1e-5)
    return xhat * real[:, :, None]


_LENGTHS = (5, 2, 3)  # of the sequences in the first case


def _sequences(lengths, longest, features, padding=0.0):
    """Return a case: sequences of unequal lengths, filled up with one value."""

    def inputs(rng):
        shift = rng.normal(0.0, 1.5, size=(len(lengths), 1, features))
        x = 2.0 + shift + rng.normal(size=(len(lengths), longest, features))
        real = np.arange(longest) < np.reshape(lengths, (-1, 1))  # (N, L)
        return {"x": np.where(real[:, :, None], x, padding), "real": real}

    return inputs


def _padded_otherwise(x):
    """Fill the padding of the first case with something else."""
    real = np.arange(x.shape[1]) < np.reshape(_LENGTHS, (-1, 1))
    return np.where(real[:, :, None], x, 30.0)


def _shifted_otherwise(x):
    """Change every sequence but the first."""
    return x + 10.0 * np.arange(len(x)).reshape(-1, 1, 1)


# What people write for the mean of the real tokens, with x 0 at the padding.
_KEPT = "(x * real[:, :, None])"
_COUNTS = "real.sum(axis=1)[:, None]"
_MEANS = f"({_KEPT}.sum(axis=1) / {_COUNTS})"
_OWN_MEAN = f"{_MEANS}[:, None]"
_OWN_VAR = f"((((x - {_OWN_MEAN}) * real[:, :, None]) ** 2).sum(axis=1) / {_COUNTS})"
_OF_EACH_TOKEN = "mean = x.mean(axis=2)[..., None]; var = x.var(axis=2)[..., None]"
_AT_EACH = "real.sum(axis=0)[:, None].clip(1)"

MASKED = Exercise(
    masked_batch_norm,
    cases={
        "lengths 5, 2, 3 of 6": _sequences(_LENGTHS, 6, 4),
        "lengths 4, 1, 7, 2 of 7": _sequences((4, 1, 7, 2), 7, 3),
        "lengths 3, 3 of 3": _sequences((3, 3), 3, 2),
        "lengths 2, 5 of 8, padding 9": _sequences((2, 5), 8, 4, padding=9.0),
    },
    tells={"lengths 2, 5 of 8, padding 9": "padding-not-zero"},
    probes=(
        ("padding-counted", "y", unlike({}, {"x": _padded_otherwise})),
        ("per-sequence", "y", alike({}, {"x": _shifted_otherwise}, at=0)),
        ("mean-not-subtracted", "y", unlike({}, {"x": lambda x: x + 100})),
    ),
    mistakes=f"""
    padding-counted      tokens = x.reshape(-1, x.shape[2])
                         mean = x.mean(axis=(0, 1))
                         var = x.var(axis=(0, 1))
                         tokens = {_KEPT}.reshape(-1, x.shape[2])
                         mean = {_KEPT}.mean(axis=(0, 1))
                         var = (((x - mean) * real[:, :, None]) ** 2).mean(axis=(0, 1))
                         var = {_KEPT}.var(axis=(0, 1))
    mask-inverted        tokens = x[~real]
    padding-left         return xhat
    mask-inverted        return xhat * ~real[:, :, None]
    per-sequence         mean = {_OWN_MEAN}; var = {_OWN_VAR}[:, None]
    mean-of-means        mean = {_MEANS}.mean(axis=0)
                         var = {_OWN_VAR}.mean(axis=0)
                         mean = {_MEANS}.mean(axis=0); var = {_OWN_VAR}.mean(axis=0)
    per-position         mean = {_KEPT}.sum(axis=0) / {_AT_EACH}
    layer-norm           {_OF_EACH_TOKEN}
    global-statistics    axis=0 -> axis=None
    unbiased-variance    var = tokens.var(axis=0, ddof=1)
    variance-not-centered  var = (tokens**2).mean(axis=0)
    missing-root         xhat = (x - mean) / (var + 1e-5)
    not-divided          xhat = x - mean
    mean-not-subtracted  xhat = x / np.sqrt(var + 1e-5)
    brackets             xhat = x - mean / np.sqrt(var + 1e-5)
    wrong-sign           xhat = (x + mean) / np.sqrt(var + 1e-5)
                         xhat = (mean - x) / np.sqrt(var + 1e-5)
    """,
)


def rms_norm(x, gamma, eps):
    square = (x**2).mean(axis=-1, keepdims=True)  # of each token
    rms = np.sqrt(square + eps)
    return gamma * x / rms


def _tokens(shape, eps, shift=1.0):
    return lambda rng: {
        "x": shift + rng.uniform(0.6, 1.8, (*shape[:2], 1)) * rng.normal(size=shape),
        "gamma": rng.uniform(1.5, 2.5, shape[2]),
        "eps": eps,
    }


def _other_tokens(x):
    """Change every token but the first of each sequence."""
    return np.concatenate([x[:, :1], 7 * x[:, 1:]], axis=1)


_FIRST_TOKENS = (slice(None), 0)
_CENTERED = "x = x - x.mean(axis=-1, keepdims=True)"
_ONCE_LARGE, _MORE = ({"eps": 1e-9, "x": lambda x, by=by: by * x} for by in (10, 1e4))

RMS_NORM = Exercise(
    rms_norm,
    cases={
        "x (3, 4, 5), eps 0.5": _tokens((3, 4, 5), 0.5),
        "x (2, 3, 6), eps 1e-5": _tokens((2, 3, 6), 1e-5, shift=-2.0),
        "x (1, 1, 4), eps 0.5": _tokens((1, 1, 4), 0.5),
    },
    from_scratch=True,
    probes=(
        ("over-samples", "y", unlike({}, {"x": _other_samples}, at=1)),
        ("tokens-together", "y", unlike({}, {"x": _other_tokens}, at=_FIRST_TOKENS)),
        ("eps-forgotten", "y", alike({}, {"eps": huge})),
        ("parameters-forgotten", "y", alike({}, {"gamma": huge})),
        ("scale-remains", "y", unlike(_ONCE_LARGE, _MORE)),
    ),
    mistakes=f"""
    std-not-rms          square = x.var(axis=-1, keepdims=True)
    mean-left-out        {_CENTERED}; square = x.var(axis=-1)[..., None]
                         {_CENTERED}; return gamma * x / rms
    root-forgotten       rms = square + eps | square
    eps-outside-root     rms = np.sqrt(square) + eps
    eps-forgotten        rms = np.sqrt(square)
    eps-not-in-square    rms = np.sqrt(square + eps**2)
                         rms = np.sqrt(square) + np.sqrt(eps)
    not-averaged         square = (x**2).sum(axis=-1, keepdims=True)
    mean-not-rms         rms = np.abs(x).mean(axis=-1, keepdims=True) + eps
                         rms = np.abs(x).mean(axis=-1, keepdims=True)
                         rms = x.mean(axis=-1, keepdims=True)
                         rms = np.abs(x.mean(axis=-1, keepdims=True))
                         square = x.mean(axis=-1, keepdims=True) ** 2
    largest-not-rms      rms = np.abs(x).max(axis=-1, keepdims=True)
                         rms = np.abs(x).max(axis=-1, keepdims=True) + eps
    tokens-together      square = (x**2).mean(axis=(1, 2), keepdims=True)
                         square = (x**2).mean(axis=1, keepdims=True)
    over-samples         square = (x**2).mean(axis=(0, 1), keepdims=True)
                         square = (x**2).mean(axis=0, keepdims=True)
                         square = (x**2).mean()
    parameters-forgotten  return x / rms
    gamma-not-once       return x / rms + gamma | x / rms / gamma | (1 + gamma) * x / rms
                         return gamma**2 * x / rms
    multiplied-by-rms    return gamma * x * rms
    """,
)


def choose(sequence, style, batch_size, shifted):
    small = batch_size <= 4
    last = "group" if small or shifted else "batch"
    image = "instance" if style else last
    return "layer" if sequence else image


_NAMES = {
    name: number
    for number, names in enumerate(
        (("layer", "ln"), ("instance", "in"), ("group", "gn"), ("batch", "bn")), start=1
    )
    for name in names
}
_NUMBERS = "(1 layer, 2 instance, 3 group, 4 batch)"


def _named(answer, jobs):
    """Call a function that returns the name of a norm, and yield its number, job by job."""
    for job, facts in jobs.items():
        given = answer(*facts)
        if isinstance(given, str):
            words = given.lower().replace("norm", " ").split()
            number = _NAMES.get(words[0]) if len(words) == 1 else None
            given = number or Problem("not-a-norm", f"{job}: got {given!r}")
        yield f"norm for {job} {_NUMBERS}", given


def _job(sequence=False, style=False, batch_size=64, shifted=False):
    return sequence, style, batch_size, shifted


_JOBS = {
    "photos, 64 a GPU": _job(),
    "photos, 5 a GPU": _job(batch_size=5),
    "photos, 8 a GPU": _job(batch_size=8),
    "photos, 16 a GPU": _job(batch_size=16),
    "detection, 2 a GPU": _job(batch_size=2),
    "segmentation, 4 a GPU": _job(batch_size=4),
    "volumes, 3 a GPU": _job(batch_size=3),
    "photos, 1 a GPU": _job(batch_size=1),
    "photos sorted by class, 64 a GPU": _job(shifted=True),
    "shifted photos, 2 a GPU": _job(batch_size=2, shifted=True),
    "style, 16 a GPU": _job(style=True, batch_size=16),
    "style, 1 a GPU": _job(style=True, batch_size=1),
    "style, shifted, 4 a GPU": _job(style=True, batch_size=4, shifted=True),
    "style, shifted, 32 a GPU": _job(style=True, batch_size=32, shifted=True),
    "translation, 64 a GPU": _job(sequence=True),
    "chat, 2 a GPU": _job(sequence=True, batch_size=2),
    "shifted speech, 32 a GPU": _job(sequence=True, batch_size=32, shifted=True),
    "style of handwriting, 32 a GPU": _job(sequence=True, style=True, batch_size=32),
    "style of handwriting, 1 a GPU": _job(sequence=True, style=True, batch_size=1),
}
_PHOTOS = {"jobs": {"photos": _job()}}


def _ignored(**fact):
    """Return a probe for an answer that photos get whatever this fact is."""
    return alike(_PHOTOS, {"jobs": {"photos": _job(**fact)}})


_SWAPPED = 'image = "layer" if style else last; return "instance" if sequence else image'
_SMALL_FIRST = (
    'image = "instance" if style and last == "batch" else last; '
    'return "layer" if sequence and last == "batch"'
)

CHOOSE = Exercise(
    choose,
    cases={"": lambda rng: {"jobs": dict(_JOBS)}},
    play=_named,
    probes=(
        ("batch-size-ignored", "norm", _ignored(batch_size=1)),
        ("sequence-ignored", "norm", _ignored(sequence=True)),
        ("style-ignored", "norm", _ignored(style=True)),
        ("shifted-ignored", "norm", _ignored(shifted=True)),
    ),
    mistakes=f"""
    another-threshold    small = batch_size < 4 | batch_size <= 2 | batch_size < 2
                         small = batch_size < 8 | batch_size <= 8 | batch_size <= 16
                         small = batch_size <= 32 | batch_size == 2 | batch_size == 4
    batch-size-ignored   small = False
    condition-inverted   small = batch_size > 4 | batch_size >= 4
                         last = "batch" if small or shifted else "group"
                         last = "group" if small or not shifted else "batch"
                         image = last if style else "instance"
                         return image if sequence else "layer"
    both-asked           last = "group" if small and shifted else "batch"
    shifted-ignored      last = "group" if small else "batch"
    style-ignored        image = last
    sequence-ignored     return image
    order-of-questions   return "layer" if sequence and not style else image
                         return "layer" if sequence and not small else image
                         return "layer" if sequence and not shifted else image
                         return "layer" if sequence and image == "batch" else image
                         return "layer" if sequence and last == "batch" else image
                         {_SMALL_FIRST} else image
                         {_SMALL_FIRST} and not style else image
                         image = "instance" if style and not small else last
                         image = "instance" if style and not shifted else last
                         image = "instance" if style and last == "batch" else last
    norms-swapped        last = "instance" if small or shifted else "batch"
                         last = "layer" if small or shifted else "batch"
                         last = "group" if small or shifted else "layer"
                         image = "group" if style else last
                         image = "layer" if style else last
                         image = "batch" if style else last
                         return "batch" if sequence else image
                         return "group" if sequence else image
                         return "instance" if sequence else image
                         {_SWAPPED}
    always-one           return "batch" | "layer" | "group" | "instance"
    """,
)
