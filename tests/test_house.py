"""The project as a whole: what an import costs, what is installed, what git shows."""

import re
import shutil
import subprocess
import sys

import pytest

from tools.book import ROOT


def requirements(name):
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-"))]


def test_import_bn_lib_brings_numpy_and_nothing_else():
    code = (
        "import sys, numpy; before = set(sys.modules); import bn_lib;"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    brought = set(run.stdout.split())
    assert run.returncode == 0, run.stderr
    assert "bn_lib" in brought
    assert brought <= {"bn_lib"} | sys.stdlib_module_names


# Versions


def test_every_requirement_names_one_version():
    for name in ("requirements.txt", "requirements-book.txt", "constraints.txt"):
        for line in requirements(name):
            assert re.match(r"[A-Za-z0-9._-]+==[0-9][^ ]*( ; .+)?$", line), (name, line)


def test_constraints_agree_with_the_requirements():
    pins = set(requirements("constraints.txt"))
    for name in ("requirements.txt", "requirements-book.txt"):
        assert set(requirements(name)) <= pins, f"{name}: run `make pins`"


def test_reading_the_book_needs_no_torch():
    installed = " ".join(requirements("requirements-book.txt"))
    assert "torch" not in installed
    assert "jupyter-book==1." in installed


def test_binder_takes_the_cpu_build_of_torch_at_the_pinned_versions():
    text = (ROOT / "binder" / "requirements.txt").read_text("utf-8")
    assert re.search(r"^--extra-index-url \S+/whl/cpu$", text, re.M)
    assert "-c ../constraints.txt" in text
    pinned = {line.partition("==")[0] for line in requirements("requirements.txt")}
    assert "torch" in requirements("binder/requirements.txt")
    assert set(requirements("binder/requirements.txt")) <= pinned


def test_ci_installs_from_debian_what_readme_names():
    script, readme = ((ROOT / name).read_text("utf-8") for name in (".ci/run", "README.md"))
    installed = re.search(r"apt-get install (.+?) >", script)[1].split()
    named = re.search(r"`apt install\s+(.+?)`", readme)[1].split()
    assert [word for word in installed if not word.startswith("-")] == named


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_git_keeps_the_outputs_of_notebooks_out_of_what_it_shows():
    names = ["chapters/02_math.ipynb", "chapters/text/02_math.md"]
    command = ["git", "-C", ROOT, "check-attr", "diff", *names]
    said = subprocess.run(command, capture_output=True, text=True).stdout
    if not said:
        pytest.skip("this is no git repository")
    assert re.findall(r": diff: (\w+)", said) == ["unset", "unspecified"]
