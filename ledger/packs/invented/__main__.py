"""Prints the invented history."""

import sys

from ledger.packs.invented import history

sys.stdout.write(history())
