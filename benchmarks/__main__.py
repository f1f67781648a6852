"""`python -m benchmarks [print|mark] [N]`: a class of N students against the bare libraries doing the same work."""

import sys

from benchmarks.marking import marking
from benchmarks.printing import printing

WORKS = {"print": (printing, 200), "mark": (marking, 10_000)}


def main(arguments):
    names = [a for a in arguments if a in WORKS] or list(WORKS)
    numbers = [int(a) for a in arguments if a not in WORKS]
    for name in names:
        work, count = WORKS[name]
        work(numbers[0] if numbers else count)


main(sys.argv[1:])
