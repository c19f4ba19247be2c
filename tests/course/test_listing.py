"""Showing a function's source."""

import pytest

from bn_lib.course.listing import source


def documented(x):
    """Double it."""
    return 2 * x


def test_source_leaves_the_docstring_out(capsys):
    source(documented)
    assert capsys.readouterr().out == "def documented(x):\n    return 2 * x\n"


def test_source_of_a_compiled_function_says_why_not():
    with pytest.raises(TypeError, match="written in Python, got <built-in function len>"):
        source(len)
