"""The playground in a browser: its numbers are bn_lib's, and everyone can play."""

import numpy as np
import pytest

from bn_lib import functional as F
from bn_lib.course.playground import playground
from tests.browser.reader import SMALL_PHONE, axe

PAGE = (
    '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
    "<title>Playground</title><body><main><h1>Playground</h1>{}</main>"
)
SIZE = {"width": 700, "height": 900}
STATES = """(cases) => {
  const { playground } = document.querySelector(".bn-playground");
  return cases.map((inputs) => { playground.set(inputs); return playground.state(); });
}"""
EVAL = '[data-knob="training"][value="false"]'
# JupyterLab fills a loose element, makes its scripts anew, and then shows it.
JUPYTERLAB = """(html) => {
  const host = document.createElement("div");
  host.innerHTML = html;
  for (const old of host.querySelectorAll("script")) {
    const script = document.createElement("script");
    for (const { name, value } of old.attributes) script.setAttribute(name, value);
    script.textContent = old.textContent;
    old.replaceWith(script);
  }
  document.body.append(host);
}"""
# Rules of the kind that notebooks have for the elements of an output.
HOST = """
.host dl { overflow: hidden }
.host dl dt { float: left; clear: left; width: 20%; font-weight: bold }
.host dl dd { float: left; width: 80%; margin: 0 0 1em 2em }
.host svg { max-width: 100%; height: auto }
.host table { color: #dadada; width: auto; table-layout: fixed; margin: 2em }
.host tr, .host th, .host td { padding: 0.5em; line-height: normal; white-space: normal }
.host tbody tr:nth-child(odd) { background: #ffffff }
.host tbody tr:nth-child(even), .host tbody tr:hover { background: #232323 }
.host p { margin: 2em; color: #dadada }
.host label, .host legend, .host button, .host input { margin: 1em }
"""
LOOK = """() => [...document.querySelectorAll(".bn-playground *")]
  .filter((e) => e.checkVisibility() && !e.closest("svg *"))
  .map((e) => {
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    const from = e.parentElement.getBoundingClientRect();
    const shape = [box.left, box.width, box.height, box.top - from.top].map(Math.round);
    return [e.tagName, shape, style.color, style.backgroundColor];
  })"""
# Drawn things that stick out of the screen on the right.
CUT = """() => [...document.querySelectorAll(".bn-playground *")]
  .filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth)
  .map((e) => e.outerHTML.slice(0, 80))"""


def watched(page, trouble):
    """Let a page tell what it complains of and what it asks for."""
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text))
    page.on("request", lambda request: trouble.append(request.url))
    return page


@pytest.fixture(scope="module")
def common(new_context):
    """Return one page for all tests that ask for nothing special, and its trouble."""
    trouble = []
    with new_context() as context:
        yield watched(context.new_page(), trouble), trouble


@pytest.fixture
def play(new_page, common):
    """Return a factory of pages with playgrounds; at the end nothing was complained."""
    page, trouble = common
    trouble.clear()

    def make(copies=1, **options):
        shown = watched(new_page(**options), trouble) if options else page
        shown.set_viewport_size(SIZE)
        shown.goto("about:blank")
        shown.set_content(PAGE.format(playground()._repr_html_() * copies))
        return shown

    yield make
    assert trouble == []


def state(page, which=0):
    return page.locator(".bn-playground").nth(which).evaluate("e => e.playground.state()")


def press(page, name):
    page.locator(f'[data-do="{name}"]').click()


def assert_close(shown, expected):
    np.testing.assert_allclose(shown, expected, rtol=1e-6, atol=1e-6)


def batch_norm(inputs):
    """Compute with the library what a playground with these inputs should show."""
    x = np.array(inputs["x"], float)[:, None]  # (m, 1)
    running = [np.array([float(inputs[k])]) for k in ("runningMean", "runningVar")]
    gamma, beta = np.array([float(inputs["gamma"])]), np.array([float(inputs["beta"])])
    modes = {"training": inputs["training"], "eps": inputs["eps"]}
    xhat, cache = F.batch_norm(x, *(r.copy() for r in running), **modes)
    y, _ = F.batch_norm(
        x, *running, gamma, beta, momentum=inputs.get("momentum", 0.1), **modes
    )
    return cache.normalized, xhat[:, 0], y[:, 0], *(r.item() for r in running)


def random_inputs(rng):
    offset, spread = rng.normal(0, 10), 10 ** rng.uniform(-3, 1)
    return {
        "x": rng.normal(offset, spread, rng.integers(2, 9)).tolist(),
        "gamma": rng.uniform(-3, 3),
        "beta": rng.uniform(-5, 5),
        "eps": 10 ** rng.uniform(-5, 0),
        "momentum": rng.uniform(),
        "training": bool(rng.integers(2)),
        "runningMean": rng.normal(0, 5),
        "runningVar": 10 ** rng.uniform(-3, 2),
    }


def test_the_outputs_of_random_batches_are_those_of_the_library(play):
    rng = np.random.default_rng(0)
    cases = [random_inputs(rng) for _ in range(100)]
    cases += [{**random_inputs(rng), "x": [3.3] * 5, "training": True}]  # variance 0
    for inputs, shown in zip(cases, play().evaluate(STATES, cases), strict=True):
        stats, xhat, y, _, _ = batch_norm(inputs)
        assert_close(shown["mean"], stats.mean.item())
        assert_close(shown["variance"], stats.var.item())
        assert_close(shown["std"], 1 / stats.rstd.item())
        assert_close(shown["xhat"], xhat)
        assert_close(shown["y"], y)


def test_running_statistics_follow_the_library_through_train_and_eval(play):
    page, rng = play(), np.random.default_rng(1)
    for _ in range(10):
        start = random_inputs(rng)
        (before,) = page.evaluate(STATES, [{**start, "training": True}])
        for _ in range(rng.integers(1, 5)):
            press(page, "batch")
            now = state(page)
            *_, mean, var = batch_norm({**before, "x": now["x"]})
            assert_close([now["runningMean"], now["runningVar"]], [mean, var])
            assert now["history"][-1] == {
                "mean": now["runningMean"],
                "variance": now["runningVar"],
            }
            before = now
        page.locator(EVAL).check()
        now = state(page)
        assert now["training"] is False
        _, xhat, y, mean, var = batch_norm(now)
        assert_close(now["xhat"], xhat)
        assert_close(now["y"], y)
        assert (now["runningMean"], now["runningVar"]) == (mean, var)
        assert page.locator('[data-do="batch"]').is_disabled()


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_while_a_point_is_dragged_only_what_changes_moves(play, mode):
    page = play()
    if mode == "eval":
        page.locator(EVAL).check()
    places = """() => [...document.querySelectorAll(".bn-lines .bn-point")]
      .filter((point) => point.checkVisibility()).map((point) => point.getAttribute("x"))"""
    before = page.evaluate(places)
    point = page.get_by_role("slider", name="x 4")
    point.focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")  # from 4 to 10, far beyond the others
    after = page.evaluate(places)
    moved = [a != b for a, b in zip(before, after, strict=True)]
    alone = [False, False, False, True] * 3  # points 1 to 4 on the lines of xhat, y, x
    assert moved == (alone if mode == "eval" else [True] * 8 + alone[:4])


def test_all_norms_of_random_tensors_are_those_of_the_library(play):
    rng = np.random.default_rng(2)
    norms = {
        ("BN", 2): lambda x, eps: F.batch_norm(x, None, None, training=True, eps=eps),
        ("LN", 2): lambda x, eps: F.layer_norm(x, (4, 2, 2), eps=eps),
        ("IN", 2): lambda x, eps: F.instance_norm(x, eps=eps),
        ("GN", 1): lambda x, eps: F.group_norm(x, 1, eps=eps),
        ("GN", 2): lambda x, eps: F.group_norm(x, 2, eps=eps),
        ("GN", 4): lambda x, eps: F.group_norm(x, 4, eps=eps),
        ("RMS", 2): lambda x, eps: F.rms_norm(x, (4, 2, 2), eps=eps),
    }
    cases, expected = [], []
    for (norm, groups), reference in norms.items():
        for _ in range(10):
            x = rng.normal(rng.normal(0, 5), 10 ** rng.uniform(-2, 1), (3, 4, 2, 2))
            eps = 10 ** rng.uniform(-5, 0)
            tensor = x.ravel().tolist()
            cases.append({"tensor": tensor, "norm": norm, "groups": groups, "eps": eps})
            expected.append(reference(x, eps)[0].ravel())
    shown = play().evaluate(STATES, cases)
    assert_close([case["tensorNorm"]["xhat"] for case in shown], expected)


def test_arrow_keys_move_a_point_and_with_it_every_output(play):
    page = play()
    before = state(page)
    point = page.get_by_role("slider", name="x 2")
    point.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("PageUp")
    after = state(page)
    assert after["x"] == [-2, 2.5, 2, 4]
    assert point.get_attribute("aria-valuenow") == "2.5"
    assert np.all(np.abs(np.subtract(after["y"], before["y"])) > 1e-3)
    page.keyboard.press("End")
    assert state(page)["x"][1] == 10


def test_in_eval_mode_a_point_moves_only_its_own_output(play):
    page = play()
    page.locator(EVAL).check()
    before = state(page)["y"]
    page.get_by_role("slider", name="x 1").press("ArrowLeft")
    moved = np.abs(np.subtract(state(page)["y"], before)) > 1e-9
    assert moved.tolist() == [True, False, False, False]
    assert page.get_by_text("(biased)").is_hidden()  # the running variance is not


def test_a_typed_value_moves_a_point_and_half_a_number_does_nothing(play):
    page = play()
    field = page.get_by_role("spinbutton", name="x 3")
    field.fill("7.25")
    assert state(page)["x"] == [-2, 0, 7.25, 4]
    field.fill("")
    assert state(page)["x"][2] == 7.25
    field.blur()
    assert field.input_value() == "7.25"


def drag(page, by):
    """Give the start and the end of a drag of the fourth point, in pixels."""
    box = page.get_by_role("slider", name="x 4").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    units = page.locator(".bn-lines:visible").bounding_box()["width"] * 0.045
    return (x, y), (x + by * units, y)


def test_the_mouse_drags_a_point(play):
    page = play()
    start, end = drag(page, by=3)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    page.mouse.up()
    assert state(page)["x"] == pytest.approx([-2, 0, 2, 7], abs=0.11)
    page.mouse.move(*start)
    assert state(page)["x"][3] == pytest.approx(7, abs=0.11)


def test_a_finger_drags_a_point(play):
    page = play(has_touch=True)
    start, end = drag(page, by=-5)
    touch = page.context.new_cdp_session(page)

    def send(kind, *places):
        points = [{"x": x, "y": y} for x, y in places]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", start)
    for share in (0.2, 0.6, 1.0):
        send("touchMove", (start[0] + share * (end[0] - start[0]), start[1]))
    send("touchEnd")
    assert state(page)["x"] == pytest.approx([-2, 0, 2, -1], abs=0.11)


def test_the_buttons_change_the_batch_and_reset_brings_it_back(play):
    page = play()
    first = state(page)
    press(page, "outlier")
    assert state(page)["x"] == [-2, 0, 2, 10]
    press(page, "equal")
    assert (state(page)["x"], state(page)["variance"]) == ([10] * 4, 0)
    assert state(page)["xhat"] == [0] * 4
    for _ in range(4):
        press(page, "more")
    assert len(state(page)["x"]) == 8
    assert page.locator('[data-do="more"]').is_disabled()
    press(page, "batch")
    press(page, "reset")
    assert state(page) == first
    press(page, "batch")
    again = state(page)["x"]
    press(page, "reset")
    press(page, "batch")
    assert state(page)["x"] == again
    for _ in range(2):
        press(page, "fewer")
    assert page.locator('[data-do="fewer"]').is_disabled()


def test_sliders_and_their_fields_agree(play):
    page = play()
    page.get_by_role("spinbutton", name="eps").fill("0.01")
    slider = page.get_by_role("slider", name="eps")
    assert float(slider.input_value()) == -2
    slider.press("ArrowRight")
    assert state(page)["eps"] == 0.013  # 10 ** -1.9, two digits
    page.get_by_role("slider", name="momentum").fill("0.5")
    assert page.get_by_role("spinbutton", name="momentum").input_value() == "0.5"


@pytest.mark.parametrize(("norm", "mates"), [("BN", 12), ("LN", 16), ("IN", 4), ("GN", 8)])
def test_a_pressed_cell_rings_the_outputs_that_share_its_statistics(play, norm, mates):
    page = play()
    page.locator(f"[value={norm}]").check()
    cell = page.locator("button.bn-cell").nth(9)
    cell.focus()
    before = state(page)["tensor"]
    page.keyboard.press("Enter")
    assert np.subtract(state(page)["tensor"], before).sum() == 1
    assert page.locator(".bn-changed").count() == mates
    assert page.locator(".bn-mates").count() == mates
    letter, x, xhat = cell.evaluate("cell => [...cell.children].map((e) => e.textContent)")
    told = f"{letter} {x} {xhat}: group, x, x̂ at n=2 c=0 h=0 w=1, changed"
    assert cell.get_attribute("aria-label") == told
    assert page.locator(".bn-mates b").all_inner_texts() == [cell.inner_text()[0]] * mates


def test_arrow_keys_walk_over_the_cells(play):
    page = play()
    cells = page.locator("button.bn-cell")
    cells.first.focus()
    walk = ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "ArrowUp")
    steps = []
    for key in walk:
        page.keyboard.press(key)
        steps.append(page.evaluate("document.activeElement.textContent"))
        assert page.locator('button.bn-cell[tabindex="0"]').count() == 1
    x = np.array(playground().tensor).reshape(3, 4, 2, 2)
    path = [
        (0, 0, 0, 1),
        (1, 0, 0, 0),
        (1, 0, 1, 0),
        (1, 1, 0, 0),
        (0, 1, 0, 1),
        (0, 0, 1, 1),
    ]
    shown = [
        step[1 : 1 + len(str(x[place]))] for step, place in zip(steps, path, strict=True)
    ]
    assert shown == [str(x[place]).replace("-", "−") for place in path]


def test_the_answer_comes_after_a_choice_and_a_move(play):
    page = play()
    answer = page.locator('[data-part="answer"]')
    press(page, "apart")
    assert page.locator('[data-part="try"]').is_visible()
    assert answer.is_hidden()
    page.get_by_role("slider", name="x 4").press("End")
    assert answer.is_visible()
    assert page.locator('[data-part="try"]').is_hidden()


def test_two_playgrounds_on_a_page_do_not_know_each_other(play):
    page = play(copies=2)
    page.get_by_role("slider", name="x 1").first.press("ArrowRight")
    page.locator(EVAL).first.check()
    assert state(page, 0)["x"][0] == -1.5
    assert state(page, 1)["x"][0] == -2
    assert (state(page, 0)["training"], state(page, 1)["training"]) == (False, True)
    assert page.locator('input[value="true"]').nth(1).is_checked()
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    assert (
        page.evaluate("Object.keys(window).filter((k) => /playground|bn/i.test(k))") == []
    )


def test_it_runs_where_jupyterlab_puts_it(play):
    page = play(copies=0)
    page.evaluate(JUPYTERLAB, playground()._repr_html_())
    page.get_by_role("slider", name="x 1").press("ArrowRight")
    assert state(page)["x"][0] == -1.5


def test_a_notebooks_own_rules_do_not_change_its_look(play):
    page = play()
    before = page.evaluate(LOOK)
    assert len(before) > 100
    page.evaluate(
        """(rules) => {
          document.body.className = "host";
          document.head.append(Object.assign(document.createElement("style"), {
            textContent: rules }));
        }""",
        HOST,
    )
    assert page.evaluate(LOOK) == before


def test_it_runs_in_a_frame_without_rights(play):
    page = play(copies=0)
    page.evaluate(
        """(html) => {
          const frame = document.createElement("iframe");
          frame.sandbox = "allow-scripts";
          frame.srcdoc = html;
          document.body.append(frame);
        }""",
        playground()._repr_html_(),
    )
    frame = page.frame_locator("iframe")
    frame.get_by_role("slider", name="x 1").press("ArrowRight")
    assert frame.get_by_role("spinbutton", name="x 1").input_value() == "-1.5"


def test_ears_hear_the_numbers_after_a_pause(play):
    page = play()
    spoken = page.locator('[data-out="spoken"]')
    page.get_by_role("slider", name="x 4").press("ArrowRight")
    assert "1.125" not in spoken.text_content()
    page.wait_for_function(
        "t => document.querySelector('[data-out=spoken]').textContent.includes(t)",
        arg="mean 1.125",
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_accessibility_rule_is_broken(play, theme):
    page = play(color_scheme=theme)
    press(page, "apart")
    page.get_by_role("slider", name="x 4").press("End")
    page.locator("[value=GN]").check()
    page.locator("button.bn-cell").first.click()
    assert axe(page) == []


@pytest.mark.parametrize(
    ("place", "name", "values"),
    [
        ("html", "data-theme", ("light", "dark")),
        ("body", "data-theme", ("light", "dark")),
        ("body", "data-jp-theme-light", ("true", "false")),
    ],
)
def test_the_page_decides_on_light_or_dark(play, place, name, values):
    paper = "getComputedStyle(document.querySelector('.bn-playground')).backgroundColor"
    seen = set()
    for preferred in ("light", "dark"):
        page = play(color_scheme=preferred)
        for value in values:
            page.locator(place).evaluate(f"e => e.setAttribute('{name}', '{value}')")
            seen.add((value, page.evaluate(paper)))
    assert seen == {(values[0], "rgb(255, 255, 255)"), (values[1], "rgb(23, 30, 35)")}


@pytest.mark.parametrize("language", ["hinglish", "english", "both"])
def test_nothing_is_cut_on_a_small_phone(play, language):
    page = play()
    page.set_viewport_size(SMALL_PHONE)
    hidden = {"hinglish": "english", "english": "hinglish", "both": "none"}[language]
    page.add_style_tag(content=f".lang-{hidden} {{ display: none !important }}")
    for _ in range(4):
        press(page, "more")
    page.locator("[value=GN]").check()
    page.evaluate(STATES, [{"x": [-99.5, 99.5] * 4, "gamma": 3, "training": False}])
    assert page.evaluate(CUT) == []
    assert page.evaluate("document.documentElement.scrollWidth") == SMALL_PHONE["width"]


def test_without_scripts_a_still_picture_stands_there(play):
    page = play(java_script_enabled=False)
    page.set_viewport_size(SMALL_PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == SMALL_PHONE["width"]
    drawing = page.get_by_role("img", name="Three number lines: x, x̂, y")
    assert drawing.evaluate("image => image.complete && image.naturalWidth > 0")
    assert page.locator(".bn-still td").count() == 12 + 48 + 1
    assert "−1.342" in page.locator(".bn-still").inner_text()
    assert page.get_by_role("button").count() == 0


def test_with_scripts_the_still_picture_is_gone(play):
    page = play()
    assert page.locator(".bn-still").is_hidden()
    assert page.locator(".bn-lines:visible").count() == 1
