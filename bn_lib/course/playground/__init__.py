"""A playground for batch norm: one call, a page that answers when it is touched."""

from bn_lib.course.playground.page import playground

__all__ = ["playground"]
