"""The project as a whole: what an import costs, and that versions stay pinned."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


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


def test_readme_names_only_commands_that_exist():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    commands = set(re.findall(r"make ([a-z]+)", readme))
    assert {"book", "test", "lab", "notebooks", "clean"} <= commands
    for command in commands:
        assert re.search(rf"^{command}:", makefile, re.M), command
