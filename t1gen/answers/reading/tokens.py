"""A formula's text as tokens: numbers, names, signs; LaTeX commands as the signs and names that they print."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from t1gen.answers.reading.characters import FRACTIONS, Source
from t1gen.answers.record import said
from t1gen.mapping.syntax import DIGITS

TOKENS = 1_500
"""The most tokens of a formula that are read."""


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is number, name, sign, text or end; it reaches from `at` to `end` in the source."""

    kind: str
    text: str
    at: int
    end: int
    spaced: bool = False


MODULES = r"(?:(?:np|numpy|torch|jnp|F|tf|math)\.)(?:linalg\.|nn\.functional\.|special\.)?(?=[A-Za-z])(?!T\b|shape\b)"
TOKEN = re.compile(
    r"(?P<space>(?:[\s~$]|\\[,;:! ()]|\\q?quad\b|\\(?:left|right|[bB]igg?[lr]?)(?![A-Za-z]))+)"
    r"|(?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|[" + "".join(FRACTIONS) + "])"
    r"|(?P<module>" + MODULES + ")"
    r"|\\(?:mathrm|mathbf|mathit|mathsf|boldsymbol|bm|text|operatorname\*?)\s*\{(?P<styled>[A-Za-z_0-9⊤]+)\}"
    r"|(?P<name>[A-Za-z_\u0391-\u03c9\u03d1\u03d5\u03f5][A-Za-z0-9_\u0391-\u03c9]*(?:(?<=_)\{[A-Za-z0-9]+\})?)"
    r"|\\(?P<command>[A-Za-z]+|\|)"
    r"|(?P<text>\"[^\"]{0,40}\"|(?<=[(=,])'[^']{0,40}')"
    r"|(?P<sign>\*\*|\.\*|\./|\.\^|//|<=|>=|==|!=|:=|[-+*/@^()\[\]{}<>=,:|'.·∘⊗⊤‖√∂≤≥≠!%&;#])"
)
PARTIAL = re.compile(
    r"(?:d|∂|\\partial\s*)\s*(\w+)\s*/\s*(?:d|∂|\\partial\s*)\s*(\w+)"
    r"|\\[dt]?frac\s*\{\s*(?:d|∂|\\partial\s*)\s*(\w+)\s*\}\s*\{\s*(?:d|∂|\\partial\s*)\s*(\w+)\s*\}"
)
"""A derivative as a quotient: dL/dz, where the question has the name dL_dz."""

COMMANDS = {
    "cdot": "·", "times": "·", "ast": "*", "odot": "∘", "circ": "∘", "otimes": "⊗", "top": "⊤", "intercal": "⊤",
    "sqrt": "√", "frac": "frac", "dfrac": "frac", "tfrac": "frac", "div": "/", "le": "<=", "leq": "<=", "ge": ">=",
    "geq": ">=", "lvert": "|", "rvert": "|", "vert": "|", "mid": "|", "lVert": "‖", "rVert": "‖", "Vert": "‖", "|": "‖",
}  # fmt: skip
SIGNS = {".*": "*", "./": "/", ".^": "**", "≤": "<=", "≥": ">=", "≠": "!="}

LETTERS = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ϵ": "epsilon", "ζ": "zeta", "η": "eta",
    "θ": "theta", "ϑ": "theta", "ι": "iota", "κ": "kappa", "λ": "lam", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi",
    "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "ϕ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
    "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi",
    "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
LATEX = {"lambda": "lam", "varepsilon": "epsilon", "vartheta": "theta", "varphi": "phi"}


def latin(name: str) -> str:
    """A name with Greek letters and braces written out: α is alpha, W_{1} is W_1, λ is lam."""
    plain = name.replace("{", "").replace("}", "")
    return plain if plain.isascii() else "".join(LETTERS.get(c, c) for c in plain)


def tokens(source: Source, names: Collection[str] = ()) -> list[Token]:
    """The tokens of a text, the last of kind `end`. Raises Unreadable at the first character that is none.

    `names` are those that a quotient dL/dz may stand for.
    """
    out: list[Token] = []
    for token in _tokens(source, names):
        out.append(token)
        if len(out) > TOKENS:
            raise source.refused(token.at, said("tokens", most=TOKENS))
    return out


def _tokens(source: Source, names: Collection[str]) -> Iterator[Token]:
    at, spaced, text = 0, False, source.text
    partials = any(n.startswith("d") and "_d" in n for n in names)
    while at < len(text):
        quotient = PARTIAL.match(text, at) if partials and text[at] in "d∂\\" else None
        name = quotient and "d{}_d{}".format(*(latin(g) for g in quotient.groups() if g))
        if quotient and name in names:
            yield Token("name", str(name), at, quotient.end(), spaced)
            at, spaced = quotient.end(), False
            continue
        found = TOKEN.match(text, at)
        if found is None:
            raise source.refused(at, _strange(text[at]))
        kind = str(found.lastgroup)
        start, at = at, found.end()
        if kind == "module" and found[0].partition(".")[0] in names:
            at = start + found[0].index(".")
            yield Token("name", text[start:at], start, at, spaced)
        elif kind not in ("space", "module"):
            yield _token(source, found, spaced)
        spaced = kind == "space" or (kind == "module" and spaced)
    yield Token("end", "", len(text), len(text), spaced)


def _strange(char: str) -> str:
    return said("infinity") if char == "∞" else said("strange", sign=char)


def _token(source: Source, found: re.Match[str], spaced: bool) -> Token:
    kind, text = str(found.lastgroup), str(found[str(found.lastgroup)])
    at, end = found.start(), found.end()
    if kind == "number" and len(text) > DIGITS + 6:
        raise source.refused(at, said("digits", most=DIGITS))
    if kind == "command":
        kind, text = ("sign", COMMANDS[text]) if text in COMMANDS else ("name", LATEX.get(text, text))
    elif kind == "styled":
        kind = "sign" if text in ("T", "⊤") and source.text[:at].rstrip(" {").endswith("^") else "name"
        text = "⊤" if kind == "sign" else text
    elif kind == "sign":
        text = SIGNS.get(text, text)
    return Token(kind, text, at, end, spaced)
