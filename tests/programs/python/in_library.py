"""A library opens and keeps; the user's line is the call."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "site-packages"))
import cached_tables


def lookup(number):
    return cached_tables.table(number)  # LEAK


for number in range(6):
    lookup(number)
