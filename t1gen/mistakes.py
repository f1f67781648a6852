"""The names of the mistakes that are known: what a bank may give credit for, and what a report may name.

What each is stands in problems/misconceptions.py, its wording in templates/text/<language>/.
"""

RULES = (
    "sign-lost", "upstream-forgotten", "local-forgotten", "fan-out-overwritten", "one-sample", "mean-for-sum",
    "sum-for-mean", "factor-swapped", "square-two-forgotten", "weights-transposed", "operands-swapped",
    "product-reversed", "v-plus-vT", "sigmoid-at-output", "sigmoid-at-sigmoid", "sigmoid-of-input", "relu-mask-flipped",
    "relu-mask-on-gradient", "broadcast-sum-forgotten", "softmax-diagonal", "log-base-10", "ascent", "rate-forgotten",
    "rate-twice", "other-gradient", "one-after-other", "vjp-for-jvp", "jvp-for-vjp", "jacobian-transposed",
)  # fmt: skip
"""Other rules on the tape."""

MISTAKES = (*RULES, "transposed", "other-layout", "factor", "coarse")
"""Those, and what is wrong with an answer as a whole."""
