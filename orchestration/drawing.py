"""Two kinds of picture as SVG, drawn without a library: boxes around hubs, and a graph in layers. Pure.

What is drawn is `diagrams.py`'s business. The same content gives the same text, so that a picture can be compared.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

# Okabe and Ito: told apart by people who see few colours, too.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
INK, FAINT, PAPER, HEAD = "#1b2733", "#66727e", "#ffffff", "#eef2f6"

_ROW, _BOX, _BUS, _MARGIN = 18, 232, 14, 24
_LETTER = 6.7
"""Width of a letter of 12 pixels, about."""


@dataclass(frozen=True, slots=True)
class Box:
    """A table: its name and the columns that matter."""

    name: str
    rows: Sequence[tuple[str, str]]
    """Column and a word beside it, such as « key »."""


@dataclass(frozen=True, slots=True)
class Line:
    """From a column to the column of a hub."""

    box: str
    column: str
    hub: str
    hub_column: str


@dataclass(frozen=True, slots=True)
class Node:
    """One thing in a layer."""

    id: str
    label: str
    kind: str
    layer: int


@dataclass(frozen=True, slots=True)
class Graph:
    """Things and what each is made of, as pairs of ids from left to right."""

    nodes: Sequence[Node]
    edges: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Place:
    box: Box
    x: float
    y: float

    @property
    def height(self) -> float:
        return _ROW * (len(self.box.rows) + 1) + 10

    def row_y(self, column: str) -> float:
        """The middle of a column's row."""
        index = next(number for number, (name, _) in enumerate(self.box.rows) if name == column)
        return self.y + _ROW * (index + 1.5) + 4


def boxes_svg(boxes: Sequence[Box], lines: Sequence[Line], *, hubs: Sequence[str], title: str) -> str:
    """Hubs in the middle, the others left and right; for each hub one vertical line a side, which all lines meet."""
    by_name = {box.name: box for box in boxes}
    lanes = [hub for hub in hubs if any(line.hub == hub for line in lines)]
    between = _BUS * (len(lanes) + 3)
    columns = [_MARGIN, _MARGIN + _BOX + between, _MARGIN + 2 * (_BOX + between)]
    others = [box for box in boxes if box.name not in hubs]
    left, right = _halves(others)
    placed = {
        **_stacked(left, columns[0]),
        **_stacked([by_name[hub] for hub in hubs if hub in by_name], columns[1], gap=64),
        **_stacked(right, columns[2]),
    }
    height = max(place.y + place.height for place in placed.values()) + _MARGIN
    width = columns[2] + _BOX + _MARGIN
    parts: list[str] = []
    for number, hub in enumerate(lanes):
        parts += _bus(hub, number, [line for line in lines if line.hub == hub], placed, columns, COLOURS[number])
    parts += [part for place in placed.values() for part in _box(place)]
    return _svg(parts, width=width, height=height, title=title)


def _halves(boxes: Sequence[Box]) -> tuple[list[Box], list[Box]]:
    """Two stacks of about the same height, in the same order."""
    total, stood = sum(len(box.rows) + 3 for box in boxes), 0
    left: list[Box] = []
    right: list[Box] = []
    for box in boxes:
        (left if stood < total / 2 else right).append(box)
        stood += len(box.rows) + 3
    return left, right


def _stacked(boxes: Sequence[Box], x: float, *, gap: float = 16) -> dict[str, _Place]:
    placed, y = {}, 54.0
    for box in boxes:
        placed[box.name] = _Place(box, x, y)
        y += placed[box.name].height + gap
    return placed


def _bus(
    hub: str, number: int, lines: Sequence[Line], placed: Mapping[str, _Place], columns: Sequence[float], colour: str
) -> Iterator[str]:
    """A hub's lines: level from each box to the bus of its side, along it, and level to the hub."""
    stroke = f'stroke="{colour}" stroke-width="1.6" fill="none"'
    hub_y = placed[hub].row_y(lines[0].hub_column)
    hub_x = placed[hub].x
    sides = {
        "left": (columns[0] + _BOX + _BUS * (number + 2), hub_x),
        "right": (columns[2] - _BUS * (number + 2), hub_x + _BOX),
    }
    for side, (bus_x, hub_edge) in sides.items():
        ys = [hub_y]
        for line in lines:
            place = placed[line.box]
            is_hub = place.x == hub_x
            if (side == "right") != (place.x == columns[2]):
                continue
            y = place.row_y(line.column)
            edge = place.x if is_hub or side == "right" else place.x + _BOX
            foot = -7 if edge > bus_x else 7
            yield f'<path d="M{edge} {y}H{bus_x}" {stroke}/>'
            yield f'<path d="M{edge} {y - 4}L{edge + foot} {y}L{edge} {y + 4}" {stroke}/>'
            yield f'<circle cx="{bus_x}" cy="{y}" r="2.4" fill="{colour}"/>'
            ys.append(y)
        if len(ys) > 1:
            yield f'<path d="M{bus_x} {min(ys)}V{max(ys)}M{bus_x} {hub_y}H{hub_edge}" {stroke}/>'
            one_x = hub_edge + (-7 if side == "left" else 7)
            yield f'<path d="M{one_x} {hub_y - 4}V{hub_y + 4}" {stroke}/>'


def _box(place: _Place) -> Iterator[str]:
    x, y, box = place.x, place.y, place.box
    yield f'<rect x="{x}" y="{y}" width="{_BOX}" height="{place.height}" rx="4" fill="{PAPER}" stroke="{INK}"/>'
    yield f'<path d="M{x} {y + _ROW + 4}h{_BOX}" stroke="{INK}"/>'
    yield _text(x + 8, y + 15, box.name, weight="bold")
    for column, word in box.rows:
        row_y = place.row_y(column) + 4
        yield _text(x + 8, row_y, column)
        if word:
            yield _text(x + _BOX - 8, row_y, word, colour=FAINT, anchor="end")


def layers_svg(graph: Graph, *, headings: Mapping[str, str], title: str) -> str:
    """Layers from left to right, a curve for each edge; within a layer, things stand near what they are made of."""
    columns = _ordered(graph)
    widths = [max(len(node.label) for node in column) * _LETTER + 16 for column in columns]
    tallest = max(len(column) for column in columns)
    places: dict[str, tuple[float, float, float]] = {}
    x = float(_MARGIN)
    parts: list[str] = []
    told: set[str] = set()
    for column, width in zip(columns, widths, strict=True):
        step = (tallest * 22) / (len(column) + 1) if len(column) < tallest else 22
        top = 60 + (tallest * 22 - step * (len(column) - 1)) / 2 - 11
        heading = next((node.kind for node in column if node.kind in headings and node.kind not in told), None)
        if heading is not None:
            told.add(heading)
            parts.append(_text(x, 46, headings[heading], colour=FAINT, weight="bold"))
        for number, node in enumerate(column):
            places[node.id] = (x, top + step * number, width)
        x += width + 96
    kinds = sorted({node.kind for node in graph.nodes})
    colour_of = {node.id: COLOURS[kinds.index(node.kind) % len(COLOURS)] for node in graph.nodes}
    for start, end in graph.edges:
        (from_x, from_y, width), (to_x, to_y, _) = places[start], places[end]
        x1, x2, bend = from_x + width, to_x, max(40.0, (to_x - from_x - width) / 2)
        curve = f"M{x1:.1f} {from_y:.1f}C{x1 + bend:.1f} {from_y:.1f} {x2 - bend:.1f} {to_y:.1f} {x2:.1f} {to_y:.1f}"
        parts.append(f'<path d="{curve}" stroke="{colour_of[start]}" stroke-opacity=".45" fill="none"/>')
    for node in graph.nodes:
        left, y, width = places[node.id]
        parts.append(
            f'<rect x="{left:.1f}" y="{y - 9:.1f}" width="{width:.1f}" height="18" rx="4" fill="{HEAD}" '
            f'stroke="{colour_of[node.id]}"/>'
        )
        parts.append(_text(left + 8, y + 4, node.label))
    return _svg(parts, width=x - 96 + _MARGIN, height=60 + tallest * 22 + _MARGIN, title=title)


def _ordered(graph: Graph) -> list[list[Node]]:
    """The layers, each ordered by the mean place of its neighbours, swept to and fro until few lines cross."""
    layers = sorted({node.layer for node in graph.nodes})
    columns = [sorted((n for n in graph.nodes if n.layer == layer), key=lambda n: n.label) for layer in layers]
    parents: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
    children: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
    for start, end in graph.edges:
        parents[end].append(start)
        children[start].append(end)
    for sweep in range(8):
        near = parents if sweep % 2 == 0 else children
        place = {node.id: number / len(column) for column in columns for number, node in enumerate(column)}
        for column in columns if sweep % 2 == 0 else reversed(columns):
            means = {
                node.id: sum(place[other] for other in near[node.id]) / len(near[node.id])
                if near[node.id]
                else place[node.id]
                for node in column
            }
            column.sort(key=lambda node: (means[node.id], node.label))
            place |= {node.id: number / len(column) for number, node in enumerate(column)}
    return columns


def _text(x: float, y: float, words: str, *, colour: str = INK, weight: str = "normal", anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-weight="{weight}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def _svg(parts: Sequence[str], *, width: float, height: float, title: str) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" font-family="Helvetica, Arial, sans-serif" font-size="12">'
    )
    frame = [f"<title>{escape(title)}</title>", f'<rect width="100%" height="100%" fill="{PAPER}"/>']
    return (
        "\n".join([head, *frame, f'<g><text x="{_MARGIN}" y="28" font-size="17">{escape(title)}</text></g>', *parts])
        + "\n</svg>\n"
    )
