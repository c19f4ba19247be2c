"""The playground in JupyterLab itself, which styles outputs and claims keys."""

import itertools
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")

ROOT = Path(__file__).resolve().parents[2]
CELL = "from bn_lib.playground import playground\nplayground()"
STATE = "e => e.playground.state()"
PATIENCE = 60  # seconds for a start on a busy machine


@pytest.fixture
def lab(tmp_path):
    """Start JupyterLab on a notebook of one cell, with no settings; return its address."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    (tmp_path / "root").mkdir()
    nbformat.write(notebook, tmp_path / "root" / "play.ipynb")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {
        "ip": "127.0.0.1",
        "port": port,
        "allow_root": True,
        "open_browser": False,
        "root_dir": tmp_path / "root",
    }
    places = ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--IdentityProvider.token="]
        + [f"--ServerApp.{name}={value}" for name, value in options.items()],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            **{name: str(tmp_path / name) for name in places},
        },
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
        yield f"{address}/lab/tree/play.ipynb"
    finally:
        server.terminate()
        server.wait(PATIENCE)


def test_the_playground_works_in_jupyterlab(lab, new_page):
    page = new_page(viewport={"width": 1200, "height": 900})
    page.set_default_timeout(PATIENCE * 1000)
    page.goto(lab)
    page.locator(".jp-Notebook .cm-content").click()
    page.keyboard.press("Control+Enter")
    play = page.locator(".bn-playground")
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
