"""Measure the ledger: ``python -m bn_lib.claims [CHAPTER ...]``."""

import sys

from bn_lib.claims.report import print_ledger

if __name__ == "__main__":
    sys.exit(min(print_ledger(sys.argv[1:]), 1))
