"""README and CONTRIBUTING say what is so: commands, chapters, folders, code, numbers."""

import re

from bn_lib.course.ledger import claims_of, measured
from tools.book import ROOT, STATEMENT, statement

README = (ROOT / "README.md").read_text("utf-8")


def test_readme_names_only_commands_that_exist():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    commands = set(re.findall(r"make ([a-z]+)", README))
    assert {"book", "test", "lab", "notebooks", "clean"} <= commands
    for command in commands:
        assert re.search(rf"^{command}:", makefile, re.M), command


def test_readme_says_which_chapters_stand():
    assert STATEMENT.search(README)[0] == statement(), "run `make notebooks`"


def test_what_readme_shows_of_the_project_is_there_and_every_folder_is_shown():
    tree = re.search(r"## What is where\n\n```\n(.+?)```", README, re.S)[1]
    shown, folder = [], ""
    for line in tree.splitlines():
        folder = folder if line.startswith(" ") else line.split()[0]
        shown.append(folder + line.split()[0] if line.startswith(" ") else folder)
    assert [name for name in shown if not (ROOT / name).exists()] == []
    folders = {f"{path.name}/" for path in ROOT.iterdir() if path.is_dir()}
    unseen = re.compile(r"\.|__|_build")
    assert {name for name in folders if not unseen.match(name)} <= set(shown)


def test_readmes_example_of_a_claim_is_as_measured():
    name = re.search(r"<!-- example: (\S+) -->", README)[1]
    (claim,) = [x for x in claims_of(name.partition(".")[0]) if x.id == name]
    assert claim.english in " ".join(README.replace("\n> ", " ").split())
    table = README.partition("<!-- example")[2].partition("\n\n")[0].splitlines()[3:]
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table]
    assert rows == [
        [regime, f"{round(measured()[name][regime][1], 2) + 0:.2f}", answer]
        for regime, answer in claim.answers.items()
    ]
    assert f"*{claim.verdict}* here" in README


def test_the_code_that_contributing_shows_is_the_projects_own():
    shown = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.+?)```", shown, re.S)
    own = [path.read_text("utf-8") for path in ROOT.glob("bn_lib/chapters/*/*.py")]
    assert len(blocks) >= 3
    for block in blocks:
        assert any(block.strip() in text for text in own), block
