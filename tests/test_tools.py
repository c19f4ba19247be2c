"""The command-line tools: notebooks and their text forms, copies for Colab."""

import copy
import json
import shutil
import subprocess

import nbformat
import pytest
from nbformat import from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests import book_rules
from tools import colab, notebooks
from tools.book import ROOT

# Notebooks and their text forms


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Return the path of a small notebook, alone in a project, just brought up to date."""
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    path = tmp_path / "chapters" / "01_small.ipynb"
    printed = [new_output("stream", name="stdout", text="4\n")]
    cells = [
        new_markdown_cell("# Chhota · Small", id="title"),
        new_markdown_cell("Do aur do.", id="hi", metadata={"tags": ["hinglish"]}),
        new_code_cell("print(2 + 2)", id="sum", outputs=printed, execution_count=1),
    ]
    path.parent.mkdir()
    notebooks.write(path, notebooks.tidy(new_notebook(cells=cells)))
    return path


def read(path):
    return nbformat.read(path, as_version=4)


def edit(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_an_edit_of_the_text_reaches_the_notebook_and_costs_no_id_or_output(path):
    edit(notebooks.text_path(path), "Do aur do.", "Do aur do kitna?")
    before = read(path)
    after = notebooks.synchronized(path)
    assert after.cells[1].source == "Do aur do kitna?"
    before.cells[1].source = after.cells[1].source
    assert after == before


def test_an_edit_of_the_notebook_reaches_the_text(path):
    edit(path, "Do aur do.", "Do aur do kitna?")
    notebooks.write(path, notebooks.synchronized(path))
    assert "Do aur do kitna?" in notebooks.text_path(path).read_text("utf-8")


def test_the_order_of_metadata_does_not_matter(path):
    options = '"tags": ["hinglish"]', '"mystnb": {"b": 1, "a": 2}'
    edit(notebooks.text_path(path), options[0], ", ".join(options))
    for _ in range(2):
        notebooks.write(path, notebooks.synchronized(path))
        text = notebooks.text_path(path).read_text("utf-8")
        assert notebooks.as_text(read(path)) == text


def test_where_both_were_edited_one_is_asked_which_counts_and_nothing_is_lost(path):
    edit(notebooks.text_path(path), "Do aur do.", "Text.")
    edit(path, "Do aur do.", "Notebook.")
    before = path.read_bytes(), notebooks.text_path(path).read_bytes()
    with pytest.raises(ValueError, match=r"KEEP=text.*KEEP=notebook"):
        notebooks.synchronized(path)
    assert before == (path.read_bytes(), notebooks.text_path(path).read_bytes())
    assert notebooks.synchronized(path, "text").cells[1].source == "Text."
    assert notebooks.synchronized(path, "notebook").cells[1].source == "Notebook."


@pytest.mark.parametrize("keep", ["text", "notebook"])
def test_what_is_kept_matters_only_where_both_were_edited(path, keep):
    edit(path, "Do aur do.", "Notebook.")
    assert notebooks.synchronized(path, keep).cells[1].source == "Notebook."


def commit(path):
    """Commit all of the project, here or on another machine."""
    git = ["git", "-C", path.parents[1], "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for step in (["init", "-q"], ["add", "chapters"], ["commit", "-qm", "all"]):
        subprocess.run([*git, *step], check=True)


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")


@needs_git
def test_after_a_pull_git_knows_what_both_once_were(path):
    edit(path, "Do aur do.", "Pulled.")
    edit(notebooks.text_path(path), "Do aur do.", "Pulled.")
    commit(path)
    edit(notebooks.text_path(path), "Pulled.", "Text.")
    assert notebooks.synchronized(path).cells[1].source == "Text."


@needs_git
def test_a_text_that_was_committed_before_its_notebook_ran_is_not_undone(path):
    notebooks._stamp(path).unlink()  # as after a merge: nothing was left here
    edit(notebooks.text_path(path), "Do aur do.", "Merged.")
    commit(path)
    with pytest.raises(ValueError, match="KEEP=text"):
        notebooks.synchronized(path)
    assert notebooks.synchronized(path, "text").cells[1].source == "Merged."


def test_a_chapter_can_begin_as_text_alone(path):
    before = read(path)
    path.unlink()
    after = notebooks.synchronized(path)
    assert [c.source for c in after.cells] == [c.source for c in before.cells]
    nbformat.validate(after)


def test_a_chapter_can_begin_as_a_notebook_alone(path):
    text = notebooks.text_path(path).read_text("utf-8")
    notebooks.text_path(path).unlink()
    notebooks.write(path, notebooks.synchronized(path))
    assert notebooks.text_path(path).read_text("utf-8") == text


def test_running_again_changes_nothing(path):
    edit(path, "print(2 + 2)", "for i in range(3):\\n    print(i, flush=True)")
    runs = []
    for _ in range(2):
        notebooks.write(path, notebooks.run(path, notebooks.synchronized(path)))
        runs.append(path.read_bytes())
    (output,) = read(path).cells[2].outputs
    assert output.text == "0\n1\n2\n"
    assert runs[0] == runs[1]


def test_an_unknown_chapter_is_answered_with_the_known(capsys):
    with pytest.raises(SystemExit):
        notebooks.main(["poetry"])
    assert "math" in capsys.readouterr().err


def saved_by_colab(notebook):
    notebook.nbformat_minor = 0
    notebook.metadata = {"colab": {"provenance": []}, "kernelspec": {"name": "python3"}}
    for cell in notebook.cells:
        cell.metadata.update(id=cell.pop("id"), outputId="b1", colab={"base_uri": "x"})
    return notebook


def saved_by_vs_code(notebook):
    notebook.metadata["language_info"] = {"name": "python", "version": "3.12.1"}
    notebook.metadata["vscode"] = {"interpreter": {"hash": "31f2"}}
    for cell in notebook.cells:
        cell.metadata["vscode"] = {"languageId": "python"}
    return notebook


@pytest.mark.parametrize("saved", [saved_by_colab, saved_by_vs_code])
def test_what_other_editors_leave_is_named_and_mended(path, saved):
    before = read(path)
    changed = saved(copy.deepcopy(before))
    broken = [text for rule in book_rules.NOTEBOOK_RULES for text in rule(changed)]
    assert any("`make notebooks`" in text for text in broken)
    path.write_text(json.dumps(changed), "utf-8")
    assert notebooks.synchronized(path) == before


def test_cells_get_ids_where_none_or_two_alike_are():
    notebook = from_dict({"cells": [{"id": "x", "metadata": {}} for _ in range(3)]})
    del notebook.cells[2]["id"]
    ids = [cell.id for cell in notebooks.tidy(notebook).cells]
    assert ids[0] == "x"
    assert len(set(ids)) == 3


# For Colab


ADDRESS = "https://github.com/owner/name"


@pytest.mark.parametrize("path", notebooks.notebooks(), ids=lambda path: path.stem)
def test_the_copy_for_colab_installs_the_library_first_and_changes_no_code(path):
    original = json.loads(path.read_text("utf-8"))
    before = copy.deepcopy(original)
    changed = colab.colab_copy(original, ADDRESS)
    assert original == before
    install = changed["cells"].pop(1)
    assert f"git+{ADDRESS}" in "".join(install["source"])
    code = [
        [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        for notebook in (changed, original)
    ]
    assert code[0] == code[1]
    assert len(changed["cells"]) == len(original["cells"])


def test_pictures_beside_a_notebook_are_named_by_their_whole_address_for_colab():
    sources = ["![a](pictures/a.png) ![](https://x.org/b.png)", "[c](c.ipynb) ![](d.svg)"]
    notebook = {"cells": [{"cell_type": "markdown", "metadata": {}, "source": sources}]}
    changed = colab.colab_copy(notebook, ADDRESS)["cells"][0]["source"]
    raw = f"{ADDRESS}/raw/main/chapters"
    assert changed == [
        f"![a]({raw}/pictures/a.png) ![](https://x.org/b.png)",
        f"[c](c.ipynb) ![]({raw}/d.svg)",
    ]


def test_an_address_that_pip_cannot_use_is_refused():
    for address in ("owner/name", "https://github.com", 'https://x.org/a" && rm'):
        with pytest.raises(ValueError, match="expected https://host/owner/name"):
            colab.colab_copy({"cells": []}, address)


def test_the_writer_of_copies_writes_every_chapter(tmp_path):
    colab.write_copies(ADDRESS, tmp_path)
    written = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.ipynb"))
    assert written == [path.relative_to(ROOT) for path in notebooks.notebooks()]
    for path in written:
        nbformat.validate(nbformat.read(tmp_path / path, as_version=4))
