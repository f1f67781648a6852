"""What an answer may be; one file a kind."""

from t1gen.answers import array, choice, expression, graph, number, order, table
from t1gen.answers.record import Kind, Reading, Unreadable, Verdict

KINDS: dict[str, Kind] = {m.KIND.name: m.KIND for m in (number, array, expression, graph, choice, order, table)}

__all__ = ["KINDS", "Kind", "Reading", "Unreadable", "Verdict"]
