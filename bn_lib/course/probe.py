"""Probes: what an answer does when its inputs change proves some mistakes.

A probe is a function of ``run``; ``run(eps=1.0)`` plays an exercise's first case with
another eps and returns the output in question, ``run(eps=function)`` with a function of
it. Whatever else is wrong with an answer, what a probe shows is true.
"""

from bn_lib.course.observation import same

__all__ = ["alike", "both", "huge", "unlike"]


def alike(one, other, at=...):
    """Return a probe for two changes of the inputs that leave the output the same.

    Parameters
    ----------
    one, other : dict
        Changes, as arguments of ``run``.
    at : index
        The part of the output that is compared.
    """
    return lambda run: same(run(**one)[at], run(**other)[at])


def unlike(one, other, at=...):
    """Return a probe for two changes of the inputs that change the output; see `alike`."""
    return lambda run: not alike(one, other, at)(run)


def both(one, other):
    """Return a probe for what two probes both show."""
    return lambda run: one(run) and other(run)


def huge(value):
    """Return a million times the value, which nothing can hide that depends on it."""
    return 1e6 * value
