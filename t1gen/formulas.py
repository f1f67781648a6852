r"""Formulas of a bank's texts, `$\frac{a}{b}$`: what not every engine can print is told when the bank is read."""

import re

from t1gen.errors import near

ENVIRONMENTS = ("matrix", "bmatrix", "pmatrix", "vmatrix", "Bmatrix", "Vmatrix", "smallmatrix", "array", "cases",
                "aligned")  # fmt: skip
r"""What `\begin` may open within a line."""


def _commands(names: str) -> tuple[str, ...]:
    return tuple("\\" + name for name in names.split())


OPERATORS = _commands("""
    sum prod int iint iiint oint bigcup bigcap bigoplus bigotimes bigodot bigvee bigwedge bigsqcup coprod lim liminf
    limsup max min sup inf det gcd Pr""")
r"""What `\limits` may follow."""

OPENING = ("(", "[", "|", ".", r"\{", r"\|", *_commands("langle lceil lfloor lbrace lvert lVert vert Vert"))
CLOSING = (")", "]", "|", ".", r"\}", r"\|", *_commands("rangle rceil rfloor rbrace rvert rVert vert Vert"))
r"""What may follow `\left` and `\right`."""

SYMBOLS = frozenset((*OPERATORS, *(b for b in (*OPENING, *CLOSING) if b[1:].isalpha()), *_commands("""
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho varrho
    sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
    aleph ell imath jmath Re Im nabla partial infty emptyset varnothing forall exists nexists complement top bot
    angle prime backslash square blacksquare lozenge triangle triangledown bigstar checkmark dagger ddagger flat
    natural sharp lbrack rbrack cdot times div pm mp ast star circ bullet oplus ominus otimes oslash odot boxplus
    boxtimes boxdot dotplus cup cap sqcup setminus wedge vee land lor neg lnot amalg wr diamond ltimes rtimes leq le
    geq ge leqslant geqslant ll gg lll ggg neq ne equiv approx approxeq sim simeq cong doteq triangleq asymp propto
    prec succ preceq succeq lesssim gtrsim in ni notin subset supset subseteq supseteq sqsubset sqsubseteq mid nmid
    parallel nparallel perp models vdash dashv therefore because not to gets mapsto longmapsto rightarrow leftarrow
    leftrightarrow longrightarrow longleftarrow longleftrightarrow Rightarrow Leftarrow Leftrightarrow
    Longrightarrow Longleftarrow Longleftrightarrow implies iff uparrow downarrow updownarrow Uparrow Downarrow
    hookrightarrow hookleftarrow nearrow searrow nwarrow swarrow rightharpoonup rightharpoondown leftharpoonup
    leftharpoondown rightleftharpoons rightleftarrows leadsto twoheadrightarrow ldots cdots vdots ddots dots dotsb
    dotsc colon quad qquad displaystyle textstyle bmod arccos arcsin arctan cos cosh cot coth csc deg dim exp hom
    ker lg ln log sec sin sinh tan tanh""")))
"""Commands that stand alone."""

ONE = _commands("""
    hat bar vec tilde dot ddot overline widehat widetilde overbrace underbrace overrightarrow mathbf mathrm mathit
    mathsf mathtt mathcal mathfrak mathbb boldsymbol sqrt pmod xrightarrow xleftarrow substack""")
TWO = _commands("frac dfrac tfrac binom overset underset stackrel")
ARGUMENTS = dict.fromkeys(ONE, 1) | dict.fromkeys(TWO, 2)
"""Commands by the number of their arguments."""

TEXTS = _commands("text textrm operatorname")
"""Commands of one argument, which is no formula."""

SIZES = tuple(rf"\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m"))
r"""What a bracket follows, besides `\left` and `\right`."""

_SIGNS = frozenset(rf"\{sign}" for sign in ",:;!>{}|%#&_ ")
_COMMANDS = sorted((*SYMBOLS, *ARGUMENTS, *TEXTS, *SIZES, r"\left", r"\begin"))
_FORMULA = re.compile(r"\$([^$]+)\$|`[^`]+`")
_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|\S", re.DOTALL)
_CLOSING = ("}", r"\right", r"\end")


def fault(text: str) -> str:
    """What is wrong with the first formula of a text that cannot be printed; empty where all can be."""
    for found in _FORMULA.finditer(text):
        try:
            _Reader(found[1] or "").whole()
        except ValueError as error:
            return f"the formula ${found[1]}$ cannot be printed: {error}"
    return ""


class _Reader:
    """Reads a formula token by token; what cannot stand where it stands is a ValueError."""

    def __init__(self, latex: str) -> None:
        self.tokens = _TOKEN.findall(latex)[::-1]

    def whole(self) -> None:
        self.closed(self.row(""), "")

    def next(self) -> str:
        return self.tokens.pop() if self.tokens else ""

    def follows(self, *tokens: str) -> bool:
        return bool(self.tokens) and self.tokens[-1] in tokens

    def closed(self, by: str, wanted: str) -> None:
        if by != wanted:
            raise ValueError(f"{by} closes what was not opened")

    def row(self, opened: str, cells: bool = False) -> str:
        r"""Read as far as what closes `opened`, and return that; with `cells`, & and \\ part what stands between."""
        scripts = ""
        while token := self.next():
            if token in _CLOSING:
                return token + (f"{{{self.name()}}}" if token == r"\end" else "")
            if token in ("_", "^", "'"):
                scripts = self.script(token, scripts)
                continue
            scripts = ""
            if not (cells and token in ("&", r"\\")):
                self.piece(token)
        if opened:
            raise ValueError(f"{opened} is not closed")
        return ""

    def script(self, sign: str, before: str) -> str:
        """An index, a power or a prime behind others."""
        if sign == "'" and "^" in before:
            raise ValueError("a prime stands before ^")
        if sign != "'":
            if sign in before:
                raise ValueError(f"{sign} stands twice behind the same sign")
            self.argument(sign, f"nothing follows {sign}")
        return before + sign

    def argument(self, of: str, missing: str) -> None:
        token = self.next()
        if token in ("", "&", "_", "^", "'", r"\\", *_CLOSING):
            raise ValueError(missing)
        if token in ARGUMENTS or token in (*TEXTS, *SIZES, r"\left", r"\begin"):
            raise ValueError(f"{token} behind {of} wants braces around it")
        self.piece(token, cells=of == r"\substack")

    def piece(self, token: str, cells: bool = False) -> None:
        """A sign, a group or a command with its arguments."""
        if token == "{":
            self.closed(self.row("{", cells), "}")
        elif token == r"\left":
            self.delimiter(token, OPENING)
            self.closed(self.row(token), r"\right")
            self.delimiter(r"\right", CLOSING)
        elif token == r"\begin":
            self.environment()
        elif token in SIZES:
            self.delimiter(token, (*OPENING, *CLOSING))
        elif token in TEXTS:
            self.text(token)
        elif token in ARGUMENTS:
            self.command(token)
        elif token in ("&", r"\\"):
            raise ValueError(f"{token} stands outside of a matrix")
        elif token in ("#", "%"):
            raise ValueError(rf"{token} is written \{token}")
        elif token == '"':
            raise ValueError("quotes stand in no formula")
        elif token in OPERATORS and self.follows(r"\limits", r"\nolimits"):
            self.next()
        elif token[0] == "\\" and token not in SYMBOLS and token not in _SIGNS:
            raise ValueError(f"{token} is unknown{near(token, _COMMANDS)}")

    def delimiter(self, of: str, allowed: tuple[str, ...]) -> None:
        if (token := self.next()) not in allowed:
            raise ValueError(f"{of} wants a bracket or a bar behind it, not {token or 'the end'}")

    def environment(self) -> None:
        name = self.name()
        if name not in ENVIRONMENTS:
            allowed = ", ".join(ENVIRONMENTS)
            raise ValueError(rf"\begin{{{name}}} cannot stand in a line{near(name, ENVIRONMENTS)} (allowed: {allowed})")
        if name == "array":
            self.name()
        self.closed(self.row(name, cells=True), rf"\end{{{name}}}")

    def name(self) -> str:
        """What stands in braces as it is."""
        found = ""
        if self.follows("{"):
            self.next()
            while self.tokens and (token := self.next()) != "}":
                found += token
        return found

    def text(self, of: str) -> None:
        """An argument that is a text: no formula stands in it, and signs that mean something are written with a bar."""
        if not self.follows("{"):
            raise ValueError(f"{of} wants braces")
        depth = 0
        while token := self.next():
            depth += (token == "{") - (token == "}")
            if not depth:
                return
            if token in ("_", "^", "&", "#", "%") or (token[0] == "\\" and token not in _SIGNS):
                raise ValueError(f"{token} cannot stand in {of}")
        raise ValueError("{ is not closed")

    def command(self, token: str) -> None:
        count = ARGUMENTS[token]
        if token == r"\sqrt" and self.follows("["):
            while self.tokens and self.next() != "]":
                pass
        if token == r"\mathbb" and not re.match(r"[A-Z]|\{[A-Z]\}", "".join(self.tokens[:-4:-1])):
            raise ValueError(r"\mathbb wants a capital letter, as in \mathbb{R}")
        for _ in range(count):
            self.argument(token, f"{token} wants {'an argument' if count == 1 else f'{count} arguments'}")
