"""Small data sets: handwritten digits shipped with the package, and two toys.

The digits are the 1,797-image test part of *Optical Recognition of Handwritten
Digits* by E. Alpaydin and C. Kaynak, UCI Machine Learning Repository (1998),
https://doi.org/10.24432/C50P49, licensed CC BY 4.0.

``digits.npz`` was made from the copy in scikit-learn 1.9.1::

    digits = sklearn.datasets.load_digits()
    np.savez_compressed(
        "digits.npz",
        images=digits.images.astype(np.uint8),  # (1797, 8, 8), values 0 to 16
        labels=digits.target.astype(np.uint8),  # (1797,), values 0 to 9
    )
"""

from dataclasses import dataclass
from importlib import resources

import numpy as np

from bn_lib._arguments import generator, positive_int

__all__ = ["Dataset", "load_digits", "spirals", "two_moons"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Inputs and labels, split into a training and a test part.

    Attributes
    ----------
    x_train, x_test : ndarray of float64, shape (N, ...)
        Inputs, one sample a row.
    y_train, y_test : ndarray of int64, shape (N,)
        Class of each sample, counted from 0.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def load_digits(as_images=False, centered=False, scaled=False):
    """Load the 8×8 handwritten digits, always with the same split.

    Parameters
    ----------
    as_images : bool
        Give inputs of shape (N, 1, 8, 8) for convolutions, in place of (N, 64).
    centered : bool
        Subtract the mean image of the training part from both parts. Without it most
        of the inputs' energy is that image, which a net without norms cannot remove.
    scaled : bool
        Then divide both parts by the root mean square of the training part, which is
        0.27 for centered pixels, so small that a net without norms starts slowly.

    Returns
    -------
    Dataset
        1,437 training and 360 test images, in the order of the source; the test
        part has 35 to 37 images of each class. A pixel is the share of ink in a
        4×4 block of the scanned digit, from 0 to 1. The arrays are new at each
        call, so changing them is safe.

    Notes
    -----
    The images, sorted by class, give every fifth one to the test part; no random
    numbers are used, so the split is the same under every NumPy version. The same
    13 people wrote both parts: accuracy here is higher than it would be on the
    handwriting of strangers.

    References
    ----------
    E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI
    Machine Learning Repository, 1998, https://doi.org/10.24432/C50P49 (CC BY 4.0).

    Examples
    --------
    >>> digits = load_digits()
    >>> digits.x_train.shape, digits.x_test.shape
    ((1437, 64), (360, 64))
    >>> digits.y_train[:5]
    array([1, 3, 5, 6, 7])
    """
    with resources.files(__package__).joinpath("digits.npz").open("rb") as file:
        stored = np.load(file, allow_pickle=False)
        images, labels = stored["images"], stored["labels"].astype(np.int64)
    shape = (-1, 1, 8, 8) if as_images else (-1, 64)
    x = images.reshape(shape) / 16.0
    is_test = np.zeros(len(labels), dtype=bool)
    is_test[np.argsort(labels, kind="stable")[::5]] = True
    x_train, x_test = x[~is_test], x[is_test]
    if centered:
        x_train, x_test = x_train - x_train.mean(axis=0), x_test - x_train.mean(axis=0)
    if scaled:
        size = np.sqrt(np.mean(x_train**2))
        x_train, x_test = x_train / size, x_test / size
    return Dataset(x_train, labels[~is_test], x_test, labels[is_test])


def two_moons(n, noise, rng):
    """Draw two interleaved half circles, one class each.

    Parameters
    ----------
    n : int
        Points in the training part, and again in the test part; at least 2.
    noise : float
        Standard deviation of the normal noise on both coordinates; the half circles
        have radius 1.
    rng : numpy.random.Generator
        Source of the noise and of the order.

    Returns
    -------
    Dataset
        Inputs of shape (n, 2); labels 0 (upper moon) and 1 (lower moon).

    Raises
    ------
    TypeError
        If `n` is not an int or `rng` not a Generator.
    ValueError
        If `n` or `noise` is out of range.

    Examples
    --------
    >>> moons = two_moons(100, noise=0.1, rng=np.random.default_rng(0))
    >>> moons.x_train.shape, np.bincount(moons.y_test)
    ((100, 2), array([50, 50]))
    """
    _check_toy(n, 2, noise, rng)

    def clean(along, label):
        angle = np.pi * along
        upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)  # (n, 2)
        return np.where(label[:, None] == 0, upper, [1.0, 0.5] - upper)

    return _toy(clean, n, 2, noise, rng)


def spirals(n, classes, noise, rng):
    """Draw spiral arms that start at the origin, one class each.

    Parameters
    ----------
    n : int
        Points in the training part, and again in the test part; at least `classes`.
    classes : int
        Number of arms, at least 2.
    noise : float
        Standard deviation of the normal noise on both coordinates; an arm ends at
        radius 1.
    rng : numpy.random.Generator
        Source of the noise and of the order.

    Returns
    -------
    Dataset
        Inputs of shape (n, 2); labels from 0 to ``classes - 1``.

    Raises
    ------
    TypeError
        If `n` or `classes` is not an int or `rng` not a Generator.
    ValueError
        If `n`, `classes` or `noise` is out of range.

    Examples
    --------
    >>> arms = spirals(90, classes=3, noise=0.02, rng=np.random.default_rng(0))
    >>> arms.x_train.shape, np.bincount(arms.y_train)
    ((90, 2), array([30, 30, 30]))
    """
    if positive_int(classes, "classes") < 2:
        raise ValueError(f"expected at least 2 classes, got {classes}")
    _check_toy(n, classes, noise, rng)

    def clean(along, label):
        angle = 4.0 * along + 2.0 * np.pi * label / classes
        return along[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)

    return _toy(clean, n, classes, noise, rng)


def _check_toy(n, classes, noise, rng):
    if positive_int(n, "n") < classes:
        raise ValueError(f"expected n of at least {classes}, one a class, got {n}")
    if not 0.0 <= noise < np.inf:
        raise ValueError(f"expected a finite noise of 0 or more, got {noise}")
    generator(rng)


def _toy(clean, n, classes, noise, rng):
    """Sample a curve ``clean(along, label)`` twice, with `along` in [0, 1]."""

    def draw():
        y = rng.permutation(np.arange(n) % classes)
        x = clean(rng.uniform(size=n), y)  # (n, 2)
        return x + rng.normal(0.0, noise, x.shape), y

    return Dataset(*draw(), *draw())
