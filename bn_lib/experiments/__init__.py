"""Experiments behind the chapters: a frozen Config goes in, a Result comes out.

Each module belongs to one chapter. An experiment computes and never plots; its Result
keeps the numbers of every seed and the Config that made them.
"""
