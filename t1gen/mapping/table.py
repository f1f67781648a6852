"""The language as one page of Markdown, written from the tables of operations and definitions."""

from collections.abc import Sequence

from t1gen.mapping.ops import ALIASES, OPS, Op
from t1gen.mapping.ops.definitions import DEFINITIONS, STACK, Definition
from t1gen.mapping.ops.fold import AXES

NUMPY = (
    "exp log sqrt square sin cos arcsin arctan log1p expm1 floor round tanh sign maximum minimum where abs "
    "sum mean max min outer diag transpose matmul einsum cumsum argmax argsort reshape broadcast_to concatenate "
    "tan sinh cosh log2 log10 reciprocal clip floor_divide var std prod median sort tile kron convolve stack "
    "ones zeros eye arange less less_equal greater greater_equal equal not_equal"
)
LINALG = frozenset(("inv", "det", "norm", "solve", "matrix_power"))
OTHER = {
    "add": "numpy.add", "sub": "numpy.subtract", "mul": "numpy.multiply", "div": "numpy.divide",
    "neg": "numpy.negative", "pow": "numpy.power", "copy": "numpy.copy",
    "logabsdet": "numpy.linalg.slogdet", "erf": "scipy.special.erf",
    "logsumexp": "scipy.special.logsumexp", "index": "numpy indexing", "gather": "numpy advanced indexing",
    "put": "numpy.put", "scatter": "numpy.ufunc.at", "step": "numpy.heaviside", "stop_gradient": "torch.Tensor.detach",
    "clip_grad": "torch.nn.utils.clip_grad_value_", "one_hot": "torch.nn.functional.one_hot",
    "sum_to": "torch.Tensor.sum_to_size", "iterate": "Blondel et al., Efficient and Modular Implicit Differentiation",
    "flatten": "numpy.ravel", "frobenius": "numpy.linalg.norm", "l1": "numpy.linalg.norm", "l2": "numpy.linalg.norm",
    "max_norm": "numpy.linalg.norm", "hinge": "torch.nn.HingeEmbeddingLoss", "huber": "torch.nn.functional.huber_loss",
    "mse": "torch.nn.functional.mse_loss", "bce": "torch.nn.functional.binary_cross_entropy",
    "kl": "scipy.special.rel_entr", "maxpool2d": "torch.nn.functional.max_pool2d",
    "avgpool2d": "torch.nn.functional.avg_pool2d", "attention": "torch.nn.functional.scaled_dot_product_attention",
    "straight_through": "Bengio et al., Estimating or Propagating Gradients", "with_grad": "jax.custom_vjp",
    "grad_reverse": "Ganin and Lempitsky, Domain-Adversarial Training", "euler": "Hairer et al., Solving ODEs I",
    "sigmoid": "scipy.special.expit",
}  # fmt: skip
CONVENTIONS = """\
- log is natural; relu'(0) = abs'(0) = step'(.) = norm'(0) = 0, step(0) = 0 (`x > 0`).
- max, min, maximum and minimum share a tie equally; max-pooling takes the first.
- softmax and logsumexp work on the last axis (logsumexp of an array without axis: over all).
- gelu is exact; the slope of leaky_relu is 0.01; std and var have ddof 0; eps of the norms is 1e-5; huber has delta 1.
- conv1d and conv2d are cross-correlation, convolve is NumPy's.
- Losses are means over all entries, cross_entropy over rows.
- dropout is inverted: what stays is divided by 1 - p. Flattening is row-major.
- A Jacobian is the matrix m x k, m the size of f and k that of x. A VJP has the shape of x, a JVP that of f(x).
- `fixed_point(lambda u: ..., start)` and `argmin(lambda w: ..., start)` are read in mappings only; their gradient is
  the implicit one, and second derivatives through them are refused."""


def source(name: str) -> str:
    """The page that says what an operation means, by its name."""
    if name in OTHER:
        return OTHER[name]
    if name in NUMPY.split(" "):
        return f"numpy.{name}"
    return f"numpy.linalg.{name}" if name in LINALG else f"torch.nn.functional.{name}"


PAGES = {
    "numpy.": "https://numpy.org/doc/stable/reference/generated/{}.html",
    "numpy ": "https://numpy.org/doc/stable/user/basics.indexing.html",
    "scipy.": "https://docs.scipy.org/doc/scipy/reference/generated/{}.html",
    "torch.": "https://docs.pytorch.org/docs/stable/generated/{}.html",
}


def linked(name: str) -> str:
    """A source as a link to its page; a paper is named only."""
    page = next((url for start, url in PAGES.items() if source(name).startswith(start)), "")
    return f"[{source(name)}]({page.format(source(name))})" if page else source(name)


def signature(op: Op) -> str:
    """How an operation is called: `sum(A, axis, keepdims)`, `A @ B`."""
    if op.infix:
        return f"`A {op.infix[0]} B`" if op.arity == 2 else f"`{op.infix[0]}A`"
    letters = ("A", "B", "...") if op.arity < 0 else tuple(AXES[: op.arity])
    return f"`{op.name}({', '.join((*letters, *op.statics))})`"


def _convention(op: Op) -> str:
    if isinstance(op.definition, str):
        return _code(op.definition)
    flags = (("surrogate", "the gradient is another by design"), ("frozen", "declared constant"))
    return "; ".join(text for flag, text in flags if getattr(op, flag))


def _rule(op: Op) -> str:
    if op.local is not None:
        shown = "; ".join("none" if t is None else f"v * ({t})" if t != "1" else "v" for t in op.local)
        return _code(shown)
    if isinstance(op.vjp, dict):
        return "<br>".join(f"{'-D, '.join(map(str, ranks))}-D: {_code(_joined(t))}" for ranks, t in op.vjp.items())
    texts = op.vjp(3) if callable(op.vjp) else op.vjp
    return _code(_joined(tuple(texts))) if texts else "sympy's derivative"  # type: ignore[arg-type]


def _joined(texts: tuple[str | None, ...]) -> str:
    return "; ".join(t or "none" for t in texts)


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def _defined(what: Definition) -> tuple[str, str]:
    parameters = [f"{p}={what.defaults[p]}" if p in what.defaults else p for p in what.parameters or ("(x, y, ...)",)]
    options = [f"{n}={v!r}" for n, v in what.statics.items()]
    return f"`{what.name}({', '.join(parameters + options)})`", (
        _code(what.body) if isinstance(what.body, str) else what.meaning
    )


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))


def markdown() -> str:
    """docs/language.md."""
    composites = [*DEFINITIONS.values(), STACK]
    own = [op for op in OPS.values() if not op.custom]
    operations = [(signature(op), _convention(op), _rule(op), linked(op.name)) for op in own]
    defined = [(*_defined(d), linked(d.name)) for d in composites]
    names = ", ".join(f"{a} = {b}" for a, b in sorted(ALIASES.items()))
    return "\n\n".join((
        "# The mapping language",
        f"Written by `t1gen.mapping.table` from the tables themselves. {len(own)} operations have a rule of their own; "
        f"{len(composites)} names are definitions in the language, which have no rule at all: the reader writes them "
        "out. In rules A, B, ... are the parents, y the output and v the cotangent; `;` stands between the parents.",
        "## Conventions",
        CONVENTIONS,
        "## Operations",
        _table(("call", "definition or convention", "what goes back to each parent", "source"), operations),
        f"Other names: {names}. Arrays of constants: `ones(shape)`, `zeros(shape)`, `eye(n)`, `arange(n)` "
        "(numpy.ones, numpy.zeros, numpy.eye, numpy.arange).",
        "## Definitions",
        _table(("call", "definition", "source"), defined),
    )) + "\n"  # fmt: skip
