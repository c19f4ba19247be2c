import hashlib

import numpy as np
import pytest

from bn_lib.data import load_digits, spirals, two_moons


def rng():
    return np.random.default_rng(0)


def digest(x):
    return hashlib.sha256(np.ascontiguousarray(x).tobytes()).hexdigest()[:16]


def test_digits_are_the_published_ones_in_the_fixed_split():
    digits = load_digits()
    ink = [np.rint(x * 16).astype(np.uint8) for x in (digits.x_train, digits.x_test)]
    labels = [y.astype(np.uint8) for y in (digits.y_train, digits.y_test)]
    assert [digest(x) for x in ink] == ["bf2b3910a03b69f5", "3c05733c55d71010"]
    assert [digest(y) for y in labels] == ["970cadb89f4956ed", "28beeed8f5e51f11"]


def test_digits_have_the_documented_shapes_and_types():
    digits = load_digits()
    assert (digits.x_train.shape, digits.x_test.shape) == ((1437, 64), (360, 64))
    assert (digits.y_train.shape, digits.y_test.shape) == ((1437,), (360,))
    assert digits.x_train.dtype == digits.x_test.dtype == np.float64
    assert digits.y_train.dtype == digits.y_test.dtype == np.int64


def test_digits_counts_add_up_to_those_uci_publishes():
    digits = load_digits()
    train, test = np.bincount(digits.y_train), np.bincount(digits.y_test)
    assert (train + test).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert test.tolist() == [36, 36, 36, 36, 37, 36, 36, 36, 35, 36]


def test_pixels_are_sixteenths_from_0_to_1():
    x = load_digits().x_train
    assert (x.min(), x.max()) == (0.0, 1.0)
    assert np.array_equal(x * 16, np.rint(x * 16))


def test_no_test_image_is_also_a_training_image():
    digits = load_digits()
    train = {row.tobytes() for row in digits.x_train}
    assert not any(row.tobytes() in train for row in digits.x_test)


def test_each_call_gives_fresh_arrays():
    load_digits().x_train[...] = -1.0
    assert load_digits().x_train.min() == 0.0


def test_images_are_the_rows_with_a_channel():
    flat, images = load_digits(), load_digits(as_images=True)
    assert images.x_test.shape == (360, 1, 8, 8)
    assert np.array_equal(images.x_test.reshape(360, 64), flat.x_test)


def test_scaled_digits_have_a_mean_square_of_one_in_the_training_part():
    centered, scaled = (load_digits(centered=True, scaled=s) for s in (False, True))
    size = np.sqrt(np.mean(centered.x_train**2))
    assert round(size, 2) == 0.27
    np.testing.assert_allclose(np.mean(scaled.x_train**2), 1)
    for part in ("x_train", "x_test"):
        np.testing.assert_allclose(size * getattr(scaled, part), getattr(centered, part))


@pytest.mark.parametrize("as_images", [False, True])
def test_centered_digits_lack_the_mean_image_of_the_training_part(as_images):
    raw, centered = (load_digits(as_images, c) for c in (False, True))
    mean = raw.x_train.mean(axis=0)
    np.testing.assert_allclose(centered.x_train.mean(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(centered.x_test + mean, raw.x_test, atol=1e-15)
    assert np.sum(mean**2) > 0.6 * np.mean(
        np.sum(raw.x_train**2, axis=tuple(range(1, raw.x_train.ndim)))
    )


def test_the_data_file_stays_small(request):
    path = request.config.rootpath / "bn_lib" / "digits.npz"
    assert path.stat().st_size < 80_000


@pytest.mark.parametrize(
    ("make", "classes"),
    [
        (lambda n: two_moons(n, 0.1, rng()), 2),
        (lambda n: spirals(n, 3, 0.1, rng()), 3),
    ],
)
def test_toys_are_balanced_shuffled_and_repeatable(make, classes):
    toy, again = make(300), make(300)
    assert toy.x_train.shape == toy.x_test.shape == (300, 2)
    assert np.bincount(toy.y_train).tolist() == [300 // classes] * classes
    assert np.any(np.diff(toy.y_train) < 0)
    assert not np.array_equal(toy.x_train, toy.x_test)
    for name, value in vars(toy).items():
        assert np.array_equal(value, getattr(again, name)), name


def test_moons_without_noise_lie_on_two_unit_circles():
    moons = two_moons(50, 0.0, rng())
    centre = np.where(moons.y_train[:, None] == 0, [0.0, 0.0], [1.0, 0.5])
    radius = np.linalg.norm(moons.x_train - centre, axis=1)
    np.testing.assert_allclose(radius, 1.0, rtol=1e-12)
    assert np.all(moons.x_train[moons.y_train == 0, 1] >= 0.0)
    assert np.all(moons.x_train[moons.y_train == 1, 1] <= 0.5)


def test_a_spiral_arm_is_the_first_one_turned():
    arms = spirals(90, 3, 0.0, rng())
    radius = np.linalg.norm(arms.x_train, axis=1)
    angle = 4.0 * radius + 2.0 * np.pi * arms.y_train / 3
    expected = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    np.testing.assert_allclose(arms.x_train, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: two_moons(1, 0.1, rng()), "n of at least 2.*got 1"),
        (lambda: two_moons(10, -0.1, rng()), "noise of 0 or more, got -0.1"),
        (lambda: two_moons(10, np.nan, rng()), "noise of 0 or more, got nan"),
        (lambda: spirals(10, 1, 0.1, rng()), "at least 2 classes, got 1"),
        (lambda: spirals(4, 5, 0.1, rng()), "n of at least 5.*got 4"),
    ],
)
def test_toys_refuse_numbers_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_toys_ask_for_a_generator():
    with pytest.raises(TypeError, match=r"numpy.random.Generator, got int"):
        two_moons(10, 0.1, 0)
