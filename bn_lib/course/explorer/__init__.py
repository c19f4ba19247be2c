"""The explorer: a measured sweep whose settings the reader moves, after a guess."""

from bn_lib.course.explorer.page import Explorer, explore

__all__ = ["Explorer", "explore"]
