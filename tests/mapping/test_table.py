"""docs/language.md is what the tables say; T1GEN_RENEW=1 writes it anew."""

import os
from pathlib import Path

import numpy as np

from t1gen.mapping.ops import OPS
from t1gen.mapping.ops.definitions import DEFINITIONS
from t1gen.mapping.reader import GENERATORS
from t1gen.mapping.table import markdown, source

PAGE = Path(__file__).parents[2] / "docs" / "language.md"


def test_the_page_is_what_the_tables_say():
    if os.environ.get("T1GEN_RENEW"):
        PAGE.write_text(markdown(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == markdown(), "renew it with T1GEN_RENEW=1"


def test_every_name_is_on_the_page_and_every_numpy_page_exists():
    page = markdown()
    own = {name for name, op in OPS.items() if not op.custom}
    for name in {*own, *DEFINITIONS, *GENERATORS}:
        assert f"`{name}(" in page or OPS[name].infix, name
    for name in (source(n) for n in {*own, *DEFINITIONS, *GENERATORS}):
        if name.startswith("numpy."):
            place = np
            for part in name.split(".")[1:]:
                place = getattr(place, part)


def test_tables_have_equal_columns():
    for table in markdown().split("\n\n"):
        if table.startswith("| "):
            assert len({line.replace("\\|", "").count("|") for line in table.splitlines()}) == 1
