"""The operations, grouped as NumPy groups them; one entry an operation."""

from t1gen.mapping.ops import arithmetic, functions, iterating, linear, matrices, reductions, selecting, structural
from t1gen.mapping.ops.record import Op

GROUPS = (arithmetic, functions, reductions, linear, matrices, structural, selecting, iterating)

OPS: dict[str, Op] = {op.name: op for group in GROUPS for op in group.OPERATIONS}

ALIASES = {"dot": "matmul", "multiply": "mul", "divide": "div", "subtract": "sub", "power": "pow", "negative": "neg",
           "absolute": "abs", "amax": "max", "amin": "min",
           "asin": "arcsin", "atan": "arctan", "swish": "silu", "ReLU": "relu"}  # fmt: skip
"""Other names for the same operation."""

__all__ = ["ALIASES", "OPS", "Op"]
