"""Show a notebook the code that it is about, so that prose and code cannot drift."""

import ast
import inspect
import textwrap

__all__ = ["source"]


def source(function):
    """Print the source of a function without its docstring.

    Parameters
    ----------
    function : callable
        Written in Python, in a file or in a notebook cell.

    Raises
    ------
    TypeError
        If it has no Python source, as NumPy's compiled functions have none.

    Examples
    --------
    >>> from bn_lib.functional import batch_norm_backward
    >>> source(batch_norm_backward)
    def batch_norm_backward(dout, cache):
        return _norm_backward(dout, cache)
    """
    try:
        text = textwrap.dedent(inspect.getsource(function))
    except TypeError:
        raise TypeError(
            f"expected a function written in Python, got {function!r}; "
            "a compiled function has no source to show"
        ) from None
    lines = text.splitlines()
    body = ast.parse(text).body[0].body
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str):
        del lines[first.lineno - 1 : first.end_lineno]
    print("\n".join(lines))
