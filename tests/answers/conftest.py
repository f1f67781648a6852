"""Under mutmut each call goes through a trampoline, so what is nested deeply takes several times the frames."""

import os
import sys

if "MUTANT_UNDER_TEST" in os.environ:
    sys.setrecursionlimit(10_000)
