"""The playground in JupyterLab itself, which styles outputs and claims keys."""

import itertools
import os
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from nbformat.sign import NotebookNotary

from bn_lib.course.playground import playground

pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")

STATE = "e => e.playground.state()"
PATIENCE = 60  # seconds for a start on a busy machine


def notebook():
    """Return a notebook whose one cell has been run."""
    output = nbformat.v4.new_output(
        "execute_result",
        {"text/html": playground()._repr_html_(), "text/plain": "a playground"},
        execution_count=1,
    )
    cell = nbformat.v4.new_code_cell("playground()", outputs=[output], execution_count=1)
    kernel = {"name": "python3", "display_name": "Python 3"}  # else a dialog asks for one
    return nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab beside a notebook that it trusts and one that it does not."""
    home = tmp_path_factory.mktemp("jupyter")
    (home / "root").mkdir()
    for name in ("trusted", "untrusted"):
        nbformat.write(notebook(), home / "root" / f"{name}.ipynb")
    NotebookNotary(data_dir=str(home)).sign(nbformat.read(home / "root/trusted.ipynb", 4))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {
        "ip": "127.0.0.1",
        "port": port,
        "allow_root": True,
        "open_browser": False,
        "root_dir": home / "root",
    }
    places = ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    places = {name: str(home / name) for name in places}
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--IdentityProvider.token="]
        + [f"--ServerApp.{name}={value}" for name, value in options.items()],
        env={**os.environ, **places, "JUPYTER_DATA_DIR": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(PATIENCE * 5):
            time.sleep(0.2)
            try:
                urllib.request.urlopen(f"{address}/api").close()
                break
            except OSError:
                assert server.poll() is None, "JupyterLab did not start"
        yield f"{address}/lab/tree"
    finally:
        server.kill()  # asked to leave, it may wait for a kernel; that follows its parent
        server.wait()


@pytest.fixture
def open_notebook(lab, new_page):
    """Return a function that opens a notebook, and gives its page and its playground."""

    def go(name):
        page = new_page(viewport={"width": 1200, "height": 900})
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(f"{lab}/{name}.ipynb?reset")
        return page, page.locator(".jp-OutputArea-output .bn-playground")

    return go


def test_a_trusted_playground_works(open_notebook):
    page, play = open_notebook("trusted")
    play.locator("[data-out=mean]").filter(has_text="1").wait_for()

    # Its steps stand one below the other, each as wide as its column.
    steps = [step.bounding_box() for step in play.locator(".bn-steps > div").all()]
    assert len({step["x"] for step in steps}) == 1
    for above, below in itertools.pairwise(steps):
        assert above["y"] + above["height"] <= below["y"] + 1
    for part in play.locator(".bn-steps :is(dt, dd)").all():
        assert part.bounding_box()["width"] == pytest.approx(steps[0]["width"], abs=2)

    # Keys reach the playground, and none of them the notebook's own shortcuts.
    cells = page.locator(".jp-Cell").count()
    slider = play.get_by_role("slider", name="gamma")
    slider.focus()
    for key in ("ArrowRight", "ArrowUp", "b", "a"):
        slider.press(key)
    assert play.evaluate(STATE)["gamma"] == pytest.approx(2.2)
    play.get_by_role("slider", name="x 1").press("ArrowRight")
    assert play.evaluate(STATE)["x"][0] == -1.5
    play.locator('[data-knob="training"][value="true"]').press("ArrowRight")
    assert not play.evaluate(STATE)["training"]
    assert page.locator(".jp-Cell").count() == cells


def test_an_untrusted_playground_is_a_still_picture(open_notebook):
    page, _ = open_notebook("untrusted")
    output = page.locator(".jp-RenderedHTML")
    output.get_by_text("To play, run this in a notebook.").wait_for()
    assert output.locator("script, style, button").count() == 0
    drawing = output.get_by_role("img")
    assert drawing.evaluate("image => image.decode().then(() => image.width)") > 300
    # What is said outside a table is the sentences, not the words of what was taken out.
    said = output.locator("p").all_inner_texts()
    outside = output.evaluate(
        """(box) => {
          const rest = box.cloneNode(true);
          rest.querySelectorAll("p, table").forEach((part) => part.remove());
          return rest.textContent.trim();
        }"""
    )
    assert (len(said), outside) == (4, "")
