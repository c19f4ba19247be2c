"""Python on the page: what a run says, how the runtime is had, what a page becomes."""

import base64
import gzip
import io
import json
import re
import sys
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from sphinx.errors import ExtensionError

from live import POLICY, runtime
from live.runner import run
from tools import book

MIRROR = Path(book.ROOT, "..", "shared", "pyodide", f"v{runtime.VERSION}")
CHAPTERS = book.chapters()
# What is not installed in a page; figures are not packed either.
ABSENT = {"matplotlib", "torch", "tqdm", "keras"}


def told(source, prelude="import numpy as np"):
    """Run a cell; return what was printed, and what the page gets."""
    pieces = []
    result = run(source, prelude, 7, pieces.append)
    return "".join(pieces), result


# A run


def test_what_is_printed_comes_and_the_last_value_as_in_a_notebook():
    printed, result = told("print(1)\n2\nx = np.arange(3)\nx")
    assert printed == "1\narray([0, 1, 2])\n"
    assert result == {"verdict": None, "error": None}


def test_a_verdict_is_what_check_says():
    source = "from bn_lib.course.exercise import check\ncheck('problem.growth', (0.5, {}))"
    _, passed = told(source.format(0.125))
    _, failed = told(source.format(0.25))
    assert passed["verdict"]["passed"]
    assert passed["verdict"]["said"]["english"][0] == "✔ problem.growth: Correct."
    assert not failed["verdict"]["passed"]
    assert failed["verdict"]["mistakes"]
    assert json.loads(json.dumps(failed)) == failed, "it goes to another thread"


def test_a_verdict_before_the_last_line_counts_too():
    source = "from bn_lib.course.exercise import check\ncheck('problem.growth', ...)\n5"
    printed, result = told(source)
    assert printed == "5\n"
    assert result["verdict"]["said"]["english"][0].startswith("○")


def test_an_exception_shows_the_readers_own_lines():
    _, result = told("def f(a):\n    return np.linalg.inv(a)\n\nf(np.zeros((2, 2)))")
    shown = result["error"]["traceback"]
    assert result["error"]["kind"] == "LinAlgError"
    assert "    return np.linalg.inv(a)" in shown
    assert re.findall(r'File "(.+?)", line (\d+)', shown) == [
        ("cell_7.py", "4"),
        ("cell_7.py", "2"),
    ]


def test_a_cause_is_shown_by_the_readers_lines_alone():
    _, result = told("try:\n    1 / 0\nexcept Exception as e:\n    raise ValueError from e")
    assert set(re.findall(r'File "(.+?)"', result["error"]["traceback"])) == {"cell_7.py"}


def test_code_that_cannot_be_read_says_where():
    _, result = told("x = “1”")
    assert result["error"]["kind"] == "SyntaxError"
    assert "x = “1”" in result["error"]["traceback"]


@pytest.mark.parametrize("error", ["SystemExit(3)", "KeyboardInterrupt", "GeneratorExit"])
def test_leaving_is_an_error_as_any_other(error):
    _, result = told(f"raise {error}")
    assert result["error"]["kind"] == error.partition("(")[0]


def test_what_asks_is_told_that_nobody_answers():
    _, result = told("name = input('name? ')")
    assert result["error"]["traceback"].endswith("write the value into the code\n")
    assert re.findall(r'File "(.+?)"', result["error"]["traceback"]) == ["cell_7.py"]


def test_what_prints_without_end_is_cut():
    printed, _ = told("for i in range(10**5):\n    print(i)")
    assert len(printed) < 21_000
    assert printed.endswith("…\n")


def test_each_run_starts_anew():
    rest = np.geterr(), np.get_printoptions(), np.random.get_state()[1].copy()  # noqa: NPY002
    told(
        "x = 5\nnp.seterr(all='raise')\nnp.set_printoptions(precision=1)\nnp.random.rand()"
    )
    told("import builtins, warnings\nnp.mean = 3\ndel builtins.len")
    assert told("print(len([np.mean([5, 7])]))")[0] == "1\n"
    assert np.geterr() == rest[0]
    assert np.get_printoptions() == rest[1]
    assert np.array_equal(np.random.get_state()[1], rest[2])  # noqa: NPY002
    _, result = told("x")
    assert result["error"]["kind"] == "NameError"
    assert not result["error"]["missing"]


def test_what_the_prelude_draws_is_drawn_anew():
    prelude = "import numpy as np\nrng = np.random.default_rng(0)"
    assert told("print(rng.random())", prelude) == told("print(rng.random())", prelude)


def test_what_is_not_installed_is_left_out_and_said():
    prelude = "import nothing.at as lib\nfrom math import pi, nothing\nlib.style()"
    printed, result = told("print(pi)\nlib", prelude)
    assert printed.startswith("3.14")
    assert result["error"]["missing"]
    assert told("import nothing", prelude)[1]["error"]["missing"]
    assert not told("from bn_lib.layers import Nothing")[1]["error"]["missing"]


# The cells of the book


def cells(page, tag):
    """Return the cells of a chapter with this tag: code, prelude, what it printed."""
    notebook = json.loads(book.source(page).read_text("utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    prelude = "".join(code[0]["source"])
    for cell in code:
        if tag in cell["metadata"].get("tags", []):
            streams = [out for out in cell["outputs"] if out.get("name") == "stdout"]
            printed = "".join("".join(out["text"]) for out in streams)
            yield "".join(cell["source"]), prelude, printed


class Absent:
    """Finds nothing where a page has nothing."""

    def find_spec(self, name, path=None, target=None):
        if ABSENT & {name.partition(".")[0]} or name.endswith(".figures"):
            raise ImportError(name)
        if name.startswith(("bn_lib.pytorch", "bn_lib.course.figure")):
            raise ImportError(name)


@pytest.fixture
def as_on_a_page(monkeypatch):
    """Import nothing that a page has not, and forget what was imported before."""
    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])
    for name in list(sys.modules):
        if name.startswith("bn_lib.chapters") or name.partition(".")[0] in ABSENT:
            monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize("page", CHAPTERS)
def test_each_chapter_has_a_live_cell_that_stands_on_its_own(page, as_on_a_page):
    found = list(cells(page, "live"))
    assert found
    for source, prelude, printed in found:
        now, result = told(source, prelude)
        assert result["error"] is None, result["error"]
        assert now == printed


@pytest.mark.parametrize("page", CHAPTERS)
def test_exercises_say_on_a_page_what_they_say_in_the_notebook(page, as_on_a_page):
    for tag, passed, mark in (("exercise", False, "○"), ("solution", True, "✔")):
        found = list(cells(page, tag))
        assert len(found) >= 4
        for source, prelude, _ in found:
            _, result = told(source, prelude)
            assert result["error"] is None, result["error"]
            assert result["verdict"]["passed"] is passed
            assert result["verdict"]["said"]["english"][0].startswith(mark)


# The runtime


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Let a mirror hold one file; return its folder."""
    digest = runtime._digest(b"content")
    monkeypatch.setattr(runtime, "FILES", {"a.js": digest})
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "a.js").write_bytes(b"content")
    monkeypatch.setenv("PYODIDE_MIRROR", str(mirror))
    return mirror


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_files_come_from_the_mirror_once(small, tmp_path, monkeypatch, prefix):
    monkeypatch.setenv("PYODIDE_MIRROR", f"{prefix}{small}")
    assert runtime.obtain(tmp_path / "kept") == {"a.js": b"content"}
    (small / "a.js").unlink()
    assert runtime.obtain(tmp_path / "kept") == {"a.js": b"content"}


def test_a_damaged_copy_is_loaded_again(small, tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "a.js").write_bytes(b"cont")
    assert runtime.obtain(kept) == {"a.js": b"content"}


def test_another_file_is_refused_and_not_kept(small, tmp_path):
    (small / "a.js").write_bytes(b"evil")
    with pytest.raises(ExtensionError, match="expected the official"):
        runtime.obtain(tmp_path / "kept")
    assert not (tmp_path / "kept" / "a.js").exists()


@pytest.mark.parametrize("mirror", ["no/such/folder", "http://127.0.0.1:9/none"])
def test_without_a_source_it_says_what_to_do(small, tmp_path, monkeypatch, mirror):
    monkeypatch.setenv("PYODIDE_MIRROR", mirror)
    with pytest.raises(ExtensionError, match="PYODIDE_MIRROR"):
        runtime.obtain(tmp_path / "kept")


@pytest.mark.skipif(not MIRROR.is_dir(), reason="there is no mirror of Pyodide here")
def test_the_hashes_are_those_of_the_official_files(monkeypatch, tmp_path):
    monkeypatch.setenv("PYODIDE_MIRROR", str(MIRROR))
    files = runtime.obtain(tmp_path)
    lock = json.loads(files["pyodide-lock.json"])
    assert lock["info"]["python"].startswith("3.12.")
    numpy = lock["packages"]["numpy"]
    assert runtime.FILES[numpy["file_name"]] == numpy["sha256"]


def test_pieces_put_together_are_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "PIECE", 10)
    content = np.random.default_rng(0).bytes(95)
    pieces = runtime.pack({"a.whl": content}, tmp_path / "live")["a.whl"]
    assert len(pieces) > 9
    joined = b""
    for piece in pieces:
        script = (tmp_path / "live" / piece["file"]).read_text("ascii")
        name, text = re.fullmatch(r'bnLive\.receive\("(.+)", "(.+)"\);\n', script).groups()
        part = base64.b64decode(text)
        assert (name, len(part)) == (piece["file"], piece["bytes"])
        assert runtime._digest(part) == piece["hash"]
        joined += part
    assert gzip.decompress(joined) == content


def test_the_library_on_a_page_is_what_exercises_need_and_no_more():
    names = ZipFile(io.BytesIO(runtime.library(book.ROOT))).namelist()
    assert {"runner.py", "bn_lib/layers.py", "bn_lib/digits.npz"} <= set(names)
    assert "bn_lib/chapters/math/hints.toml" in names
    unwanted = r"torch|figures|claims|measured|\.pyc|\.html|\.css"
    assert not [name for name in names if re.search(unwanted, name)]
    assert runtime.library(book.ROOT) == runtime.library(book.ROOT)


def test_the_policy_allows_nothing_from_elsewhere():
    assert "http" not in POLICY
    assert "*" not in POLICY
