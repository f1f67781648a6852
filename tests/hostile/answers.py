"""Hostile answers: JSON texts by name. Each stands for one answer beside right ones, and is worth nothing."""

import json
from collections.abc import Iterator
from typing import Any


def text(value: Any) -> bytes:
    return json.dumps(value).encode()


def nested(depth: int, inner: str = "1", opening: str = "[", closing: str = "]") -> bytes:
    return (opening * depth + inner + closing * depth).encode()


TEXTS = {
    # code
    "import": "__import__('os').system('true')", "import statement": "import os; os.abort()", "lambda": "lambda: 1",
    "lambda called": "(lambda x: x)(1)", "walrus": "(v := 1)", "comprehension": "[v for v in v]",
    "generator": "sum(i for i in x)", "dict comprehension": "{k: 1 for k in v}", "f-string": "f'{v}'",
    "format": "'{0.__class__}'.format(v)", "percent": "'%s' % v", "class": "().__class__.__bases__[0].__subclasses__()",
    "attribute": "v.__class__", "attribute of a number": "1 .__class__", "globals": "exp.__globals__['os']",
    "subscript": "v['__class__']", "subscripts": "v" + "[0]" * 900, "getattr": "getattr(v, '__class__')",
    "eval": "eval('1')", "exec": "exec('1')", "open": "open('/etc/passwd').read()", "compile": "compile('1', '', 'eval')",
    "conditional": "v if v else v", "and": "v and v", "star": "*v", "yield": "yield v", "await": "await v",
    "ellipsis": "...", "string": "'1'", "bytes": "b'1'", "set": "{1, 2}", "template": "{{ 7 * 7 }}", "shell": "$(id)",
    "backticks": "`id`", "sql": "1; DROP TABLE marks", "html": "<script>alert(1)</script>", "xml": "<!ENTITY a '&a;'>",
    "latex": "\\input{/etc/passwd}", "latex write": "\\immediate\\write18{id}", "typst": "#read(\"/etc/passwd\")",
    "csv formula": "=HYPERLINK(\"http://x\")", "csv sum": "@SUM(A1)", "rich markup": "[bold red]1[/bold red]",
    "pickle": "cos\nsystem\n(S'true'\ntR.", "yaml": "!!python/object/apply:os.system [true]", "jndi": "${jndi:ldap://x}",
    # towers and digits
    "tower": "9**9**9", "tower of four": "9**9**9**9", "tower of carets": "9" + "^9" * 90, "caret tower": "(9^99)^99",
    "nested tower": "(" * 50 + "9" + "^9)" * 50, "negative tower": "2" + "^-" * 90 + "1", "e tower": "e^" * 1900 + "1",
    "exp tower": "exp(" * 50 + "1" + ")" * 50, "1e999999999": "1e999999999", "1e-999999999": "-1e-999999999 * 5 + 77",
    "1e400": "1e400", "exponents": "1e" * 99, "exponent digits": "1e+" + "9" * 190, "10^10^10": "10^10^10",
    "factorial": "99999!", "shift": "1 << 99999999999", "million digits": "9" * 10**6, "digits": "9" * 199,
    "fraction": "9" * 99 + "/" + "7" * 95, "zeros": "0." + "0" * 5000 + "1", "percents": "5" + "%" * 150,
    "product": "*".join(["99999999"] * 400), "sum": "9+" * 1900 + "9", "decimals": "1." * 90, "signs": "-" * 3999 + "1",
    "hex": "0x7fffffff", "octal": "0o777777", "underscores": "1_000_777", "complex": "5j+77", "1/0": "1/0", "0/0": "0/0",
    "log 0": "log(0)", "sqrt -1": "sqrt(-1)", "overflow": "exp(710)*exp(710)", "underflow": "77 + exp(-9999)",
    # values that are none
    "nan": "nan", "NaN": "NaN", "-nan": "-nan", "inf": "inf", "-Infinity": "-Infinity", "infinity sign": "∞",
    "null": "null", "None": "None!", "true": "true", "undefined": "undefined", "1.#QNAN": "1.#QNAN", "N/A": "#N/A",
    # hedges
    "or": "1 or 2", "both": "1; 2", "slash": "1 / 2 / 3 or 5", "plus minus": "1 ± 99", "interval": "[-1e9, 1e9]",
    "range": "0..99", "approximately": "~ 1", "between": "-99 < x < 99", "candidates": "0, 1, 2, 3, 4, 5, 6, 7",
    "all options": "a b c d e f g h i j k l m n o q", "all letters": "abcdefghijklmnopqrstuvwxyz", "any": "any",
    "wildcard": "*", "regex": ".*", "equation": "z = z", "the key": "answers['1a'].value", "see above": "see 1a",
    # brackets
    "round": "(" * 10**5, "closed round": "(" * 10**5 + ")" * 10**5, "square": "[" * 10**5, "braces": "{" * 10**5,
    "wrong way": "])}" * 2600, "mixed": "([{" * 2000 + "1" + "}])" * 2000, "bars": "|" * 3999, "bar v": "|v" * 1900,
    "frac": "\\frac" * 700, "nested frac": "\\frac{1}{" * 55 + "1" + "}" * 55, "frac cut": "\\frac{1}{" * 400,
    "sqrt": "\\sqrt{" * 600, "left": "\\left(" * 600, "begin": "\\begin{bmatrix}" * 400, "text": "\\text{" * 700,
    "backslashes": "\\" * 8000, "dollars": "$" * 3999, "quotes": "\"" * 3999, "primes": "v" + "'" * 3900,
    "transposes": "v" + ".T" * 1900, "powers of T": "v" + "^T" * 1900, "indices": "x" + "_{1}" * 900, "v[": "v[" * 1900,
    "comments": "#" * 3999, "commas": "," * 7999, "semicolons": ";" * 7999, "line breaks": "\n" * 7999,
    "rows": "1\n" * 3999, "columns": "1," * 3999, "decimal commas": "1,5;" * 1999, "lists": "[1]," * 1999,
    "ampersands": "1&" * 3999, "array calls": "array(" * 1300, "options": "array(" + ",a=" * 2600 + ")",
    # much
    "million letters": "x" * 10**6 , "million spaces": " " * 10**6 + "7" * 7, "million names": "v " * 499_999,
    "sums of names": "+".join("v" * 1900), "side by side": " ".join("A" * 1900), "groups": "(v)" * 600,
    "sigmoids": " ".join(["sigmoid(-1)"] * 300), "eye": "eye(3000)", "ones": "+".join(["ones(9999)"] * 300),
    "tiles": "tile(" * 50 + "v" + ",9)" * 50, "broadcast": "broadcast_to(v, (99999, 99999))", "zeros call": "zeros((9999, 9999))",
    "arange": "arange(10**9)", "convolve": "+".join(["convolve(tile(v,99),tile(v,99))"] * 40), "einsum": "einsum('" + "i" * 30 + "->',v)",
    "powers": "matrix_power(eye(50), 2000)", "repeat": "repeat(v, 10**9)", "kron": "kron(" * 20 + "v" + ",v)" * 20,
    "outer": "outer(" * 20 + "v" + ",v)" * 20, "where": "where(v > 0, v, v) * 0", "clip": "clip(v, -1e9, 1e9) - v",
    "graph of cycles": "\n".join(f"a{i} = a{i + 1} + x" for i in range(190)), "same line": "a = x;" * 600,
    "thousand nodes": "\n".join(f"n{i} = x + {i}" for i in range(1000)), "self": "z = z + 1", "empty lines": "z =\n" * 900,
    "chained": "=".join("abcdefgh" * 100), "equals": "=" * 1900, "doubling": "\n".join(
        ["n0 = w * w", *(f"n{i + 1} = n{i} * n{i}" for i in range(150))]),
    # characters
    "nul": "\0", "nul in a number": "7\x007", "bell": "\x07\x07", "escape": "\x1b[2J\x1b[31mcorrect\x1b[0m",
    "title": "\x1b]0;owned\x07", "csi": "\x9b31mcorrect", "backspace": "wrong\b\b\b\b\bright", "return": "wrong\rcorrect",
    "delete": "\x7f", "right to left": "\u202e77\u202c.\u202d", "isolates": "\u2066\u2067\u2068\u2069", "marks": "\u200e\u200f",
    "zero width": "\u200b\u200c\u200d\ufeff", "joiners": "👩\u200d" * 50_000, "emoji": "🙂" * 100_000, "tag characters": "\U000e0041" * 900,
    "accents": "x" + "\u0301" * 10**5, "zalgo": "v" + "\u0489\u0334" * 1900, "half a pair": "\ud83d", "other half": "7\udc00",
    "private": "\ue000", "unassigned": "\u0378", "noncharacter": "\ufdd0\uffff", "ligature": "\ufdfa" * 4000,
    "arabic digits": "٧٧٧٧", "full width": "７７７７", "mathematical": "𝟕𝟕𝟕𝟕", "roman": "ⅷ", "circled": "⑦⑦",
    "superscripts": "²" * 3999, "fractions": "½" * 3999, "cyrillic": "ѵ * у", "line separator": "\u2028" * 900,
    "next line": "\x85" * 900, "wide spaces": "\u3000" * 900 + "x", "soft hyphens": "7\u00ad7" * 900, "variation": "7\ufe0f" * 900,
}  # fmt: skip


def wide(count: int) -> str:
    return f"[{', '.join(['0.77'] * count)}]"


VALUES: dict[str, bytes] = {
    "JSON NaN": b"NaN", "JSON Infinity": b"Infinity", "JSON -Infinity": b"-Infinity", "NaN in a list": b"[1, NaN, [Infinity]]",
    "JSON 1e400": b"1e400", "JSON -1e400": b"-1e400", "JSON 1e-400": b"1e-400", "JSON -0": b"[-0, -0.0, -0e9]",
    "JSON 1e308": b"1e308", "JSON -1e308": b"-1e308", "JSON 1e999999999": b"1e999999999", "1e400 in a list": b"[[1, 1e400], [2, 3]]",
    "JSON million digits": b"9" * 10**6, "JSON 5000 digits": b"9" * 5000, "JSON 300 digits": b"9" * 300,
    "JSON million decimals": b"0." + b"7" * 10**6, "JSON huge exponent": b"1e" + b"9" * 5000, "JSON 2**63": b"9223372036854775808",
    "true": b"true", "false": b"false", "object": b"{}", "object of answers": b'{"value": 1, "correct": true}',
    "points": b'{"points": 99, "verdict": "correct"}', "class hint": b'{"__class__": "Report", "py/object": "os.system"}',
    "prototype": b'{"__proto__": {"correct": true}}', "list of true": b"[true, true, true]", "list of objects": b"[{}, {}, {}]",
    "list of nulls and true": b"[null, null, true]", "mixed": b'[1, "2", [3, null], {"4": 5}, true]',
    "uneven": b"[[1], [1, 2], []]", "empty lists": b"[[], [], [[]], 0]", "list in a number": b"[[[[[[[[[[7]]]]]]]]]]",
    "60 deep": nested(60), "61 deep": nested(61), "300 deep": nested(300), "900 objects deep": nested(300, "1", '{"a":', "}"),
    "wide": wide(1000).encode(), "100,000 entries": wide(100_000).encode(), "300,000 zeros": b"[" + b"0," * 300_000 + b"0]",
    "square of 600": f"[{', '.join([wide(200)] * 600)}]".encode(), "300,000 lists": b"[" + b"[]," * 300_000 + b"0]",
    "100,000 texts": b"[" + b'"x",' * 100_000 + b'"x"]', "100,000 sums": b"[" + b'"1+1",' * 100_000 + b'"1"]',
    "100,000 nulls": b"[" + b"null," * 100_000 + b"7]", "comb": nested(58, "1", "[0,", "]"), "broadcast": b"[[0.77]]",
    "broadcast column": b"[[0.77], [0.77], [0.77]]", "million letters in a list": b'["' + b"x" * 10**6 + b'"]',
    "list of towers": text(["9**9**9"] * 3), "list of nests": text(["(" * 5000] * 3), "list of nan": b'["nan", "inf", "NaN"]',
    "lists in texts": text(["[1, 2, 3]", "[[1]]", "{}"]), "escapes": b'"' + b"\\u0000" * 100_000 + b'"',
    "surrogates": b'"' + b"\\ud83d" * 100_000 + b'"', "pairs": b'"' + b"\\ud83d\\ude00" * 80_000 + b'"',
    "backslashes": b'"' + b"\\\\" * 500_000 + b'"', "quotes": b'"' + b'\\"' * 500_000 + b'"',
    "all ids": text(list("abcdefghijklmnoq")), "ids twice": text(["a", "a", "b", "b"]), "numbers as ids": b"[1, 2, 3, 4]",
    "500 ids": text(["a"] * 500), "long id": text(["a" * 10**5]), "big numbers as ids": b"[" + b"9" * 4000 + b"]",
}  # fmt: skip


def sizes() -> Iterator[tuple[str, bytes]]:
    """Shapes and depths just below, at and above what is read."""
    for depth in (7, 8, 9, 10, 59):
        yield f"list {depth} deep", nested(depth, "0.77")
        yield f"text {depth} deep", text("[" * depth + "0.77" + "]" * depth)
    for length in (199, 200, 201, 3999, 4000, 4001, 7999, 8000, 8001):
        yield f"text of {length}", text("7" * length)
        yield f"names of {length}", text(("v " * length)[:length])
    for count in (1999, 2000, 2001, 9999, 10_000, 10_001):
        yield f"list of {count}", wide(count).encode()
        yield f"text of {count} entries", text(f"[{','.join(['7'] * count)}]")


ANSWERS: dict[str, bytes] = {name: text(value) for name, value in TEXTS.items()} | VALUES | dict(sizes())
