"""Problems read back from an exam or a key."""

from functools import lru_cache

from t1gen.errors import FileError
from t1gen.mapping.custom import declare_all
from t1gen.mapping.nested import flat, shape_of
from t1gen.mapping.program import Program, Shape
from t1gen.mapping.reader import inputs, read
from t1gen.records import Problem


def mapping_of(problem: Problem) -> Program:
    """The mapping of an issued problem, its bank's own operations declared; read once for all with the same text."""
    for name, value in problem.given.items():
        if not all(isinstance(v, (int, float)) for v in flat(value)):
            raise FileError(f"the given '{name}' is no array of numbers", where=problem.id)
    declare_all(problem.definitions)
    shapes = tuple((n, shape_of(v)) for n, v in problem.given.items())
    return _read("\n".join(problem.mapping), shapes)


@lru_cache(maxsize=1024)
def _read(mapping: str, shapes: tuple[tuple[str, Shape], ...]) -> Program:
    return read(mapping, dict(shapes), lambdas=True) if mapping.strip() else inputs(dict(shapes))
