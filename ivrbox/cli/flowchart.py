"""Pictures of flows: through Graphviz as SVG or PNG, and as Mermaid text for pages that draw themselves."""

from __future__ import annotations

import textwrap
from html import escape
from typing import TYPE_CHECKING

from ivrbox.flows.draw import Look

if TYPE_CHECKING:
    import graphviz

    from ivrbox.flows.draw import Arrow, Box, Drawing

FILLS = {
    Look.STEP: "#eef4fb",
    Look.SECRET: "#fdf3d7",
    Look.MESSAGE: "#fbe9ea",
    Look.FLOW: "#e9f5ec",
    Look.AWAY: "#f2f2f2",
    Look.END: "#f2f2f2",
}
EDGES = {
    Look.STEP: "#3b6ea5",
    Look.SECRET: "#b08a1e",
    Look.MESSAGE: "#b5484d",
    Look.FLOW: "#3d8b56",
    Look.AWAY: "#8a8a8a",
    Look.END: "#8a8a8a",
}
ERASES = "#c0392b"
WIDTH = 34
"""Characters a line in a box."""

FONT = "DejaVu Sans"


def as_graph(drawing: Drawing) -> graphviz.Digraph:
    """Lay a drawing out for Graphviz; `import graphviz` is the caller's risk, since it is an extra."""
    import graphviz  # noqa: PLC0415 - an extra: everything else works without it

    graph = graphviz.Digraph(drawing.name)
    graph.attr(rankdir="TB", nodesep="0.35", ranksep="0.5", fontname=FONT, bgcolor="white", pad="0.3")
    graph.attr("node", fontname=FONT, fontsize="11", shape="box", style="rounded,filled", margin="0.14,0.08")
    graph.attr("edge", fontname=FONT, fontsize="10", color="#555555", arrowsize="0.7")
    graph.node("call comes in", shape="plaintext", style="", label=f"<<b>{escape(drawing.name)}</b>>")
    graph.edge("call comes in", drawing.start)
    for box in drawing.boxes:
        graph.node(box.id, label=_label(box), fillcolor=FILLS[box.look], color=EDGES[box.look], **_shape(box))
    for arrow in drawing.arrows:
        graph.edge(arrow.origin, arrow.target, label=_arrow_label(arrow), **_stroke(arrow))
    return graph


def as_mermaid(drawing: Drawing) -> str:
    """Write a drawing as a Mermaid flow chart."""
    names = {box.id: f"n{number}" for number, box in enumerate(drawing.boxes)}
    lines = ["flowchart TD", f'  start(["{_mermaid(drawing.name)}"]) --> {names[drawing.start]}']
    for box in drawing.boxes:
        words = "<br/>".join([f"<b>{_mermaid(box.title)}</b>", *(_mermaid(line) for line in box.lines)])
        opening, closing = {Look.FLOW: ("[[", "]]"), Look.END: ("((", "))")}.get(box.look, ("[", "]"))
        lines.append(f'  {names[box.id]}{opening}"{words}"{closing}')
    for arrow in drawing.arrows:
        words = _mermaid(_words(arrow))
        line = "-.->" if arrow.is_failure else "-->"
        label = f'|"{words}"|' if words else ""
        lines.append(f"  {names[arrow.origin]} {line}{label} {names[arrow.target]}")
    return "\n".join(lines) + "\n"


def _label(box: Box) -> str:
    """An HTML-like label: the title in bold, the small print wrapped below it."""
    rows = [f"<b>{escape(box.title)}</b>"]
    rows += [f'<font point-size="9">{escape(row)}</font>' for line in box.lines for row in textwrap.wrap(line, WIDTH)]
    return f"<{'<br/>'.join(rows)}>"


def _shape(box: Box) -> dict[str, str]:
    match box.look:
        case Look.FLOW:
            return {"shape": "folder", "style": "filled"}
        case Look.AWAY | Look.END:
            return {"shape": "box", "style": "rounded,filled,dashed"}
        case _:
            return {}


def _stroke(arrow: Arrow) -> dict[str, str]:
    if arrow.destroys:
        return {"color": ERASES, "fontcolor": ERASES, "penwidth": "1.6"}
    return {"style": "dashed", "fontcolor": "#777777"} if arrow.is_failure else {}


def _arrow_label(arrow: Arrow) -> str:
    words = _words(arrow)
    return f"  {words}  " if words else ""


def _words(arrow: Arrow) -> str:
    words = ", ".join(arrow.labels)
    return f"{words} ✕ recording".strip() if arrow.destroys else words


def _mermaid(words: str) -> str:
    return words.replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
