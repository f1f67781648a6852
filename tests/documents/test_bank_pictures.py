"""The pictures of every problem of every bank: nothing on anything else, and large enough to read."""

import pytest
from test_layout import check_clear

from t1gen import files
from t1gen.banks import load, written
from t1gen.documents.blocks import Graph
from t1gen.documents.rows import SMALLEST, pictures
from t1gen.exam import Maker, Plan
from t1gen.picture import empty, graph, worked_graph
from t1gen.problems.issued import issued, mapping_of
from t1gen.solution import values_of

PROBLEMS = written()
QUESTION, PROBLEM = 13.7, 17.0
"""How wide the lines of questions and of problems are."""


def drawn(name: str) -> files.Problem:
    bank, _, _ = name.partition(":")
    maker = Maker(Plan(load(bank).alone(PROBLEMS[name]), "pictures", "pictures"))
    [(_, key)] = maker.tests([files.Student("s", "")])
    assert key.sheet is not None
    return key.sheet.problems[0]


@pytest.mark.parametrize("name", PROBLEMS)
def test_pictures_are_clear(name: str) -> None:
    problem = drawn(name)
    if any("lambda" in text for text in problem.mapping):
        return
    mapping, solved = mapping_of(problem), issued(problem)
    worked = worked_graph("en", problem, solved, values_of(problem, solved))
    shown = [block for block in worked if isinstance(block, Graph)]
    assert len(shown) == 1
    for one, room in [(graph(mapping), QUESTION), (empty(mapping), PROBLEM), (shown[0], PROBLEM)]:
        check_clear(one)
        assert all(row.scale >= SMALLEST for row in pictures(one, room))
