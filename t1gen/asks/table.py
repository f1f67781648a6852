"""table: values and gradients of scalar quantities in one table, marked cell by cell."""

from collections.abc import Mapping
from typing import Any

from t1gen.asks.record import Ask, names
from t1gen.asks.tape import Quantity, Tape
from t1gen.errors import LanguageError, near
from t1gen.mapping.program import Program

PARTS = ("value", "gradient")


def declare(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    parts = tuple(names(options.get("columns", list(PARTS))))
    for part in parts:
        if part not in PARTS:
            raise LanguageError(
                f"a table has no column '{part}'{near(part, PARTS)} (allowed: {', '.join(PARTS)})"
            )
    rows = tuple(names(options.get("rows", [])))
    if len(set(rows)) < len(rows) or len(set(parts)) < len(parts) or not parts:
        raise LanguageError("a table has at least one column, and every row and column once")
    table = Quantity("table", of=str(options.get("of", mapping.output)), rows=rows, parts=parts)
    if rows and all(cell for row in printed(options, table) for cell in row):
        raise LanguageError("a table has at least one cell to fill in; 'show' has them all")
    return [table] if rows else []


def phrase(text: str, mapping: Program) -> Quantity | None:
    return None


def reference(tape: Tape, quantity: Quantity) -> str:
    """All cells as one matrix, rows x parts."""
    of, cells = tape.check(quantity.of), []
    for name in quantity.rows:
        if tape.program.shape(tape.check(name)) != ():
            raise LanguageError(f"a table holds scalars; {name} has shape {tape.program.shape(name)}")
        for part in quantity.parts:
            cell = name if part == "value" else tape.gradient(of, name)
            cells.append(tape.writer.emit("reshape", (cell,), shape=(1,)))
    flat = tape.writer.emit("concatenate", tuple(cells), axis=0) if len(cells) > 1 else cells[0]
    return tape.writer.emit("reshape", (flat,), shape=(len(quantity.rows), len(quantity.parts)))


def printed(options: Mapping[str, Any], quantity: Quantity) -> list[list[bool]]:
    """Which cells a worksheet prints: those that `show: [z.value]` names."""
    shown = names(options["show"]) if "show" in options else []
    cells = [[f"{row}.{part}" for part in quantity.parts] for row in quantity.rows]
    for cell in shown:
        known = [c for row in cells for c in row]
        if cell not in known:
            raise LanguageError(f"the table has no cell '{cell}'{near(cell, known)} (it has {', '.join(known)})")
    return [[cell in shown for cell in row] for row in cells]


ASK = Ask("table", declare, phrase, reference, ("of", "rows", "columns", "show"), ("table",))
