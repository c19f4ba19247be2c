"""Copies of the notebooks that run on Colab, where the library is not installed.

``python -m tools.colab https://github.com/owner/name OUT`` writes to the folder OUT what
the publishing workflow puts on the branch ``colab``.
"""

import copy
import json
import re
import sys
from pathlib import Path

from tools.book import ROOT

PICTURE = re.compile(r"(!\[[^\]]*\]\()(?![a-z]+:)([^)\s]+)")


def colab_copy(notebook, address, folder="chapters"):
    """Return a notebook that first installs the library from a repository.

    Parameters
    ----------
    notebook : dict
        As read from an ``.ipynb`` file; it stays as it is.
    address : str
        Of a public git repository, such as ``https://github.com/owner/name``.
    folder : str
        Where the notebook lies in it. Colab sees no file but the notebook, so pictures
        beside it are named by their whole address.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If the address is not one that pip can install from.
    """
    if not re.fullmatch(r"https://[\w.-]+(/[\w.-]+)+", address):
        raise ValueError(f"expected https://host/owner/name, got {address!r}")
    install = {
        "cell_type": "code",
        "id": "install-on-colab",
        "metadata": {"tags": ["install"]},
        "execution_count": None,
        "outputs": [],
        "source": [
            "# Colab: library install karo · install the library\n",
            f'%pip install --quiet "bn_lib[plots] @ git+{address}"',
        ],
    }
    changed = copy.deepcopy(notebook)
    for cell in changed["cells"]:
        if cell["cell_type"] == "markdown":
            whole = rf"\1{address}/raw/main/{folder}/\2"
            cell["source"] = [PICTURE.sub(whole, line) for line in cell["source"]]
    changed["cells"].insert(1, install)  # below the title
    return changed


def write_copies(address, out):
    """Write a copy of every chapter, at its path in the repository."""
    for path in sorted(ROOT.glob("chapters/*.ipynb")):
        notebook = json.loads(path.read_text("utf-8"))
        place = Path(out) / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(colab_copy(notebook, address), ensure_ascii=False, indent=1)
        place.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m tools.colab https://github.com/owner/name OUT")
    write_copies(*sys.argv[1:])
