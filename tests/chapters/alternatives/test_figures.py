"""Each figure of the chapter on other norms shows the numbers it was given."""

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bn_lib.chapters.alternatives import figures as alternatives
from bn_lib.course import figure
from bn_lib.course.experiment import Table
from bn_lib.functional import group_norm, instance_norm, layer_norm, normalize

CUBES = ("batch", "layer", "instance", "group")


@pytest.fixture
def ax():
    with mpl.rc_context():
        figure.style()
        fig, ax = plt.subplots()
        yield ax
        plt.close(fig)


def made_up(*rows, least=0.2, **options):
    """Fill a table of two seeds with numbers that are all different."""
    values = np.linspace(least, 0.9, 2 * len(rows)).reshape(-1, 2)
    return Table(dict(zip(rows, values, strict=True)), "made up", options, (0, 1))


def dots(ax, marker):
    lines = [line for line in ax.lines if line.get_marker() == marker]
    return sorted(float(x) for line in lines for x in line.get_xdata())


def looks_of_top(ax, samples=3, channels=4):
    """Return the colours of the upper face, shape (N, C, 4)."""
    faces = [cell.get_facecolor() for cell in ax.patches[: samples * channels]]
    return np.reshape(faces, (samples, channels, 4))


@pytest.mark.parametrize("norm", CUBES)
def test_cells_have_one_colour_where_the_norm_couples_them(ax, norm):
    alternatives.axes_cube(ax, norm)
    norms = {
        "batch": lambda x: normalize(x, (0, 2))[0],
        "layer": lambda x: layer_norm(x, (4, 9))[0],
        "instance": lambda x: instance_norm(x)[0],
        "group": lambda x: group_norm(x, 2)[0],
    }
    x = np.random.default_rng(0).normal(size=(3, 4, 9))
    before, colours = norms[norm](x), looks_of_top(ax)
    for n, c in np.ndindex(3, 4):
        moved = x.copy()
        moved[n, c] *= 2
        moved[n, c, 0] += 1
        coupled = (norms[norm](moved) != before).any(axis=2)
        alike = (colours == colours[n, c]).all(axis=2)
        np.testing.assert_array_equal(coupled, alike)


def test_the_three_faces_of_a_cube_agree_at_its_front_corner(ax):
    alternatives.axes_cube(ax, "group", samples=2, channels=4, positions=1)
    top, front, side = (ax.patches[i].get_facecolor()[:3] for i in (7, 11, 13))
    np.testing.assert_allclose(front, 0.94 * np.array(top))
    np.testing.assert_allclose(side, 0.84 * np.array(top))


def test_rms_norm_has_the_sets_of_layer_norm_and_its_own_name(ax):
    alternatives.axes_cube(ax, "layer")
    layer = looks_of_top(ax)
    ax.clear()
    alternatives.axes_cube(ax, "rms")
    np.testing.assert_array_equal(looks_of_top(ax), layer)
    assert ax.get_title() == "RMS norm"
    assert "mean square" in ax.get_xlabel()


def test_a_cube_names_its_three_axes(ax):
    alternatives.axes_cube(ax, "batch")
    assert {text.get_text() for text in ax.texts} == {"N", "C", "H,W"}


def test_a_cube_refuses_unknown_norms_and_uneven_groups(ax):
    with pytest.raises(ValueError, match="got 'weight'"):
        alternatives.axes_cube(ax, "weight")
    with pytest.raises(ValueError, match="divide 4, got 3"):
        alternatives.axes_cube(ax, "group", groups=3)


def test_batch_size_curve_draws_every_seed_and_names_every_norm(ax):
    norms = ("batch", "layer", "group")
    tables = {size: made_up(*norms, least=size / 100) for size in (2, 8, 32)}
    alternatives.batch_size_curve(ax, {"1 epoch": tables})
    drawn = [np.asarray(line.get_ydata()).tolist() for line in ax.lines]
    for norm in norms:
        runs = np.array([table[norm] for table in tables.values()])
        for values in (*runs.T, runs.mean(axis=1)):
            assert values.tolist() in drawn
    assert {text.get_text() for text in ax.texts} == {"chance", *norms}
    assert ax.get_legend() is None
    assert ax.lines[0].get_ydata()[0] == 0.1
    assert (ax.get_xscale(), ax.get_ylim()) == ("log", (0, 1))


def test_a_longer_training_keeps_the_look_of_its_norm_and_fills_its_dots(ax):
    trainings = {
        name: {
            size: made_up("batch", "layer", least=least + size / 100) for size in (2, 32)
        }
        for name, least in (("1 epoch", 0.1), ("3 epochs", 0.3))
    }
    alternatives.batch_size_curve(ax, trainings)
    for norm, marker, colour in (("batch", "o", figure.BLUE), ("layer", "^", figure.GREEN)):
        drawn = {
            line.get_markerfacecolor(): list(line.get_ydata())
            for line in ax.lines
            if line.get_marker() == marker and line.get_color() == colour
        }
        one, three = (
            [table[norm].mean() for table in tables.values()]
            for tables in trainings.values()
        )
        assert drawn == {"white": one, colour: three}
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == ["1 epoch", "3 epochs"]


def test_share_left_counts_the_values_behind_a_mean(ax):
    left = np.array([[0.0, 0.7], [0.1, 0.8]])
    tables = [
        Table({"left": left}, "share", {"positions": p, "batch_sizes": (2, 8)}, (0, 1))
        for p in ((), (4, 4))
    ]
    alternatives.share_left(ax, tables)
    laws = [list(line.get_ydata()) for line in ax.lines if line.get_linewidth() == 6]
    assert laws == [[0, 0.75], [30 / 32, 126 / 128]]
    assert {"input (N, C)", "input (N, C, 4, 4)"} < {text.get_text() for text in ax.texts}
    for line, values in zip(ax.lines[1:3], left, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), values)


def test_each_contrast_task_is_a_row_with_every_seed_in_the_colour_of_its_norm(ax):
    tables = {
        "one": made_up("batch", "layer", task="class"),
        "two, too": made_up("batch", "layer", least=0.3, task="nuisance"),
    }
    assert alternatives.contrast_tasks(ax, tables) is ax
    for norm, marker in (("batch", "o"), ("layer", "^")):
        expected = [value for table in tables.values() for value in table[norm]]
        assert dots(ax, marker) == sorted(expected)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["one", "two,\ntoo"]
    colours = {line.get_marker(): line.get_color() for line in ax.lines}
    assert (colours["o"], colours["^"]) == (figure.BLUE, figure.GREEN)


def test_each_contrast_task_has_its_own_chance_level(ax):
    tasks = {task: made_up("instance", task=task) for task in ("class", "nuisance")}
    alternatives.contrast_tasks(ax, tasks)
    dotted = [line for line in ax.lines if line.get_linestyle() == ":"]
    places = {(line.get_xdata()[0], round(line.get_ydata()[0] + 0.42)) for line in dotted}
    assert places == {(0.5, 0), (0.1, 1)}


def test_images_of_a_pair_share_black_and_white():
    fig, axs = plt.subplots(2, 2)
    image = np.array([[0.0, 1.0]])
    pairs = {"digit": (image, 0.5 * image), "norm": (image - 3, image)}
    alternatives.contrast_images(axs, pairs)
    limits = [ax.images[0].get_clim() for ax in axs.ravel()]
    assert limits == [(0, 1), (0, 1), (-3, 1), (-3, 1)]
    assert [ax.get_ylabel() for ax in axs[:, 0]] == ["digit", "norm"]
    np.testing.assert_array_equal(axs[0, 1].images[0].get_array(), [[0, 0.5]])
    plt.close(fig)


def test_no_box_of_the_decision_covers_another():
    with mpl.rc_context():
        figure.style()
        fig, ax = plt.subplots(figsize=(4.6, 5.5))
        alternatives.choose_norm(ax)
        fig.draw_without_rendering()
        written = [text for text in ax.texts if text.get_text()]
        framed = [text.get_bbox_patch() or text for text in written]
        boxes = [patch.get_window_extent() for patch in framed]
    assert len(boxes) == 4 * (2 + 2) + 1  # a question, a leaf, "yes" and "no"; the end
    for i, box in enumerate(boxes):
        assert fig.bbox.fully_contains(box.x0, box.y0)
        assert fig.bbox.fully_contains(box.x1, box.y1)
        assert not any(box.overlaps(other) for other in boxes[:i])
    plt.close(fig)


def without_text(fig):
    """Leave out what another build of the font library would draw otherwise."""
    fig.set_layout_engine("none")  # it makes room for text
    for part in fig.findobj(lambda part: isinstance(part, mpl.text.Text)) + fig.legends:
        part.set_visible(False)
    return fig


@pytest.mark.mpl_image_compare(
    baseline_dir="../../baseline", tolerance=2, style="default", savefig_kwargs={"dpi": 60}
)
def test_picture_of_the_four_cubes():
    figure.style()
    fig, axs = plt.subplots(2, 2, figsize=(4.6, 5))
    for ax, norm in zip(axs.ravel(), CUBES, strict=True):
        alternatives.axes_cube(ax, norm)
    return without_text(fig)
