import inspect
import json
import sys
import textwrap
from types import SimpleNamespace

import pytest

from bn_lib.course import progress as module
from bn_lib.course.exercise import check, exercises
from bn_lib.course.progress import progress

SOLUTION = textwrap.dedent(inspect.getsource(exercises("math")["math.undo"].answer))


@pytest.fixture
def notebook(monkeypatch, tmp_path):
    """Run cells as a notebook in a folder does; return a function that runs one."""
    shell = SimpleNamespace(kernel=True, user_ns={"In": []}, get_parent=dict)
    ipython = SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setattr(module, "_tried", set())
    monkeypatch.chdir(tmp_path)

    def run(source, cell=None):
        metadata = {"cellId": cell} if cell else {}
        shell.get_parent = lambda: {"metadata": metadata}
        shell.user_ns["In"].append(source)
        exec(source, {"check": check})

    return run


def done():
    return progress()["problem"][0]


RIGHT = 'check("problem.growth", (1 / 2, 1 / 8))'
STUB = 'factor = ...\nafter = ...\n\ncheck("problem.growth", (factor, after))'
AS_IN_THE_BOOK = STUB.replace("...", "0.5", 1).replace("...", "0.125")


def test_what_is_right_is_kept_in_a_file_beside_the_notebooks(notebook, tmp_path):
    assert progress()["problem"] == (0, 4)
    notebook(RIGHT)
    assert progress()["problem"] == (1, 4)
    assert progress(tmp_path)["math"] == (0, 4)
    kept = json.loads((tmp_path / "progress.json").read_text("utf-8"))
    assert kept["book"] == "bn-samjho"
    assert list(kept["done"]) == ["problem.growth"]


def test_what_is_open_or_wrong_is_not_kept(notebook, tmp_path):
    notebook(STUB)
    notebook(STUB.replace("...", "3"))
    assert not (tmp_path / "progress.json").exists()


def test_to_run_the_books_solution_is_no_progress(notebook):
    notebook(STUB, cell="stub")
    notebook(AS_IN_THE_BOOK, cell="solution")
    notebook(AS_IN_THE_BOOK)
    assert done() == 0


def test_who_finds_the_same_words_in_the_stub_has_done_it(notebook):
    notebook(STUB, cell="stub")
    notebook(AS_IN_THE_BOOK, cell="stub")
    assert done() == 1


def test_outside_a_notebook_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert check("problem.growth", (0.5, 0.125)).passed
    assert list(tmp_path.iterdir()) == []


def test_what_the_first_page_saved_counts_and_stays(notebook, tmp_path):
    saved = {
        "book": "bn-samjho",
        "done": {"math.undo": "2026-01-05"},
        "drafts": {"math.forward:x": "def"},
    }
    file = tmp_path / "progress.json"
    file.write_text(json.dumps(saved), "utf-8")
    notebook(RIGHT)
    kept = json.loads(file.read_text("utf-8"))
    assert kept["drafts"] == saved["drafts"]
    assert kept["done"]["math.undo"] == "2026-01-05"
    assert progress()["math"] == (1, 4)


@pytest.mark.parametrize("text", ["", "[]", '{"book": "another", "done": {}}', "{"])
def test_a_file_that_is_something_else_is_told_and_left(notebook, tmp_path, text):
    file = tmp_path / "progress.json"
    file.write_text(text, "utf-8")
    notebook(RIGHT)
    assert file.read_text("utf-8") == text
    with pytest.raises(ValueError, match="expected the progress of this book"):
        progress()


def test_an_exercise_that_has_gone_is_not_counted(tmp_path):
    kept = {"book": "bn-samjho", "done": {"math.long-gone": "2026-01-05"}}
    (tmp_path / "progress.json").write_text(json.dumps(kept), "utf-8")
    assert progress(tmp_path)["math"] == (0, 4)


def test_it_is_printed_chapter_by_chapter(notebook):
    for answer in ("growth",):
        notebook(RIGHT.replace("growth", answer))
    lines = repr(progress()).splitlines()
    assert "  problem      1 / 4" in lines
    assert module.Progress(math=(4, 4)).__repr__() == "✔ math         4 / 4"
