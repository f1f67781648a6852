"""Pictures and tables in words and columns, for formats that cannot draw."""

from dataclasses import dataclass

from t1gen.documents.blocks import Edge, Graph, Math


@dataclass(frozen=True)
class Told:
    """A node by its number in the graph, where its arrows come from (number and edge), and its whole gradient."""

    name: str
    label: Math
    sources: tuple[tuple[str, Edge], ...]
    below: Math | None


def told(graph: Graph) -> tuple[Told, ...]:
    """The nodes of `graph`, numbered from 1 in their order."""
    names = {node.id: str(number) for number, node in enumerate(graph.nodes, 1)}
    return tuple(
        Told(
            names[node.id],
            node.label,
            tuple((names[edge.source], edge) for edge in graph.edges if edge.target == node.id),
            node.below,
        )
        for node in graph.nodes
    )


def arrows(graph: Graph) -> str:
    """The picture in one line of words: `w → @, x → @ (z = 2), @ → L`."""
    names = {node.id: node.label.plain for node in graph.nodes}
    carried = ((edge, "; ".join(part.plain for part in (edge.above, edge.below) if part)) for edge in graph.edges)
    return ", ".join(
        f"{names[edge.source]} \u2192 {names[edge.target]}{f' ({text})' if text else ''}" for edge, text in carried
    )


def columns(rows: list[list[str]]) -> list[str]:
    """The lines of a table: `rows` with every cell as wide as its column."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = ([cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows)
    return ["  ".join(row).rstrip() for row in padded]
