"""Numbers in asks: a literal array of the language, or a name."""

from typing import Any

from t1gen.errors import LanguageError
from t1gen.mapping.program import Program
from t1gen.mapping.reader import expression


def literal(value: Any) -> Any:
    """Nested tuples of Fractions from a number, nested lists or their text; a name stays a name."""
    text = str(value).strip()
    if text.isidentifier():
        return text
    program = Program()
    step = program[expression(program, text, fold=True)]
    if step.op != "const" or step.name == "pi":
        raise LanguageError(f"'{text[:60]}' is neither numbers nor a name")
    return step.static("value")
